"""The numerical derivative of a function that can only be called: noise by difference tables, slopes along directions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gradwitness.arrays import Array
from gradwitness.derivative.difference_table import noise
from gradwitness.derivative.slope import Line, Sample, Slope, slope
from gradwitness.judging.directions import Direction
from gradwitness.judging.point import Point

FIRST_STEP = 0.37
"""Of an element's own size; no power of two, so that no step is a period of something that repeats."""
ENOUGH = 2.0**12
"""Times the unit of last place: a relative error of this size needs no longer steps."""


@dataclass(frozen=True)
class Measured:
    """What was found along a direction.

    claimed   <gradient, direction>
    excess    the numerical derivative less the claimed one
    error     its error bar
    slack     what rounding may have done to the claimed one
    """

    direction: Direction
    claimed: np.longdouble
    excess: np.longdouble
    error: np.longdouble
    slack: np.longdouble
    slope: Slope

    @property
    def agrees(self) -> bool:
        """Whether the claim lies within the bars; at a kink, between the one-sided derivatives."""
        room = self.error + self.slack
        if self.slope.kind == "kink":
            room += abs(self.slope.difference) / 2 + self.slope.difference_error
        return bool(abs(self.excess) <= room)


class BlackBox:
    """Slopes of F at a point, along directions, less what the claimed gradient explains."""

    def __init__(self, point: Point, claims: Sequence[Array], slacks: Sequence[Array], along: Direction) -> None:
        self.point, self.claims, self.slacks = point, list(claims), list(slacks)
        self.noise = self._noise(along)

    def _noise(self, direction: Direction) -> float:
        """Of one value: the largest of two tables, at the point and beside it; never less than one roundoff of its terms."""
        found = [noise(lambda t: self.sample(direction, t).value, FIRST_STEP, centre) for centre in (0.0, FIRST_STEP / 7)]
        least = float(np.finfo(self.point.dtype).eps / 8 * self.point.size)
        return max([least, *(one for one in found if one is not None)])

    def sample(self, direction: Direction, t: float) -> Sample:
        """F at a distance t, less F at the point and what the claimed gradient makes of the way that was really gone."""
        arrays = self.point.moved(t, direction.parts)
        value, size = self.point.at(arrays)
        explained = np.longdouble(0)
        for claim, array, start in zip(self.claims, arrays, self.point.arrays, strict=True):
            way = array.astype(np.longdouble) - start
            explained += (np.where(way != 0, claim, 0) * way).sum()
        return Sample(value - self.point.value - explained, size)

    def along(self, direction: Direction, step: float = FIRST_STEP) -> Measured:
        """The derivative along a direction, against the claimed one."""
        claimed = direction.of(self.claims)
        line = Line(lambda t: self.sample(direction, t), self.noise, float(self.point.size))
        found = slope(line, step, float(ENOUGH * np.finfo(self.point.dtype).eps * abs(claimed)))
        return Measured(direction, claimed, found.value, found.error, self._slack(direction), found)

    def quickly(self, direction: Direction, step: float) -> Measured:
        """The same from two quotients, at a step that is known to be small against the bends of the function."""
        line = Line(lambda t: self.sample(direction, t), self.noise, float(self.point.size))
        step = step or FIRST_STEP * 2.0**-6
        (coarse, more), (fine, noise_of_fine) = line.central(step), line.central(step / 2)
        value = fine + (fine - coarse) / 3
        error = abs(fine - coarse) / 3 + (4 * noise_of_fine + more) / 3
        found = Slope(value, error if np.isfinite(error) else np.longdouble(np.inf), step)
        return Measured(direction, direction.of(self.claims), found.value, found.error, self._slack(direction), found)

    def _slack(self, direction: Direction) -> np.longdouble:
        squares = sum(float(np.sum((part * s) ** 2)) for part, s in zip(direction.parts, self.slacks, strict=True))
        return np.longdouble(np.sqrt(squares))
