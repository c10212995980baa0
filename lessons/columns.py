"""Training runs side by side: the reference and each framework, from the same weights on the same batches."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
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
"""Called after each step."""
Watch = Callable[[str], Tick]
"""Called with a description when a run begins."""
Weights = tuple[Params, Params]
"""Parameters and running statistics, by the reference's names."""

COLUMNS = ("numpy", *adapters.NAMES)
SAMPLES = 2
"""Perturbed runs by which rounding is measured. Few are enough, because all steps of a path are measured together."""


@dataclass(frozen=True)
class History:
    """What a run leaves.

    losses           (steps + 1,): before each update; the last is the loss of the last batch, after its update
    initial, final   outputs on the test set before and after training
    seconds          of the first step, in which a framework compiles, and of all others together
    weights          after training
    kept             number of updates -> the weights after so many
    outputs          number of updates -> the outputs on the test set after so many
    """

    losses: Array
    initial: Array
    final: Array
    seconds: tuple[float, float]
    weights: Weights
    kept: dict[int, Weights] = field(default_factory=dict)
    outputs: dict[int, Array] = field(default_factory=dict)

    @property
    def steps(self) -> int:
        """How many updates were made."""
        return len(self.losses) - 1

    @property
    def values(self) -> Array:
        """All numbers by which columns can be compared, in one row: losses and outputs."""
        return np.concatenate([self.losses, self.initial.ravel(), self.final.ravel()])


@contextmanager
def held() -> Iterator[threading.Event]:
    """Hold Ctrl-C back. The first sets the event, and no update is broken off half-way; the second raises KeyboardInterrupt."""
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


def run(loop: Loop, steps: int, tick: Tick = lambda: None, keep: Collection[int] = (), predict: Collection[int] = ()) -> History:
    """Train for so many steps, fewer after Ctrl-C.

    tick      is called after each step
    keep      after how many updates weights are kept
    predict   after how many updates outputs on the test set are kept. Their time does not count
    """
    losses: list[Array] = []
    kept: dict[int, Weights] = {}
    outputs: dict[int, Array] = {}
    clock = [time.perf_counter()]
    with held() as interrupted, np.errstate(all="ignore"):  # a rate that is too large overflows: the table shows it
        initial = loop.predict()
        clock = [time.perf_counter()] * 2
        while len(losses) < steps and not interrupted.is_set():
            if len(losses) in keep:
                kept[len(losses)] = _copied(loop)
            if losses and len(losses) in predict:
                began = time.perf_counter()
                outputs[len(losses)] = loop.predict()
                clock[1] += time.perf_counter() - began
            losses.append(loop.step())
            tick()
            if len(losses) == 1:
                clock[1] = time.perf_counter()
        seconds = clock[1] - clock[0], time.perf_counter() - clock[1]
        # Before the loss: PyTorch and Keras update running statistics whenever they compute the loss in training.
        final, weights = loop.predict(), _copied(loop)
        after = loop.loss()
        kept, outputs = {**kept, len(losses): weights}, {0: initial, **outputs, len(losses): final}
        return History(np.stack([*losses, after]), initial, final, seconds, weights, kept, outputs)


def _copied(loop: Loop) -> Weights:
    params, state = tree_map(np.array, loop.weights())
    return params, state


def complete(history: History, steps: int) -> History:
    """The history if it has so many steps. Raises KeyboardInterrupt otherwise, for only Ctrl-C ends a run early."""
    if history.steps < steps:
        raise KeyboardInterrupt
    return history


@dataclass
class Columns:
    """The runs of a recipe, filled in as they end.

    runs      column -> its run
    missing   column -> why there is none
    """

    runs: dict[str, History] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)

    @property
    def others(self) -> dict[str, History]:
        """The runs of the frameworks."""
        return {name: history for name, history in self.runs.items() if name != "numpy"}

    def fill(
        self,
        recipe: Recipe,
        dtype: Any,
        names: Iterable[str],
        watch: Watch,
        threads: int,
        keep: Collection[int] = (),
        predict: Collection[int] = (),
    ) -> None:
        """Run a recipe in each of these columns, with so many threads.

        keep, predict   as `run` says; weights are kept of the reference alone

        Raises KeyboardInterrupt after Ctrl-C. The run that it broke off is kept.
        """
        for name in names:
            watch(f"{name}: loading")
            try:
                ours = name == "numpy"
                loop = loops.reference(recipe, dtype) if ours else loops.adapted(name, recipe, dtype, threads=threads)
                self.runs[name] = run(loop, recipe.steps, watch(f"{name}: training"), keep if ours else (), predict)
            except Unavailable as reason:
                self.missing[name] = str(reason)
            except Exception as error:  # a framework raises what it likes: torch raises where a prediction is nan
                if name == "numpy":
                    raise
                self.missing[name] = f"{type(error).__name__}: {error}"
            else:
                complete(self.runs[name], recipe.steps)
