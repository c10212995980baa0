"""What the reference says about one point in one dtype: the truth, and how far rounding may move a result away from it.

`Evidence.of` runs a subject in a wider dtype and under Monte Carlo arithmetic. `Evidence.judge` compares results with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from gradwitness.arrays import Array, wider
from gradwitness.derivative.numerics import Numerics
from gradwitness.rounding.arithmetic import SAMPLES, Measured, measure
from gradwitness.subjects.pair import Subject
from gradwitness.verdict import Disagreement, judge


@dataclass(frozen=True)
class Evidence:
    """The truth and the spread of each result of a subject in a dtype."""

    subject: Subject
    dtype: np.dtype[Any]
    measured: list[Measured]

    @classmethod
    def of(cls, subject: Subject, dtype: Any, samples: int = SAMPLES) -> Evidence:
        """Measure a subject at its inputs, rounded to dtype. samples is the number of perturbed runs."""
        dtype = np.dtype(dtype)
        rounded = subject.rounded(dtype)
        measured = measure(lambda lift: rounded.run(lift, wider(dtype)), dtype, seed=subject.seed, samples=samples)
        return cls(rounded, dtype, measured)

    @property
    def names(self) -> list[str]:
        """The names of the results, in order."""
        return self.subject.names

    @cached_property
    def native(self) -> list[Array]:
        """What the subject itself returns in dtype."""
        with np.errstate(all="ignore"):
            return [np.asarray(a) for a in self.subject.run(lambda array: array, self.dtype)]

    @cached_property
    def numerics(self) -> Numerics:
        """Numerical derivatives at the same inputs and cotangent."""
        return Numerics(self.subject)

    @cached_property
    def one_sided(self) -> list[tuple[Array, Array, Array]]:
        """For each gradient at a kink: the derivatives from below and from above, and the sum of their error bars."""
        sides = ([self.numerics.entries(i, side) for side in (-1, 1)] for i in range(len(self.subject.gradients)))
        return [(below, above, bar + other) for (below, bar), (above, other) in sides]

    @cached_property
    def intervals(self) -> list[tuple[Array, Array] | None]:
        """For each result: the bounds of the truth at a kink, where it is a set, and None elsewhere."""
        intervals: list[tuple[Array, Array] | None] = [None] * len(self.measured)
        if self.subject.kink:
            for i, (below, above, bar) in enumerate(self.one_sided, start=self._outs):
                truth, differ = self.measured[i].truth, np.abs(above - below) > bar
                low, high = np.minimum(below, above) - bar, np.maximum(below, above) + bar
                intervals[i] = np.where(differ, low, truth), np.where(differ, high, truth)
        return intervals

    def judge(self, results: Sequence[Array]) -> dict[str, float]:
        """The worst distance of each result from the truth, in units of spread.

        results are in the order of `names`. Raises Disagreement for the first that differs.
        """
        if len(results) != len(self.measured):
            raise Disagreement("result", reason=f"{len(results)} arrays; wanted {len(self.measured)}")
        rows = zip(self.names, results, self.measured, self.intervals, strict=True)
        return {name: judge(name, actual, expected, self.dtype, interval) for name, actual, expected, interval in rows}

    def distances(self, results: Sequence[Array]) -> dict[str, float]:
        """The same distances without a verdict, also beyond the allowance."""
        distances = {}
        for name, actual, expected, interval in zip(self.names, results, self.measured, self.intervals, strict=True):
            try:
                distances[name] = judge(name, actual, expected, self.dtype, interval)
            except Disagreement as disagreement:
                distances[name] = disagreement.ratio
        return distances

    def members(self, results: Sequence[Array]) -> list[float]:
        """The members of the set that the gradients are, at kinks: 0 is the derivative from below, 1 the one from above."""
        members: set[float] = set()
        for gradient, (below, above, bar) in zip(
            results[self._outs :], self.one_sided if self.subject.kink else [], strict=False
        ):
            differ = np.abs(above - below) > bar
            shares = (np.asarray(gradient)[differ] - below[differ]) / (above[differ] - below[differ])
            members |= {round(float(share), 3) + 0.0 for share in shares}  # + 0.0: no -0
        return sorted(members)

    @property
    def _outs(self) -> int:
        return len(self.measured) - len(self.subject.gradients)
