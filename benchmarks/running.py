"""What is run and what running it took, whoever computes."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from gradwitness.arrays import Array

TRANSFERS = 5
"""Transfers each way; their median is reported."""


@dataclass
class Run:
    """One phase. call() computes on the device; arrays(tree) turns what it returned into what is judged."""

    call: Callable[[], Any]
    arrays: Callable[[Any], list[Array]]
    wait: Callable[[Any], None]

    def __call__(self) -> Any:
        """Compute, and return when everything is there: this is what is timed."""
        tree = self.call()
        self.wait(tree)
        return tree


@dataclass
class Prepared:
    """An implementation of a model at a size that agrees with the reference, and what preparing it took, in seconds."""

    runs: dict[str, Run]
    build: float
    to_device: float
    from_device: float = 0.0
    first: dict[str, float] = field(default_factory=dict)
    """The first call of each phase: tracing and compiling, where there is any, and one run."""
    steady: dict[str, float] = field(default_factory=dict)
    """A later call of each phase, roughly; how many make a round is decided by it."""
    worst: float = 0.0
    """The worst distance of any result from the truth, in units of spread."""


def no_wait(tree: Any) -> None:
    """For what computes while the caller waits."""


def clock(function: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds that a call takes, and what it returns."""
    begin = time.perf_counter()
    result = function()
    return time.perf_counter() - begin, result


def median(function: Callable[[], Any], count: int) -> float:
    """The median of count calls, in seconds."""
    return statistics.median(clock(function)[0] for _ in range(count))
