"""The numerical derivative of a function that can only be called: noise by difference tables, slopes along directions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from gradwitness.arrays import Array
from gradwitness.derivative.difference_table import CLOSER, POINTS, WIDER, noise, of_columns, of_two
from gradwitness.derivative.slope import RUNG, RUNGS, Line, Slope, quick, slope
from gradwitness.judging.directions import Direction
from gradwitness.judging.point import Point
from gradwitness.verdict import K

FIRST_STEP = 0.37
"""Of an element's own size; no power of two, so that no step is a period of something that repeats."""
ENOUGH = 2.0**-3
"""Of the slack: a smaller error of the numerical derivative gains nothing."""
CLEAR = 2.0**13
"""Units of the dtype's eps, of the largest contribution of an element: noise below that asks for no longer steps."""
FEW = 2**14
"""Elements in a direction beyond which the first table is made more narrowly: each has its own stairs."""
FLOAT32 = float(np.finfo(np.float32).eps)
"""The coarsest rounding that is expected unasked. A coarser dtype inside is looked for where something disagrees."""
ROUGH = 8.0
"""Units of the coarsest eps, relative to a value: lower stairs are rounding. Higher and wider ones are the function's own."""
WIDEST = float(np.finfo(np.longdouble).eps)
"""Of the dtype in which contributions are summed."""
STILL = 4.0
"""Units of that eps, of an element's own size: a function that is constant over longer steps is taken to be constant."""
COARSER = 16.0
"""Where a dtype coarser than float32 is inside, few steps lie between its noise and the bends of the function: extrapolation has
little to compare with. Bars are wider by this factor. Measured with casts to float16 in the functions of trust/user_code."""
FAR = 1.0
"""Of an element's own size: a step beyond that may meet more noise than there is at the point, and it is measured there."""
OTHER = 0.87
"""Of a first step: another one."""
LEVELS = (2, 3, 4, 6)
POWERS = 20
CLEARLY = 16.0
"""How measurements of parts are planned: numbers of halvings, how much smaller than the reach their first step may be, and by how
much their error must be smaller than what disagrees."""
LOST = 2.0**20
"""How many times the slack cancellation in backward may lose: what disagrees by more is no rounding."""
STEPS = 64
"""Of the eps inside, relative to the largest output: a step of that height may come from an intermediate value."""
SPACINGS = (2.0**-26, 2.0**-16)
"""Of the tables that show the noise of backward, as shares of an element's own size."""
ROUNDING = 6
"""Runs of backward in float64, where it disagrees in longdouble."""
TIGHT, ONE = 4.0, 16.0
"""Units of spread that are allowed to a backward that keeps the wide dtype, along balanced directions: many elements, one."""


@dataclass(frozen=True)
class Measured:
    """What was found along a direction.

    claimed   <gradient, direction>
    excess    the numerical derivative less the claimed one
    error     its error bar; inf where there is no derivative to be had
    slack     what rounding may have done to the claimed one
    half      half the difference between the slopes of both sides: at a kink the claim may lie anywhere between them
    still     whether forward returned the same value everywhere
    reached   the outputs that the direction reaches, as a mask; None for all
    line      the line itself, which remembers its samples
    rungs     of the ladder that was climbed down
    """

    direction: Direction
    claimed: np.longdouble
    excess: np.longdouble
    error: np.longdouble
    slack: np.longdouble
    slope: Slope
    half: np.longdouble = field(default_factory=lambda: np.longdouble(0))
    still: bool = False
    reached: Array | None = None
    line: Line | None = None
    rungs: int = RUNGS

    @property
    def room(self) -> np.longdouble:
        """By how much the excess may differ from 0."""
        return np.longdouble(self.error + self.slack + self.half)

    @property
    def tells(self) -> bool:
        """Whether there is a numerical derivative to compare with."""
        return bool(np.isfinite(self.excess) and np.isfinite(self.room))

    @property
    def agrees(self) -> bool:
        """Whether nothing contradicts the claim."""
        return not self.tells or bool(abs(self.excess) <= self.room)


Stepped = Literal["yes", "perhaps", "no"]


def _untold(found: Measured) -> Measured:
    """A measurement from which nothing can be concluded."""
    return replace(found, error=np.longdouble(np.inf), slope=replace(found.slope, kind="smooth"))


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
        self.stairs = False
        self._found = 2 * point.narrow.roundoff if point.narrow else 0.0
        self._grain = max(FLOAT32, self._found)
        self.noises, self.sizes = self._eps / 8 * np.abs(point.flat), np.abs(point.flat)
        self._measure_noise(along)
        point.noise = float(np.sqrt(np.sum(np.square(self.noises * point.weights))))
        self.reach = FIRST_STEP
        self._far = False

    def _measure_noise(self, direction: Direction, centres: Sequence[float] = (0.0, FIRST_STEP / 7)) -> None:
        """The noise of each output: the largest of two tables, at the point and beside it, never less than a roundoff."""
        first = 2.0**-26 * max(min(1.0, FEW / max(direction.size, 1)), 2.0**-18)
        if self._grain > FLOAT32:
            first = self._grain / 4
        changes: dict[float, Array] = {}
        weights = self.point.weights
        plain, still = STEPS * self._rounding * float(self.point.size), STILL * self._grain

        def value(t: float) -> np.longdouble:
            if t not in changes:
                changes[t] = self.point.at(self.point.moved(t, direction.parts)) - self.point.flat
            return np.longdouble((changes[t] * weights).sum())

        for centre in centres:
            found = noise(value, FIRST_STEP, centre, first, plain, still)
            if found is None:
                continue
            table = np.stack([changes[found.centre + j * found.spacing] for j in POINTS])
            if found.spacing < still * FIRST_STEP and _sticks(table):
                wider = noise(value, FIRST_STEP, centre, found.spacing / FIRST_STEP * WIDER, plain, still)
                found = wider or found
                table = np.stack([changes[found.centre + j * found.spacing] for j in POINTS])
            if found.stairs > still and found.value > ROUGH * self._grain * float(np.abs(self.point.flat * weights).sum()):
                self.stairs = True  # wide and high: these are the function's own
                continue
            self.sizes = np.fmax(self.sizes, np.abs(table[POINTS.index(0)] + self.point.flat))
            self.noises = np.fmax(self.noises, _each(table, found.value, self.sizes, weights))

    @property
    def _rounding(self) -> float:
        """The coarsest eps inside that is known of."""
        return max(float(np.finfo(np.float64).eps), self._found)

    def line(self, direction: Direction, reached: Array | None = None) -> Line:
        """F along a direction, less its value at the point and what the claimed gradient makes of the way that was really gone.

        reached   the outputs that the direction can reach, as a mask; all if not given. The others add no noise
        """
        flat, weights = self.point.flat, self.point.weights
        noises = self.noises * weights if reached is None else np.where(reached, self.noises * weights, 0)
        outs: dict[float, Array] = {}
        sums: dict[float, float] = {}  # rounding of the sum of contributions, and of the way
        rounded = [
            float(np.max(np.abs(a[p != 0] / p[p != 0]), initial=0))
            for a, p in zip(self.point.arrays, direction.parts, strict=True)
        ]

        def value(t: float) -> np.longdouble:
            arrays = self.point.moved(t, direction.parts)
            outs[t] = self.point.at(arrays)
            explained, sums[t] = np.longdouble(0), 0.0
            for claim, array, start in zip(self.claims, arrays, self.point.arrays, strict=True):
                way = array.astype(np.longdouble) - start
                products = np.where(way != 0, claim, 0) * way
                explained += products.sum()
                sums[t] += float(np.abs(products).sum())
            found = np.longdouble(((outs[t] - flat) * weights).sum() - explained)
            sums[t] = WIDEST / 8 * sums[t] + self._eps * max(rounded, default=0.0) * abs(float(found) / t)
            return found

        def deviation(t: float) -> float:
            size = np.abs(outs[t])
            grown = np.maximum(1, np.divide(size, self.sizes, out=np.ones_like(size), where=self.sizes != 0))
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
        return reached & (self.noises * self.point.weights != 0) if reached.any() else None

    def along(
        self, direction: Direction, step: float | None = None, rungs: int = RUNGS, reached: Array | None = None
    ) -> Measured:
        """The derivative along a direction, against the claimed one. The first one finds the reach of all."""
        line, slack = self.line(direction, reached), self._slack(direction)
        largest = max((float(np.max(np.abs(p * c), initial=0)) for p, c in zip(direction.parts, self.claims, strict=True)))
        clear = CLEAR * self._eps * largest if largest > 0 and rungs == RUNGS else float("inf")
        found = slope(line, self.reach if step is None else step, float(slack) * ENOUGH, clear, rungs)
        if found.reach > FAR and not self._far:
            self._far = True
            self._measure_noise(direction, (found.reach, -found.reach))
            return self.along(direction, step, rungs, reached)
        half = self._half(direction, found) if found.kind == "kink" else np.longdouble(0)
        claimed = direction.of(self.claims)
        if self._found and found.kind in ("jump", "undefined"):
            found = replace(found, kind="smooth")  # steps of a narrow dtype look like that; the error is infinite in any case
        elif self._grain > FLOAT32:
            found = replace(found, error=COARSER * found.error)
        elif self._has_ended(found, claimed, self.reach if step is None else step):
            found = replace(found, error=np.longdouble(np.inf))
        return Measured(direction, claimed, found.value, found.error, slack, found, half, line.still(), reached, line, rungs)

    def _has_ended(self, found: Slope, claimed: np.longdouble, step: float) -> bool:
        """Whether only steps beyond the suggested one show a slope, which is zero there, and not the claimed one.

        A function that saturates changes no more at long steps. Its slope at the point may be hidden by noise.
        """
        longer = found.kind == "smooth" and found.reach > 2 * step
        return longer and bool(abs(found.value) > found.error and abs(found.value + claimed) <= found.error)

    def quickly(self, direction: Direction, step: float, levels: int = 2, reached: Array | None = None) -> Measured:
        """The same from two quotients or a few more, at steps that are known to be small against the bends of the function."""
        line = self.line(direction, reached)
        found = quick(line, step or FIRST_STEP * 2.0**-6, levels)
        first, last = [abs(line.fold(s)[0]) for s in (found.reach, found.step)]
        kinked = last > first * 0.75 and last > 16 * line.noise(found.step) / found.step
        half = np.longdouble(last / 2 if kinked else 0)
        claimed, slack = direction.of(self.claims), self._slack(direction)
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

    def again(self, found: Measured) -> Measured:
        """A measurement that disagrees, made anew: from another first step, and with all noise that can be found.

        The noise of backward is measured as well where it could explain what disagrees: it may be ill-conditioned. Where both
        measurements disagree with the claim, but also with each other, nothing can be told.
        """
        direction, step = found.direction, found.slope.step or self.reach
        stepped = self._is_stepped(found)
        if stepped == "perhaps":
            return _untold(found)
        if not self.stairs and found.slope.kind != "kink":
            near, far = [self._table(direction, spacing) for spacing in (step / 5 / CLOSER, step / 5)]
            self.noises = np.fmax(self.noises, of_two(near, far))
        reach = FIRST_STEP if stepped == "yes" else found.slope.reach or self.reach
        again = self.along(direction, OTHER * reach, found.rungs, found.reached)
        if not again.agrees and abs(found.excess) < LOST * found.slack:
            noises = [self.point.rounding(ROUNDING), self.point.noise_of_gradients(direction.parts, SPACINGS)]
            self.spreads = [np.maximum.reduce(each) for each in zip(self.spreads, *noises, strict=True)]
            again = replace(again, slack=self._slack(direction))
        inconsistent = abs(again.excess - found.excess) > again.room + found.room
        return _untold(again) if not again.agrees and inconsistent else again

    def _table(self, direction: Direction, spacing: float) -> Array:
        """The changes of each output at the points of a table along a direction."""
        return np.stack([self.point.at(self.point.moved(j * spacing, direction.parts)) - self.point.flat for j in POINTS])

    def jump_again(self, found: Measured) -> Measured:
        """A jump, looked at once more: a low one may be rounding inside."""
        step = min(abs(t) for t in found.line.known) if found.line and found.line.known else 0.0
        below, above = [self.point.at(self.point.moved(t, found.direction.parts)) for t in (-step, step)]
        height = np.abs(above - below)
        stepped = self._is_low(height)
        if stepped == "yes":
            self.noises = np.fmax(self.noises, height)
            again = self.along(found.direction, OTHER * FIRST_STEP)
            return again if again.tells else _untold(again)
        return _untold(found) if stepped == "perhaps" else found

    def _is_stepped(self, found: Measured) -> Stepped:
        """Whether what longer steps see and the last steps do not could be rounding: steps of float32, or of float64 inside."""
        step, longer, direction = found.slope.step, RUNG * found.slope.reach, found.direction
        below, above = [self.point.at(self.point.moved(t, direction.parts)) for t in (-step, step)]
        slopes = (above - below) / (2 * np.longdouble(step or 1))
        while step and longer <= FIRST_STEP:
            ends = [self.point.at(self.point.moved(t, direction.parts)) - slopes * np.longdouble(t) for t in (-longer, longer)]
            height = np.max(np.abs(np.stack(ends) - self.point.flat), axis=0)
            if not (height <= self._eps * STEPS * np.abs(self.point.flat)).all():
                stepped = self._is_low(height)
                if stepped == "yes":
                    self.noises = np.fmax(self.noises, height)
                if stepped != "no":
                    return stepped
            longer *= RUNG
        if (below == self.point.flat).all() and (above == self.point.flat).all():  # forward stands still; is much asked for?
            asked = abs(found.claimed) * FIRST_STEP / (np.max(np.abs(self.point.weights)) or 1)
            return "no" if self._is_low(np.full_like(self.point.flat, asked)) == "no" else "perhaps"
        return "no"

    def _is_low(self, height: Array) -> Stepped:
        """Whether steps of these heights in the outputs could be rounding.

        They are, if they are low against the outputs. If they are low against 1 or the inputs alone, they may be rounding of an
        intermediate value of that size, and nobody knows.
        """
        eps = STEPS * self._rounding
        size = np.abs(self.point.flat)
        largest = float(np.max(size, initial=0))
        if not np.isfinite(height).all():
            return "no"
        if (height <= np.maximum(ROUGH * self._grain * size, eps * largest)).all():
            return "yes"
        inputs = max(float(np.max(np.abs(array), initial=0)) for array in self.point.arrays)
        return "perhaps" if (height <= eps * max(1.0, inputs, largest)).all() else "no"

    def _half(self, direction: Direction, found: Slope) -> np.longdouble:
        """Half the difference between the slopes of both sides, output by output: some may bend up where others bend down."""
        step = found.step or found.reach
        ends = [self.point.at(self.point.moved(t, direction.parts)) for t in (step, -step)]
        folds = np.abs((ends[0] + ends[1] - 2 * self.point.flat) * self.point.weights) / np.longdouble(step)
        return np.longdouble(max(folds.sum(), abs(found.difference) + found.difference_error) / 2)

    def _slack(self, direction: Direction) -> np.longdouble:
        squares = sum(float(np.sum(np.square(p * s))) for p, s in zip(direction.parts, self.spreads, strict=True))
        units = K if self.detour or not direction.balanced else max(TIGHT, ONE / np.sqrt(max(direction.size, 1)))
        return np.longdouble(units * np.sqrt(squares))


def _beyond(array: Array, end: int) -> Array:
    """A value above all of an array (end 1) or below (end -1), by as much as they span."""
    low, high = np.min(array, initial=np.inf), np.max(array, initial=-np.inf)
    return np.asarray((high if end > 0 else low) + end * (high - low)).astype(array.dtype)


def _sticks(table: Array) -> bool:
    """Whether more outputs move in steps that are wider than the spacing than move at every point."""
    moves = np.count_nonzero(np.diff(table, axis=0), axis=0)
    return bool(np.count_nonzero((moves > 0) & (moves <= len(table) // 2)) > np.count_nonzero(moves > len(table) // 2))


def _each(table: Array, together: float, sizes: Array, weights: Array) -> Array:
    """The noise of each output. One whose own table shows none has the noise of the others, relative to its size."""
    noises = of_columns(table)
    shown = np.isfinite(noises) & (sizes > 0) & (noises > 0)
    terms = float(np.sqrt(np.sum(np.square(sizes * weights))))
    relative = float(np.median(noises[shown] / sizes[shown])) if shown.any() else together / terms if terms > 0 else 0.0
    noises = np.where(np.isnan(noises), relative * sizes, noises)
    sum_of_squares = float(np.sqrt(np.sum(np.square(noises * weights))))
    if 0 < sum_of_squares < together:  # what is common to all outputs adds up
        noises = noises * min(together / sum_of_squares, np.sqrt(len(weights)))
    return np.asarray(noises)
