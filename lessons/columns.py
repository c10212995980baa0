"""Training runs side by side: the reference and each framework, from the same weights on the same batches."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

import adapters
from conformance import loops
from conformance.loops import Loop, Params
from conformance.recipes import Recipe
from gradwitness.arrays import Array
from gradwitness.frameworks import Unavailable
from gradwitness.subjects.pair import tree_map

Tick = Callable[[], None]
Watch = Callable[[str], Tick]

COLUMNS = ("numpy", *adapters.NAMES)
SAMPLES = 2
"""Perturbed runs to measure rounding by: few, and steadied by what they show along the whole path."""


@dataclass(frozen=True)
class History:
    """What a run leaves.

    losses           (steps + 1,): before each update, and after the last on the batch that came last
    initial, final   outputs on the test set before and after
    seconds          the first step, in which a framework compiles, and all others
    weights          parameters and running statistics afterwards
    """

    losses: Array
    initial: Array
    final: Array
    seconds: tuple[float, float]
    weights: tuple[Params, Params]

    @property
    def steps(self) -> int:
        """How many updates were made."""
        return len(self.losses) - 1

    @property
    def values(self) -> Array:
        """All numbers that columns can be compared by: losses and outputs, in one row."""
        return np.concatenate([self.losses, self.initial.ravel(), self.final.ravel()])


@contextmanager
def held() -> Iterator[threading.Event]:
    """Ctrl-C sets the event instead of breaking off half an update; the second one breaks off after all."""
    asked = threading.Event()

    def handle(_number: int, _frame: Any) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()

    before = signal.signal(signal.SIGINT, handle)
    try:
        yield asked
    finally:
        signal.signal(signal.SIGINT, before)


def run(loop: Loop, steps: int, tick: Tick = lambda: None) -> History:
    """Train for so many steps, calling tick after each; fewer after Ctrl-C."""
    losses: list[Array] = []
    clock = [time.perf_counter()]
    with held() as interrupted, np.errstate(all="ignore"):  # too large a rate overflows: the table shows it
        initial = loop.predict()
        clock = [time.perf_counter()] * 2
        while len(losses) < steps and not interrupted.is_set():
            losses.append(loop.step())
            tick()
            if len(losses) == 1:
                clock[1] = time.perf_counter()
        seconds = clock[1] - clock[0], time.perf_counter() - clock[1]
        final, weights = loop.predict(), tree_map(np.array, loop.weights())  # copies, and before the loss:
        after = loop.loss()  # in training, where PyTorch and Keras update running statistics
        return History(np.stack([*losses, after]), initial, final, seconds, weights)


def complete(history: History, steps: int) -> History:
    """The history, if it has so many steps. Raises KeyboardInterrupt: nothing else ends a run before."""
    if history.steps < steps:
        raise KeyboardInterrupt
    return history


def fill_columns(
    recipe: Recipe,
    dtype: Any,
    names: Iterable[str],
    columns: dict[str, History],
    missing: dict[str, str],
    watch: Watch,
    what: object,
    threads: int,
) -> None:
    """Run a recipe in every column, each with so many threads.

    columns   gets the runs, as they end
    missing   gets the reason for each column that there is not

    Raises KeyboardInterrupt after Ctrl-C. The run that it broke off is kept.
    """
    for name in names:
        watch(f"{name}: loading")
        try:
            loop = loops.reference(recipe, dtype) if name == "numpy" else loops.adapted(name, recipe, dtype, threads=threads)
            columns[name] = run(loop, recipe.steps, watch(f"{name}: {what}"))
        except Unavailable as reason:
            missing[name] = str(reason)
        except Exception as error:  # what a framework raises is its own business: torch, for one, where a prediction is nan
            if name == "numpy":
                raise
            missing[name] = f"{type(error).__name__}: {error}"
        else:
            complete(columns[name], recipe.steps)
