"""The numerical derivative of a function that can only be called: noise by difference tables, slopes along directions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from gradwitness.arrays import Array
from gradwitness.derivative.ladder import RUNGS
from gradwitness.derivative.line import Line
from gradwitness.derivative.slope import Slope, quick, slope
from gradwitness.judging.directions import Direction
from gradwitness.judging.folds import Folds
from gradwitness.judging.inner_product import inner_product
from gradwitness.judging.measured import Measured
from gradwitness.judging.outputs import FIRST_STEP, FLOAT32, STILL, Noise
from gradwitness.judging.point import Point
from gradwitness.verdict import K

ENOUGH = 2.0**-3
"""Of the slack: a smaller error of the numerical derivative would narrow what is allowed by less than this. It costs steps."""
CLEAR = 2.0**13
"""Units of the dtype's eps, of the largest contribution of an element: noise below that asks for no longer steps. It decides how
many steps are made and how much is seen, not what is right: the bars come from the noise."""
WIDEST = float(np.finfo(np.longdouble).eps)
"""Of the dtype in which contributions are summed."""
COARSER = 16.0
"""Where a dtype coarser than float32 is inside, few steps lie between its noise and the bends of the function: extrapolation has
little to compare with. Bars are wider by this factor. Measured with casts to float16 in the functions of trust/user_code."""
FAR = 1.0
"""Of an element's own size: a step beyond that may meet more noise than there is at the point, and it is measured there."""
GROWN = 64.0
"""Times the noise at the point: what noise would be a step away if it were in proportion to the outputs. It is measured there."""
LOOKS = 2
"""Times that noise is measured somewhere else."""
HIDES = 64.0
"""Times half of what the slopes of both sides differ by, where no sum shows a kink: a claim that is further off is no member.
Eigenvalues that coincide, and ties, have members beyond the slopes of both sides."""
LEVELS = (2, 3, 4, 6)
POWERS = 20
CLEARLY = 16.0
"""How measurements of parts are planned: numbers of halvings, how much smaller than the reach their first step may be, and by how
much their error must be smaller than what disagrees."""
TIGHT, DETOUR, ONE = 4.0, 6.0, 12.0
"""Units of spread that are allowed along balanced directions, of many elements, to a backward that keeps the wide dtype, and to
one that rounds on its way; and to both of them for one element, falling to the others with the root of their number.

Measured with the functions of trust/user_code at 24 draws: right gradients are off by 0.27 of that at the most in 1,200
measurements whose slack is larger than the error of the slope; in other directions, which are allowed K units, by 0.18. What is
off by more is looked at a second time, with the rounding of backward measured."""


class BlackBox:
    """Slopes of F = <cotangent, forward> at a point, along directions, less what the claimed gradient explains.

    claims, spreads   the claimed gradients, and what rounding may do to each element, as standard deviations
    detour            whether backward rounds to float64 on its way
    along             the direction along which the noise of each output is measured
    """

    def __init__(
        self, point: Point, claims: Sequence[Array], spreads: Sequence[Array], along: Direction, detour: bool = True
    ) -> None:
        self.point, self.claims, self.spreads, self.detour = point, list(claims), list(spreads), detour
        self._eps = float(np.finfo(point.dtype).eps)
        self._narrow = (
            point.function.keeps_dtype and point.function.eps > self._eps
        )  # inputs are rounded to less than the point has
        self.noise = Noise(point)
        self.noise.measure(along)
        if self.noise.grain > FLOAT32:  # backward may compute anew, and otherwise, what forward has rounded so coarsely
            self.spreads = [
                np.hypot(spread, self.noise.grain * np.max(np.abs(claim), initial=0))
                for spread, claim in zip(self.spreads, self.claims, strict=True)
            ]
        point.noise = self.noise.together
        self.reach = FIRST_STEP
        self._looks = 0
        self._last: tuple[Direction, dict[float, Array]] = along, {0.0: point.flat}

    def outputs(self, direction: Direction) -> dict[float, Array]:
        """What forward returned along a direction so far, by step; remembered for the last direction that was asked for."""
        if self._last[0] is not direction:
            self._last = direction, {0.0: self.point.flat}
        return self._last[1]

    def at(self, direction: Direction, step: float) -> Array:
        """What forward returns a step along a direction, as one row; asked for once."""
        outs = self.outputs(direction)
        if step not in outs:
            outs[step] = self.point.at(self.point.moved(step, direction.parts))
        return outs[step]

    def line(self, direction: Direction, reached: Array | None = None) -> Line:
        """F along a direction, less its value at the point and what the claimed gradient makes of the way that was really gone.

        reached   the outputs that the direction can reach, as a mask; all if not given. The others add no noise
        """
        flat, weights = self.point.flat, self.point.weights
        noises = self.noise.each * weights if reached is None else np.where(reached, self.noise.each * weights, 0)
        outs = self.outputs(direction)
        stuck: set[float] = set()  # steps below the last digit of every element: nothing is learned there
        sums: dict[float, float] = {}  # rounding of the sum of contributions, and of the way

        rounded = [
            float(np.max(np.abs(a[p != 0] / p[p != 0]), initial=0))
            for a, p in zip(self.point.arrays, direction.parts, strict=True)
        ]

        def missed(t: float, arrays: Sequence[Array]) -> float:
            """By how much the way differs from the one that was asked for, as a share of it: inputs are rounded, and a function
            of a framework may round them to a narrower dtype than that of the point.
            """
            gone = 0.0
            if self._narrow:
                each = zip(arrays, self.point.arrays, direction.parts, strict=True)
                shares = [np.abs((end - start)[p != 0] / (t * p[p != 0]) - 1) for end, start, p in each]
                gone = max((float(np.max(share, initial=0)) for share in shares), default=0.0)
            return max(gone, self._eps * max(rounded, default=0.0) / abs(t))

        def value(t: float) -> np.longdouble:
            arrays = self.point.moved(t, direction.parts)
            if t not in outs:
                outs[t] = self.point.at(arrays)
            if all(np.array_equal(moved, array) for moved, array in zip(arrays, self.point.arrays, strict=True)):
                stuck.add(t)
            explained, sums[t] = inner_product(self.claims, arrays, self.point.arrays)
            found = np.longdouble(((outs[t] - flat) * weights).sum() - explained)
            sums[t] = WIDEST / 8 * sums[t] + missed(t, arrays) * abs(float(found))
            return found

        def deviation(t: float) -> float:
            if t in stuck:
                return float("inf")
            size = np.abs(outs[t])
            grown = np.maximum(1, np.divide(size, self.noise.sizes, out=np.ones_like(size), where=self.noise.sizes != 0))
            least = np.where(noises == 0, 0, self._eps / 8 * size * weights)
            each = np.maximum(np.abs(noises) * grown, np.abs(least))
            return float(np.sqrt(np.sum(np.square(each))) + sums[t])

        return Line(value, deviation, lambda: all(bool((out == flat).all()) for out in outs.values()))

    def reached(self, direction: Direction) -> Array | None:
        """The outputs that small elements can reach: those that change when the elements get values beyond all of their array.

        The change that a small step makes may be lost in the rounding of an output; this one is not. None for a direction that
        moves the elements that matter most, and reaches everything.
        """
        reached = np.zeros(self.point.flat.shape, bool)
        largest = [np.abs(claim) == np.max(np.abs(claim), initial=0) for claim in self.claims]
        if any(part[most].any() for part, most in zip(direction.parts, largest, strict=True)):
            return None
        for end in (-1, 1):
            arrays = [np.where(part != 0, _beyond(a, end), a) for part, a in zip(direction.parts, self.point.arrays, strict=True)]
            reached |= self.point.at(arrays) != self.point.flat
        return reached & (self.noise.each * self.point.weights != 0) if reached.any() else None

    def along(
        self, direction: Direction, step: float | None = None, rungs: int = RUNGS, reached: Array | None = None
    ) -> Measured:
        """The derivative along a direction, against the claimed one. The first one finds the reach of all."""
        line, slack = self.line(direction, reached), self.slack(direction)
        largest = max((float(np.max(np.abs(p * c), initial=0)) for p, c in zip(direction.parts, self.claims, strict=True)))
        clear = CLEAR * self._eps * largest if largest > 0 and rungs == RUNGS else float("inf")
        found = slope(line, self.reach if step is None else step, float(slack) * ENOUGH, clear, rungs)
        elsewhere = found.reach > FAR or self._outgrows(direction, found.reach)
        if elsewhere and self._looks < LOOKS:
            self._looks += 1
            self.noise.measure(direction, (found.reach, -found.reach))
            return self.along(direction, step, rungs, reached)
        half = self._half(direction, found) if found.kind == "kink" else np.longdouble(0)
        claimed = direction.of(self.claims)
        if found.kind == "smooth" and abs(found.value) > found.error + slack:
            half = self._hidden(direction)
            if HIDES * half >= abs(found.value):
                found = replace(found, kind="kink")
            else:
                half = np.longdouble(0)  # steps of float64 inside, as of 1 + erf(x) near -1: no kink makes up for so much
        coarse = self.noise.grain > FLOAT32
        if self.noise.found and found.kind in ("jump", "undefined"):
            found = replace(found, kind="smooth")  # steps of a narrow dtype look like that; the error is infinite in any case
        elif coarse and (found.kind == "kink" or found.reach < STILL * self.noise.found):
            # steps of so coarse a dtype look like a kink, too; and between two of them the slope is not the one that is meant
            found = replace(found, kind="smooth", error=np.longdouble(np.inf))
        elif coarse:
            found = replace(found, error=COARSER * found.error)
            longer = found.reach > 2 * FIRST_STEP
            if longer and abs(found.value) > found.error >= abs(found.value + claimed):  # flat there, perhaps not at the point
                found = replace(found, error=np.longdouble(np.inf))
        elif self._has_ended(found, claimed, self.reach if step is None else step):
            found = replace(found, error=np.longdouble(np.inf))
        return Measured(direction, claimed, found.value, found.error, slack, found, half, line.still(), reached, line, rungs)

    def _outgrows(self, direction: Direction, step: float) -> bool:
        """Whether outputs are much larger a step away than where their noise was measured.

        What is left of x - mean(x) where all are equal is noise, and no measure of that of other values.
        """
        known = [np.abs(self.outputs(direction)[t]) for t in (step, -step) if t in self.outputs(direction)]
        noisy = self.noise.each * np.abs(self.point.weights)
        sizes = np.where(self.noise.sizes > 0, self.noise.sizes, np.inf)
        return any(bool((noisy * size / sizes).max(initial=0) > GROWN * self.noise.together) for size in known)

    def _has_ended(self, found: Slope, claimed: np.longdouble, step: float) -> bool:
        """Whether only steps beyond the suggested one show a slope, which is zero there, and not the claimed one.

        A function that saturates changes no more at long steps. Its slope at the point may be hidden by noise.
        """
        longer = found.kind in ("smooth", "kink") and found.reach > 2 * step
        return longer and bool(abs(found.value) > found.error and abs(found.value + claimed) <= found.error)

    def quickly(self, direction: Direction, step: float, levels: int = 2, reached: Array | None = None) -> Measured:
        """The same from two quotients or a few more, at steps that are known to be small against the bends of the function."""
        line = self.line(direction, reached)
        found = quick(line, step or FIRST_STEP * 2.0**-6, levels)
        half = self._folds(direction).between(found.reach, found.step)
        claimed, slack = direction.of(self.claims), self.slack(direction)
        return Measured(direction, claimed, found.value, found.error, slack, found, half, line.still(), reached)

    def plan(self, found: Measured) -> tuple[float, int]:
        """A first step and a number of halvings from which parts of a direction can be measured well enough.

        The cheapest whose error is small against what disagrees along the whole direction; 0 halvings if none is.
        """
        line = found.line or self.line(found.direction, found.reached)
        for levels in LEVELS:
            error, step = np.longdouble(np.inf), found.slope.reach
            for power in range(0, POWERS, 3):  # steps of the ladder are known
                tried = quick(line, found.slope.reach * 2.0**-power, levels)
                if tried.error > error:
                    break
                error, step = tried.error, tried.reach
            if error <= abs(found.excess) / CLEARLY:
                return step, levels
        return found.slope.reach, 0

    def _folds(self, direction: Direction) -> Folds:
        return Folds(partial(self.at, direction), self.point.flat, self.point.weights, self.noise.each)

    def _half(self, direction: Direction, found: Slope) -> np.longdouble:
        """Half the difference between the slopes of both sides."""
        each = self._folds(direction).each(found.step or found.reach)
        return np.longdouble(max(each.sum(), abs(found.difference) + found.difference_error) / 2)

    def _hidden(self, direction: Direction) -> np.longdouble:
        """The same where the sum of the outputs shows no kink: ties of a narrow dtype, many and to either side."""
        known = self.outputs(direction)
        return self._folds(direction).hidden([t for t in known if t > 0 and -t in known])

    def bends(self, found: Measured) -> int:
        """How many outputs have a kink along a direction."""
        return self._folds(found.direction).count(found.slope.reach, found.slope.step)

    def slack(self, direction: Direction) -> np.longdouble:
        """What rounding may have done to the claimed slope."""
        squares = sum(float(np.sum(np.square(p * s))) for p, s in zip(direction.parts, self.spreads, strict=True))
        tight = max(DETOUR if self.detour else TIGHT, ONE / np.sqrt(max(direction.size, 1)))
        units = tight if direction.balanced else K
        return np.longdouble(units * np.sqrt(squares))


def _beyond(array: Array, end: int) -> Array:
    """A value above all of an array (end 1) or below (end -1), by as much as they span."""
    low, high = np.min(array, initial=np.inf), np.max(array, initial=-np.inf)
    return np.asarray((high if end > 0 else low) + end * (high - low)).astype(array.dtype)
