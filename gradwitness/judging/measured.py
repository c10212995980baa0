"""What was found along a direction."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from gradwitness.arrays import Array
from gradwitness.derivative.ladder import RUNGS
from gradwitness.derivative.line import Line
from gradwitness.derivative.slope import Slope
from gradwitness.judging.directions import Direction


@dataclass(frozen=True)
class Measured:
    """A slope along a direction, against the claimed one.

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


def untold(found: Measured) -> Measured:
    """A measurement from which nothing can be concluded."""
    return replace(found, error=np.longdouble(np.inf), slope=replace(found.slope, kind="smooth"))
