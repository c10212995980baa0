"""Members of the gradient that no slope at the point shows: limits of gradients at points nearby.

Where several values tie, as in the median of three equal numbers, moving one of them alone may change nothing, to either side.
Beside the point, where the values are apart, the function has a gradient, which takes one of them. What such gradients tend to,
and what lies between them, are members of the gradient (Clarke, Optimization and Nonsmooth Analysis, 1983, theorem 2.5.1).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gradwitness.arrays import Array
from gradwitness.derivative.line import DEVIATIONS
from gradwitness.judging.black_box import BlackBox
from gradwitness.judging.directions import Direction
from gradwitness.judging.locate import Wrong
from gradwitness.judging.outputs import FLOAT32

FAR, NEAR, STEP = 2.0**-14, 2.0**-20, 2.0**-25
"""How far from the point, twice, and the steps of slopes there: shares of an element's own size."""
SHIFTS, DRAWS = 6, 6
"""Orders of the values that tie, in each direction, and random moves of everything."""
LOOKED = 16
"""Elements that are looked at."""
SPANS = 0.5
"""Of the range of slopes, where the points come nearer by a factor of 64: at a kink it stays, elsewhere it falls likewise."""
CLEAR = 16.0
"""By how much noise in slopes nearby must be smaller than what a claim is off."""
REST = 16.0
"""By how much what is left of a bend at the nearer points is smaller than what was lost on the way to them: 63, less noise."""


class Nearby:
    """Slopes beside a point, by differences of forward alone."""

    def __init__(self, box: BlackBox, scales: list[Array], rng: np.random.Generator) -> None:
        self.box, self.point, self.scales, self.rng = box, box.point, scales, rng
        self._moves = list(self._orders()) + [
            [scale * rng.uniform(-1, 1, size=scale.shape) for scale in scales] for _ in range(DRAWS)
        ]

    def are_members(self, wrong: list[Wrong]) -> bool:
        """Whether the claims for all of these elements lie between slopes nearby, where those of the point itself do not."""
        coarse = self.box.noise.grain > FLOAT32
        if coarse or not 0 < len(wrong) <= LOOKED or not all(self._is_member(element) for element in wrong):
            return False
        return all(self.box.along(direction).agrees for direction in self._together(wrong))

    def _together(self, wrong: list[Wrong]) -> Iterator[Direction]:
        """Directions that move what ties together, in all arrays: each may be one winner of a tie, and all of them none.

        One for each value of these elements, and one for everything.
        """
        values, which = np.unique(np.concatenate([np.ravel(array) for array in self.point.arrays]), return_inverse=True)
        sizes = np.concatenate([np.ravel(scale) for scale in self.scales])
        largest = np.zeros(len(values), sizes.dtype)
        np.maximum.at(largest, np.ravel(which), sizes)
        moves = (largest * self.rng.choice([-1.0, 1.0], size=len(values)) * self.rng.uniform(0.5, 1, size=len(values)))[which]
        moved = np.where(sizes > 0, np.ravel(moves), 0)
        everything = self._shaped(moved, [np.ones_like(scale) for scale in self.scales])
        yield Direction(tuple(everything), "all elements")
        for value in dict.fromkeys(self.point.arrays[element.which][element.index] for element in wrong):
            parts = [np.where(array == value, part, 0) for array, part in zip(self.point.arrays, everything, strict=True)]
            yield Direction(tuple(parts), "what ties")

    def _orders(self) -> Iterator[list[Array]]:
        """Moves that bring equal values apart: each of them comes to each rank, up and down."""
        values = np.concatenate([np.ravel(array) for array in self.point.arrays])
        _, group = np.unique(values, return_inverse=True)
        group = np.ravel(group)
        count = np.bincount(group)[group]
        place = np.zeros(len(values), np.int64)
        order = np.argsort(group, kind="stable")
        first = np.flatnonzero(np.r_[True, np.diff(group[order]) != 0]) if len(order) else np.zeros(0, np.int64)
        place[order] = np.arange(len(order)) - np.repeat(first, np.diff(np.r_[first, len(order)]))
        most = int(count.max(initial=1))
        for shift in range(min(most, SHIFTS) if most > 1 else 0):
            ranks = np.where(count > 1, 2 * ((place + shift) % count + 0.5) / count - 1, 0)
            for sign in (1.0, -1.0):
                yield self._shaped(sign * ranks, self.scales)

    def _shaped(self, row: Array, scales: list[Array]) -> list[Array]:
        """Shares of scales, of all arrays in one row, in the shapes of the arrays."""
        rows = np.split(row, np.cumsum([array.size for array in self.point.arrays])[:-1])
        return [scale * part.reshape(scale.shape) for part, scale in zip(rows, scales, strict=True)]

    def _is_member(self, element: Wrong) -> bool:
        claim = float(self.box.claims[element.which][element.index])
        off, bar = abs(claim - float(element.truth)), self._bar(element)
        if not bar * CLEAR <= off:
            return False
        ranges = []
        for distance in (FAR, NEAR):
            slopes = [self._slope(element, distance, move) for move in self._moves]
            low, high = min(slopes), max(slopes)
            if not high - low >= SPANS * off:
                return False
            ranges.append((low, high))
        (far_low, far_high), (low, high) = ranges
        room = max(abs(far_low - low), abs(far_high - high)) / REST + bar
        spans = high - low >= SPANS * (far_high - far_low)
        return bool(spans and low - room <= claim <= high + room)

    def _bar(self, element: Wrong) -> float:
        """What rounding may do to a claim and to a slope nearby. The error bar at the point has half the kink in it."""
        size = self.scales[element.which][element.index]
        parts = [np.zeros_like(scale) for scale in self.scales]
        parts[element.which][element.index] = size
        return float(
            (self.box.slack(Direction(tuple(parts), "one element")) + DEVIATIONS * self.box.noise.together / STEP) / size
        )

    def _slope(self, element: Wrong, distance: float, move: list[Array]) -> float:
        """The slope along one element at a point nearby; nan where it is none."""
        ends = []
        for sign in (-1, 1):
            parts = [np.array(part) for part in move]
            parts[element.which][element.index] += sign * STEP / distance * self.scales[element.which][element.index]
            arrays = self.point.moved(distance, parts)
            ends.append((arrays[element.which][element.index], self.point.at(arrays)))
        (before, below), (after, above) = ends
        return float(((above - below) * self.point.weights).sum() / np.longdouble(after - before))
