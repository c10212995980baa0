"""The noise of each output of a function at a point, measured by difference tables along a direction."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gradwitness.arrays import Array
from gradwitness.derivative.difference_table import POINTS, WIDER, noise, of_columns
from gradwitness.judging.directions import Direction
from gradwitness.judging.point import Point

FIRST_STEP = 0.37
"""Of an element's own size; no power of two, so that no step is a period of something that repeats."""
FEW = 2**14
"""Elements in a direction beyond which the first table is made more narrowly: each has its own stairs."""
FLOAT32 = float(np.finfo(np.float32).eps)
"""The coarsest rounding that is expected unasked. A coarser dtype inside is looked for where something disagrees."""
ROUGH = 8.0
"""Units of the coarsest eps, relative to a value: lower stairs are rounding. Higher and wider ones are the function's own."""
STILL = 4.0
"""Units of that eps, of an element's own size: a function that is constant over longer steps is taken to be constant."""
STEPS = 64
"""Of the eps inside, relative to the largest output: a step of that height may come from an intermediate value."""


class Noise:
    """The noise of each output.

    each     standard deviations
    sizes    the largest values with which they were measured
    stairs   whether the function moves in wide and high steps, which are its own
    found    the eps of a narrow dtype that is known to be inside; 0 if none is
    grain    the coarsest eps that is reckoned with
    """

    def __init__(self, point: Point) -> None:
        self.point, self.stairs = point, False
        self.found = 2 * point.narrow.roundoff if point.narrow else 0.0
        self.grain = max(FLOAT32, self.found)
        self.sizes = np.abs(point.flat)
        self.each = float(np.finfo(point.dtype).eps) / 8 * self.sizes

    @property
    def rounding(self) -> float:
        """The coarsest eps inside that is known of."""
        return max(float(np.finfo(np.float64).eps), self.found)

    @property
    def together(self) -> float:
        """That of the value that the outputs make together."""
        return float(np.sqrt(np.sum(np.square(self.each * self.point.weights))))

    def add(self, noises: Array) -> None:
        """More noise, where it is more than was known."""
        self.each = np.fmax(self.each, noises)

    def measure(self, direction: Direction, centres: Sequence[float] = (0.0, FIRST_STEP / 7)) -> None:
        """The noise of each output: the largest of two tables, at the point and beside it, never less than a roundoff."""
        first = 2.0**-26 * max(min(1.0, FEW / max(direction.size, 1)), 2.0**-18)
        if self.grain > FLOAT32:
            first = self.grain / 4
        changes: dict[float, Array] = {0.0: np.zeros_like(self.point.flat)}
        weights = self.point.weights
        plain, still = STEPS * self.rounding * float(self.point.size), STILL * self.grain

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
            if found.stairs > still and found.value > ROUGH * self.grain * float(np.abs(self.point.flat * weights).sum()):
                self.stairs = True  # wide and high: these are the function's own
                continue
            self.sizes = np.fmax(self.sizes, np.abs(table[POINTS.index(0)] + self.point.flat))
            self.each = np.fmax(self.each, _each(table, found.value, self.sizes, weights))


def _sticks(table: Array) -> bool:
    """Whether more outputs move in steps that are wider than the spacing than move at every point."""
    moves = np.count_nonzero(np.diff(table, axis=0), axis=0)
    return bool(np.count_nonzero((moves > 0) & (moves <= len(table) // 2)) > np.count_nonzero(moves > len(table) // 2))


def _each(table: Array, together: float, sizes: Array, weights: Array) -> Array:
    """The noise of each output. One whose own table shows none has the noise of the others, relative to its size.

    An output that cancels to less than its noise, as sin(pi), says nothing about others.
    """
    noises = of_columns(table)
    shown = np.isfinite(noises) & (sizes > noises) & (noises > 0)
    terms = float(np.sqrt(np.sum(np.square(sizes * weights))))
    relative = float(np.median(noises[shown] / sizes[shown])) if shown.any() else together / terms if terms > 0 else 0.0
    noises = np.where(np.isnan(noises), relative * sizes, noises)
    sum_of_squares = float(np.sqrt(np.sum(np.square(noises * weights))))
    if 0 < sum_of_squares < together:  # what is common to all outputs adds up
        noises = noises * min(together / sum_of_squares, np.sqrt(len(weights)))
    return np.asarray(noises)
