"""How time is taken: by pytest-benchmark's fixture, garbage collection off, in rounds that alternate between implementations.

A round calls an implementation until `ROUND` seconds have passed, and counts seconds per call. Before the rounds that count, each
implementation is warmed up until it is steady: until the median of its last three rounds is less than `STEADY` away from that of
the three before. Every round has all implementations: what disturbs the machine for a while disturbs all of them. Their orders
are a design of Williams ("Experimental designs balanced for the estimation of residual effects of treatments", 1949): in a cycle
of rounds each comes equally often at each place and right after each other one, whose data it finds in the cache.
"""

from __future__ import annotations

import inspect
import logging
import math
import statistics
import time
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import AbstractContextManager
from functools import cache
from itertools import islice
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
from pytest_benchmark import fixture, utils

ROUND = 5e-3
"""Seconds that a round takes at least."""
STEADY = 0.05
WARM = 6
"""Rounds of warming up at least; and `WARM_LIMIT` at most, or `WARM_SECONDS`."""
WARM_LIMIT = 24
WARM_SECONDS = 3.0
MIN_ROUNDS = 5
RESAMPLES = 2000

_fixtures: Any = fixture  # without types
_utils: Any = utils
Call = Callable[[], Any]
Key = Hashable


class Warm(NamedTuple):
    """Rounds until an implementation was steady, whether it was, and seconds of a call then."""

    rounds: int
    steady: bool
    seconds: float


class Timed(NamedTuple):
    """What is timed: the call, and the settings of its framework in which it is called."""

    call: Call
    settings: Callable[[], AbstractContextManager[Any]]


def seconds(timed: Timed, iterations: int = 1) -> float:
    """Seconds per call of one round."""
    benchmark = _fixture()
    with timed.settings():
        benchmark.pedantic(timed.call, rounds=1, iterations=iterations)
    return float(benchmark.stats.stats.data[0])


def _fixture() -> Any:
    """pytest-benchmark's fixture, without a test. Its versions take different settings; what a version adds stays off."""
    settings: dict[str, Any] = {
        "node": SimpleNamespace(name="round", nodeid="round"), "disable_gc": True, "timer": _utils.NameWrapper(time.perf_counter),
        "min_rounds": 1, "min_time": ROUND, "max_time": 1.0, "warmup": False, "warmup_iterations": 0, "calibration_precision": 10,
        "add_stats": lambda stats: None, "logger": logging.getLogger("benchmarks"), "warner": None, "disabled": False,
        "cprofile": None, "cprofile_loops": None, "cprofile_dump": None,
    }  # fmt: skip
    return _fixtures.BenchmarkFixture(**{name: settings.get(name) for name in _arguments()})


@cache
def _arguments() -> tuple[str, ...]:
    return tuple(inspect.signature(_fixtures.BenchmarkFixture).parameters)


def effort(call_seconds: float) -> int:
    """Calls in a round, for a call that takes so long."""
    return max(1, math.ceil(ROUND / max(call_seconds, 1e-9)))


def warm_up(timed: Timed) -> Warm:
    """Call it until it is steady, or for as long as warming up may take."""
    iterations = effort(seconds(timed))
    history: list[float] = []
    begin = time.perf_counter()
    while len(history) < WARM_LIMIT:
        history.append(seconds(timed, iterations))
        iterations = effort(min(history))
        if len(history) >= WARM and is_steady(history):
            return Warm(len(history), steady=True, seconds=statistics.median(history[-3:]))
        if len(history) >= 3 and time.perf_counter() - begin > WARM_SECONDS:
            break
    return Warm(len(history), steady=False, seconds=statistics.median(history[-3:]))


def is_steady(history: list[float]) -> bool:
    """Whether the last three rounds took as long as the three before."""
    before, last = statistics.median(history[-6:-3]), statistics.median(history[-3:])
    return abs(last - before) < STEADY * before


def interleave(timed: Mapping[Key, Timed], warm: Mapping[Key, Warm], rounds: int, seed: int) -> dict[Key, list[float]]:
    """Seconds per call of each round of each implementation; every round has all of them, in a balanced order."""
    rng = np.random.default_rng(seed)
    keys, taken = list(timed), {key: list[float]() for key in timed}
    iterations = {key: effort(warm[key].seconds) for key in keys}
    for order in islice(orders(len(keys), rng), rounds):
        for index in order:
            key = keys[index]
            taken[key].append(seconds(timed[key], iterations[key]))
    return taken


def orders(count: int, rng: np.random.Generator) -> Iterator[list[int]]:
    """Orders of so many things, without end: cycles of `count`, or of twice as many if that is odd. In a cycle every thing stands
    once (twice) at every place, and comes once (twice) right after every other; which is which is drawn.
    """
    zigzag = [-(-place // 2) * (1 if place % 2 else -1) for place in range(count)]  # 0, 1, -1, 2, -2, ...
    while True:
        names = rng.permutation(count)
        rows = [[int(names[(step + turn) % count]) for step in zigzag] for turn in range(count)]
        rows += [row[::-1] for row in rows] if count % 2 else []
        yield from (rows[number] for number in rng.permutation(len(rows)))


def interval(values: list[float], seed: int = 0) -> tuple[float, float]:
    """The bootstrap 95% interval of the median."""
    array = np.asarray(values)
    drawn = np.random.default_rng(seed).integers(0, len(array), size=(RESAMPLES, len(array)))
    low, high = np.percentile(np.median(array[drawn], axis=1), [2.5, 97.5])
    return float(low), float(high)
