"""Evidence about a path: where the reference goes step by step, and how far rounding can move each step."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Any

import numpy as np

from gradwitness.arrays import Array, wider
from gradwitness.rounding.arithmetic import SAMPLES, measure
from gradwitness.verdict import judge


class Path:
    """Evidence about a path: arrays whose axis 0 counts steps. Each step has a spread of its own.

    run(lift, wide) -> the arrays along the reference's path, as `Subject.run` returns them for one point.
    """

    def __init__(
        self, names: list[str], run: Callable[[Any, Any], list[Array]], dtype: str, number: int, samples: int = SAMPLES
    ) -> None:
        self.names, self.dtype, self._run = names, np.dtype(dtype), run
        self.measured = measure(lambda lift: run(lift, wider(dtype)), dtype, seed=number, samples=samples, stacked=True)

    @cached_property
    def native(self) -> list[Array]:
        """What the reference itself returns in dtype."""
        return self._run(lambda array: array, self.dtype)

    def judge(self, results: Iterable[Array]) -> dict[str, float]:
        """The worst distance of each result from the truth, in units of spread; raises Disagreement."""
        rows = zip(self.names, results, self.measured, strict=True)
        return {name: judge(name, actual, expected, self.dtype) for name, actual, expected in rows}

    def furthest(self) -> float:
        """How far rounding can move the path: the largest spread of a step, as a share of the largest value of its tensor."""
        shares = []
        for m in self.measured:
            spread, value = (np.abs(a).reshape(len(a), -1).max(axis=1, initial=0) for a in (m.spread, m.truth))
            shares.append(float((spread[value > 0] / value[value > 0]).max(initial=0)))
        return max(shares)
