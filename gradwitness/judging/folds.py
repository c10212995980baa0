"""Where the outputs of a function have kinks along a line, output by output: some may bend up where others bend down."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gradwitness.arrays import Array
from gradwitness.derivative.ladder import RUNG
from gradwitness.derivative.line import DEVIATIONS

CLEAR = 16.0
"""Times the noise: a fold above that is one."""
FOLDED = 2.0
"""By how much the fold of an output with a kink may fall where the step falls to an eighth. That of a bend falls to an eighth."""
STRAIGHT = 0.75
"""Of a fold, at a half or less of its step: what falls below is a bend."""


class Folds:
    """(f(h) + f(-h) - 2 f(0)) / h of each output, as it contributes: at a kink it tends to the difference of the slopes.

    at       what the function returns a step along the line
    flat     what it returns at the point
    weights  of the outputs
    noises   standard deviations of the outputs
    """

    def __init__(self, at: Callable[[float], Array], flat: Array, weights: Array, noises: Array) -> None:
        self._at, self._flat, self._weights, self._noises = at, flat, weights, noises

    def each(self, step: float) -> Array:
        """The folds at +-step."""
        found = np.abs((self._at(step) + self._at(-step) - 2 * self._flat) * self._weights) / np.longdouble(step)
        return np.asarray(found)

    def _clear(self, folds: Array, step: float) -> Array:
        return np.asarray(folds > CLEAR * DEVIATIONS * np.abs(self._noises * self._weights) / np.longdouble(step))

    def between(self, longer: float, step: float) -> np.longdouble:
        """Half the sum of the folds that hardly fall from one step to a shorter one; they tend to their limit like the step."""
        before, last = self.each(longer), self.each(step)
        return np.longdouble(np.where(self._kinked(before, last, step), last + np.abs(before - last), 0).sum() / 2)

    def count(self, longer: float, step: float) -> int:
        """How many outputs have such folds."""
        return int(np.count_nonzero(self._kinked(self.each(longer), self.each(step), step)))

    def _kinked(self, before: Array, last: Array, step: float) -> Array:
        return np.asarray((last > STRAIGHT * before) & self._clear(last, step))

    def hidden(self, known: list[float]) -> np.longdouble:
        """Half the sum of the folds of a ladder where those of the outputs cancel, or are too many to be seen in their sum.

        known   the steps at which both sides are known
        """
        steps = sorted(known)
        longer = [t for t in steps if t >= steps[0] * RUNG * 0.75]
        if not longer:
            return np.longdouble(0)
        before, last = self.each(longer[0]), self.each(steps[0])
        kinked = (FOLDED * last > before) & self._clear(last, steps[0])
        return np.longdouble(np.where(kinked, np.maximum(before, last), 0).sum() / 2)
