"""A second look at what disagrees with the claimed gradient: no verdict rests on one measurement."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Literal

import numpy as np

from gradwitness.arrays import Array
from gradwitness.derivative.difference_table import CLOSER, POINTS, of_two
from gradwitness.derivative.ladder import RUNG
from gradwitness.judging.black_box import BlackBox
from gradwitness.judging.claims_beside import noise_of_gradients, rounding
from gradwitness.judging.directions import Direction
from gradwitness.judging.jumps import LAST
from gradwitness.judging.measured import Measured, untold
from gradwitness.judging.outputs import FIRST_STEP, ROUGH, STEPS

OTHER = 0.87
"""Of a first step: another one. No step of the first look is one of the second, and noise in a quotient is hardly larger."""
DOWN = 2.0**9
"""From the first step of an extrapolation to the last: smooth functions take 2^4 to 2^8."""
LOST = 2.0**32
"""How many times the slack a second look may find: what disagrees by more is no rounding. A backward that adds in float32 on its
way rounds 2^29 times more than float64, and cancellation may lose a digit more."""
SPACINGS = (2.0**-26, 2.0**-16)
"""Of the tables that show the noise of backward, as shares of an element's own size."""
ROUNDING = 6
"""Runs of backward in float64, where it disagrees in longdouble: a root mean square of six is off by 30%."""

SUDDEN = 2.0**6
"""By how much a function leaves a straight line more at twice the step, where it has gone up a step. A bend grows by 4 to 8."""
SHARES = (1.0, 0.9375, 0.8125, 0.6875, 0.5625)
"""Of a step: where one side of a jump is looked at."""
PLAIN = 2.0
"""By how much the height of a jump is more than what its sides change by."""
NEARER = 2.0**-12
"""Of a step: where a jump is still as high, and what is only steep is not."""
DROWNED = 2.0**7
"""Times the noise: values that are smaller say nothing. float16 rounds 2^-11 of a value."""
Stepped = Literal["yes", "perhaps", "no"]


class SecondLook:
    """The second look through a black box."""

    def __init__(self, box: BlackBox) -> None:
        self.box, self.point = box, box.point

    def again(self, found: Measured) -> Measured:
        """A measurement that disagrees, made anew: from another first step, and with all noise that can be found.

        The noise of backward is measured as well where it could explain what disagrees: it may be ill-conditioned. Where both
        measurements disagree with the claim, but also with each other, nothing can be told.
        """
        direction, step = found.direction, found.slope.step or self.box.reach
        stepped = self._is_stepped(found)
        if stepped == "perhaps":
            return untold(found)
        if not self.box.noise.stairs and found.slope.kind != "kink":
            near, far = [self._table(direction, spacing) for spacing in (step / 4 / CLOSER, step / 4)]  # its ends are known
            self.box.noise.add(of_two(near, far))
        reach = FIRST_STEP if stepped == "yes" else found.slope.reach or self.box.reach
        again = self.box.along(direction, OTHER * self._below_joints(found, reach), found.rungs, found.reached)
        for noises in self._noises_of_backward(direction):
            if again.agrees or abs(found.excess) >= LOST * found.slack:
                break
            self.box.spreads = [np.maximum(known, more) for known, more in zip(self.box.spreads, noises(), strict=True)]
            again = replace(again, slack=self.box.slack(direction))
        inconsistent = abs(again.excess - found.excess) > again.room + found.room
        return untold(again) if not again.agrees and (inconsistent or self._drowns(direction)) else again

    def _below_joints(self, found: Measured, reach: float) -> float:
        """A first step that passes fewer of the joints that made the extrapolation go so far down, if they did."""
        step = found.slope.step
        return float(np.sqrt(step * reach)) if 0 < step < reach / DOWN else reach

    def _drowns(self, direction: Direction) -> bool:
        """Whether what was taken for noise is more of all values than any dtype rounds: they are too steep."""
        values = np.stack(list(self.box.outputs(direction).values())) * self.point.weights
        return bool(DROWNED * self.box.noise.together > np.sqrt(np.square(values).sum(axis=1)).max(initial=0))

    def may_be_stairs(self, found: Measured) -> bool:
        """Whether longer steps see what could be the stairs of a narrow dtype: then it is looked for."""
        return self._is_stepped(found) != "no"

    def over_stairs(self, found: Measured) -> Measured:
        """A measurement from steps over which a narrow dtype inside stands still, made anew where it has one: over its stairs."""
        if self._is_stepped(found) != "yes":
            return found  # the function's own bends, as beside an epsilon
        return self.box.along(found.direction, OTHER * FIRST_STEP, found.rungs, found.reached)

    def _noises_of_backward(self, direction: Direction) -> Iterator[Callable[[], list[Array]]]:
        """Ways to measure what rounding does to each element of the gradients, the cheaper one first."""
        yield lambda: rounding(self.point, ROUNDING)
        yield lambda: noise_of_gradients(self.point, direction.parts, SPACINGS)

    def _table(self, direction: Direction, spacing: float) -> Array:
        """The changes of each output at the points of a table along a direction."""
        return np.stack([self.box.at(direction, j * spacing) - self.point.flat for j in POINTS])

    def jump(self, found: Measured) -> Measured:
        """A jump, looked at once more: a low one may be rounding inside."""
        step = min(abs(t) for t in found.line.known) if found.line and found.line.known else 0.0
        height = self._across(found.direction, step)
        near = min(step, FIRST_STEP)  # steps that are longer say nothing about the point
        scatter = self._scatter(found.direction, near)
        if found.slope.kind == "jump" and ((height <= PLAIN * scatter).all() or not self._stays(found.direction, height, near)):
            self.box.noise.add(np.maximum(height, scatter))
            again = self.box.along(found.direction, OTHER * FIRST_STEP)
            return again if again.tells else untold(again)
        stepped = self._is_low(height)
        if stepped == "yes":
            self.box.noise.add(height)
            again = self.box.along(found.direction, OTHER * FIRST_STEP)
            return again if again.tells else untold(again)
        return untold(found) if stepped == "perhaps" else found

    def _scatter(self, direction: Direction, step: float) -> Array:
        """By how much each output differs from place to place on one side of the point: at a jump hardly, where it is noise as
        much as from side to side.
        """
        sides = [np.stack([self.box.at(direction, sign * share * step) for share in SHARES]) for sign in (-1, 1)]
        return np.asarray(np.max(np.stack([np.ptp(side, axis=0) for side in sides]), axis=0))

    def _stays(self, direction: Direction, height: Array, step: float) -> bool:
        """Whether outputs differ from side to side as much far nearer to the point: at a jump, not where they are steep.

        Where the step is so near that inputs have no digits left for a nearer one, a longer one is what it is compared with.
        """
        pairs = list(zip(self.point.arrays, direction.parts, strict=True))
        digit = max((float(np.max(np.abs(a[p != 0] / p[p != 0]), initial=0)) for a, p in pairs), default=0.0)
        nearer = max(NEARER * step, LAST * self.point.function.eps * digit)
        if nearer > step / RUNG:
            height = self._across(direction, RUNG * nearer)
        return bool((self._across(direction, nearer) > height / 2).any(where=height > 0))

    def _across(self, direction: Direction, step: float) -> Array:
        """By how much each output differs from side to side of the point."""
        below, above = [self.box.at(direction, sign * step) for sign in (-1, 1)]
        return np.asarray(np.abs(above - below))

    def _is_stepped(self, found: Measured) -> Stepped:
        """Whether what longer steps see and the last steps do not could be rounding: steps of float32, or of float64 inside."""
        step, longer, direction = found.slope.step, RUNG * found.slope.reach, found.direction
        below, above = [self.box.at(direction, t) for t in (-step, step)]
        slopes = (above - below) / (2 * np.longdouble(step or 1))
        previous = np.abs((below + above) / 2 - self.point.flat)
        inner = 2 * step
        while 0 < inner <= min(found.slope.reach, FIRST_STEP):
            height = self._bend(direction, slopes, inner)
            sudden = (height > SUDDEN * previous) & (height * np.abs(self.point.weights) >= abs(found.excess) * inner / 4)
            if sudden.any() and self._is_low(np.where(sudden, height, 0)) != "no":
                return "perhaps"
            previous, inner = height, 2 * inner
        while step and longer <= FIRST_STEP:
            height = self._bend(direction, slopes, longer)
            rounded = (height <= float(np.finfo(self.point.dtype).eps) * STEPS * np.abs(self.point.flat)).all()
            if not rounded and (height * np.abs(self.point.weights)).sum() >= abs(found.excess) * longer / 4:
                stepped = self._is_low(height)
                if stepped == "yes":
                    self.box.noise.add(height)
                if stepped != "no":
                    return stepped
            longer *= RUNG
        if (below == self.point.flat).all() and (above == self.point.flat).all():  # forward stands still; is much asked for?
            asked = abs(found.claimed) * FIRST_STEP / (np.max(np.abs(self.point.weights)) or 1)
            return "no" if self._is_low(np.full_like(self.point.flat, asked)) == "no" else "perhaps"
        return "no"

    def _bend(self, direction: Direction, slopes: Array, step: float) -> Array:
        """By how much each output is off a straight line at +-step."""
        ends = [self.box.at(direction, t) - slopes * np.longdouble(t) for t in (-step, step)]
        return np.asarray(np.max(np.abs(np.stack(ends) - self.point.flat), axis=0))

    def _is_low(self, height: Array) -> Stepped:
        """Whether steps of these heights in the outputs could be rounding.

        They are, if they are low against the outputs. If they are low against 1 or the inputs alone, they may be rounding of an
        intermediate value of that size, and nobody knows.
        """
        eps = STEPS * self.box.noise.rounding
        size = np.abs(self.point.flat)
        largest = float(np.max(size, initial=0))
        if not np.isfinite(height).all():
            return "no"
        if (height <= np.maximum(ROUGH * self.box.noise.grain * size, eps * largest)).all():
            return "yes"
        inputs = max(float(np.max(np.abs(array), initial=0)) for array in self.point.arrays)
        return "perhaps" if (height <= eps * max(1.0, inputs, largest)).all() else "no"
