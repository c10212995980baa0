"""Members of the gradient that no slope at the point shows: limits of gradients at points nearby.

Where several values tie, as in the median of three equal numbers, moving one of them alone may change nothing, to either side.
Beside the point, where the values are apart, the function has a gradient, which takes one of them. What such gradients tend to,
and what lies between them, are members of the gradient (Clarke, Optimization and Nonsmooth Analysis, 1983, theorem 2.5.1).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain

import numpy as np

from gradwitness.arrays import Array
from gradwitness.derivative.line import DEVIATIONS
from gradwitness.judging.black_box import BlackBox
from gradwitness.judging.directions import Direction
from gradwitness.judging.locate import Wrong
from gradwitness.judging.measured import Measured
from gradwitness.judging.outputs import FLOAT32
from gradwitness.judging.ties import SHIFTS, Moves, Ties

FAR, NEAR, STEP = 2.0**-14, 2.0**-20, 2.0**-25
"""How far from the point, twice, and the steps of slopes there: shares of an element's own size."""
SHORT = 4.0
"""By how much steps are shorter than the distance between two values that tied."""
DRAWS = 6
"""Random moves of everything."""
WINNERS = 8
"""Elements of a large tie that are taken to decide in an order, at most: a quantile takes two, and three of them six."""
LOOKED = 16
"""Elements that are looked at: of more those with the largest and the smallest claims."""
SPANS = 0.5
"""Of the range of slopes, where the points come nearer by a factor of 64: at a kink it stays, elsewhere it falls likewise."""
CLEAR = 16.0
"""By how much noise in slopes nearby must be smaller than what a claim is off."""
REST = 16.0
"""By how much what is left of a bend at the nearer points is smaller than what was lost on the way to them: 63, less noise."""


class Nearby:
    """Slopes beside a point, by differences of forward alone.

    jumps   whether forward jumps at the point: then slopes on the other side of a jump are no limits
    """

    def __init__(self, box: BlackBox, scales: list[Array], rng: np.random.Generator, jumps: bool = False) -> None:
        self._jumps = jumps
        self.box, self.point, self.scales = box, box.point, scales
        self.ties = Ties(self.point.arrays, scales, rng, FAR)
        self._step = min(STEP, NEAR / SHORT / self.ties.most)
        self._known: dict[tuple[int, float, bytes], list[int]] = {}
        self._moves: list[Moves] = [
            *self.ties.apart(),
            *([scale * rng.uniform(-1, 1, size=scale.shape) for scale in scales] for _ in range(DRAWS)),
        ]

    def are_members(self, wrong: list[Wrong]) -> bool:
        """Whether the claims for these elements lie between slopes nearby, where those of the point itself do not; and for those
        that tie with them.
        """
        coarse = self.box.noise.grain > FLOAT32
        if coarse or not wrong or not all(self._is_member(element) for element in self._extremes(wrong)):
            return False
        return self._fits(self.ties.together(map(self._number, wrong)))

    def _extremes(self, wrong: list[Wrong]) -> Iterator[Wrong]:
        """The elements themselves; of many, and of what ties with them, those with the largest and the smallest claims."""
        ordered = sorted(wrong, key=self._claim)
        chosen = ordered if len(wrong) <= LOOKED else ordered[: LOOKED // 2] + ordered[-LOOKED // 2 :]
        yield from chosen
        known = {(element.which, element.index) for element in wrong}
        for which, group in dict.fromkeys((one.which, self.ties.group[self._number(one)]) for one in chosen):
            tied = np.argwhere(self.ties.split(self.ties.group)[which] == group)
            claims = self.box.claims[which][tuple(tied.T)]
            for number in (int(np.argmin(claims)), int(np.argmax(claims))):
                index = tuple(int(i) for i in tied[number])
                found = self.box.along(self._one(which, index))
                if (which, index) not in known and not found.agrees:
                    size = np.longdouble(self.scales[which][index])
                    truth = np.longdouble(claims[number]) + found.excess / size
                    yield Wrong(which, index, truth, found.room / size)

    def _claim(self, element: Wrong) -> float:
        return float(self.box.claims[element.which][element.index])

    def _one(self, which: int, index: tuple[int, ...]) -> Direction:
        parts = [np.zeros_like(scale) for scale in self.scales]
        parts[which][index] = self.scales[which][index]
        return Direction(tuple(parts), "one element")

    def _promoted(self, element: Wrong) -> Iterator[list[Array]]:
        """Moves in which an element of a large tie has a rank that decides, in an order up and in one down."""
        number = self._number(element)
        if self.ties.count[number] <= SHIFTS:
            return
        reached = self._reached(element)
        for sign in (1.0, -1.0):
            key = int(self.ties.group[number]), sign, reached.tobytes()
            if key not in self._known:
                self._known[key] = list(self._winners(key[0], sign, reached))
            for winner in self._known[key]:
                place = self.ties.place.copy()
                place[[number, winner]] = place[[winner, number]]
                yield self.ties.ranked(sign, place)

    def _reached(self, element: Wrong) -> Array:
        """The outputs that an element can reach: where nothing ties, they change when it becomes the largest or the smallest."""
        arrays = self.point.moved(FAR, self.ties.ranked(1.0, self.ties.place))
        there, own = self.point.at(arrays), arrays[element.which]
        low, high = np.min(own), np.max(own)
        found = np.zeros(there.shape, bool)
        for value in (2 * low - high, 2 * high - low):
            other = [np.array(array) for array in arrays]
            other[element.which][element.index] = value
            found |= self.point.at(other) != there
        return found

    def _winners(self, group: int, sign: float, reached: Array) -> Iterator[int]:
        """The elements of a tie with which some outputs change most in an order, by halving the tie."""
        order = self.ties.ranked(sign, self.ties.place)
        left = np.flatnonzero(self.ties.group == group)
        there = self.point.at(self.point.moved(NEAR, order))

        def change(numbers: Array) -> float:
            step = np.zeros(len(self.ties.group))
            step[numbers] = self._step / NEAR
            parts = [part + more for part, more in zip(order, self.ties.shaped(step), strict=True)]
            changes = np.abs((self.point.at(self.point.moved(NEAR, parts)) - there) * self.point.weights)
            return float(changes.sum(where=reached))

        for _ in range(WINNERS):
            if not len(left) or not change(left):
                return
            block = left
            while len(block) > 1:
                block = max(np.array_split(block, 2), key=change)
            yield int(block[0])
            left = left[left != block[0]]

    def _number(self, element: Wrong) -> int:
        """Where an element stands in the row of all arrays."""
        before = sum(scale.size for scale in self.scales[: element.which])
        return before + int(np.ravel_multi_index(element.index, self.scales[element.which].shape))

    def _is_member(self, element: Wrong) -> bool:
        claim = self._claim(element)
        off, bar = abs(claim - float(element.truth)), self._bar(element)
        if not bar * CLEAR <= off:
            return False
        direction = self._one(element.which, element.index)
        size = float(direction.parts[element.which][element.index])
        moves = chain(self._promoted(element), self._moves)
        return self._lies_between(direction, claim * size, off * size, bar * size, moves)

    def is_limit(self, one: Measured) -> bool:
        """Whether a claim that is not between the slopes of both sides of a kink along a direction is between slopes nearby.

        Where what ties is the largest of some values and the smallest of others, as a median of an even number has it, one side
        of the kink hides the other.
        """
        bar = self._room(one)
        off = float(abs(one.excess))
        if self.box.noise.grain > FLOAT32 or one.half == 0 or not bar <= off:
            return False
        moves = chain(self.ties.along(one.direction), self._moves)
        between = self._lies_between(one.direction, float(one.claimed), off, bar, moves)
        return between and self._fits(self.ties.together([]))

    def fits(self, one: Measured) -> bool:
        """Whether a claim along a direction lies between the slopes of both sides, or between slopes nearby."""
        return one.agrees or self._reaches(one)

    def _fits(self, directions: Iterable[Direction]) -> bool:
        """Whether the claims lie between the slopes of both sides, or between slopes nearby, along directions.

        A sum of sorted values, some with a minus, bends up and down: members may lie beyond the slopes.
        """
        return all(map(self.fits, map(self.box.along, directions)))

    def _reaches(self, one: Measured) -> bool:
        """Whether a claim along a direction lies between slopes nearby."""
        off, bar = float(abs(one.excess)), self._room(one)
        moves = chain(self.ties.along(one.direction), self._moves)
        return not self._jumps and bool(bar <= off) and self._lies_between(one.direction, float(one.claimed), off, bar, moves)

    def _room(self, one: Measured) -> float:
        """What rounding may do to a claim along a direction and to slopes nearby."""
        rounded = [np.abs(claim * array) for claim, array in zip(self.box.claims, self.point.arrays, strict=True)]
        way = float(np.finfo(self.point.dtype).eps) * sum(float(part.sum()) for part in rounded)
        return float(self.box.slack(one.direction) + (DEVIATIONS * self.box.noise.together + way) / self._step)

    def _lies_between(self, direction: Direction, claim: float, off: float, bar: float, moves: Iterable[list[Array]]) -> bool:
        """Whether a claimed slope along a direction lies between those at points nearby, at either distance.

        off, bar   by how much it misses the slope at the point, and what rounding may do to it
        """
        ranges, used, low, high = [], [], np.inf, -np.inf
        for move in moves:
            slope = self._slope(direction, FAR, move)
            low, high = min(low, slope), max(high, slope)
            used.append(move)
            if low <= claim <= high and high - low >= SPANS * off:
                break
        ranges.append((low, high))
        slopes = [self._slope(direction, NEAR, move) for move in used] if high - low >= SPANS * off else []
        if not slopes or not max(slopes) - min(slopes) >= SPANS * off:
            return False
        far_low, far_high, low, high = low, high, min(slopes), max(slopes)
        room = max(abs(far_low - low), abs(far_high - high)) / REST + bar
        spans = high - low >= SPANS * (far_high - far_low)
        return bool(spans and low - room <= claim <= high + room)

    def _bar(self, element: Wrong) -> float:
        """What rounding may do to a claim and to a slope nearby. The error bar at the point has half the kink in it."""
        size = self.scales[element.which][element.index]
        slack = self.box.slack(self._one(element.which, element.index))
        return float((slack + DEVIATIONS * self.box.noise.together / self._step) / size)

    def _slope(self, direction: Direction, distance: float, move: list[Array]) -> float:
        """The slope along a direction at a point nearby; nan where it is none."""
        before, after = (
            self.point.moved(
                distance,
                [there + sign * self._step / distance * part for there, part in zip(move, direction.parts, strict=True)],
            )
            for sign in (-1, 1)
        )
        gone = [np.asarray(end - start, np.longdouble) for start, end in zip(before, after, strict=True)]
        share = direction.of(gone) / direction.of(direction.parts)
        change = ((self.point.at(after) - self.point.at(before)) * self.point.weights).sum()
        return float(change / share)
