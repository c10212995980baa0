"""An implementation, prepared: built and moved once, each phase a function without arguments, first calls on the clock."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any

import numpy as np

import adapters
from benchmarks import threads
from benchmarks.plan import REFERENCE, Implementation, Place
from benchmarks.problems import RATE, evidence, judge_phase, trained
from gradwitness import frameworks
from gradwitness.arithmetic import Array
from gradwitness.subject import Subject
from reference import MODELS

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


def prepare(place: Place, phases: Iterable[str]) -> Prepared:
    """Build, compile and verify: loss and gradients in any case, and what the selected phases return.

    Raises gradwitness.Disagreement where a result is wrong.
    """
    subject = evidence(place.model, place.size).subject
    prepared = _reference(place, subject) if place.implementation == REFERENCE else _adapter(place, subject)
    for phase in dict.fromkeys(("forward+backward", *phases)):
        run = prepared.runs[phase]
        prepared.first[phase], tree = clock(run)
        results = run.arrays(tree)
        if phase == "forward+backward":
            prepared.from_device = median(partial(run.arrays, tree), TRANSFERS)
        prepared.worst = max(prepared.worst, *judge_phase(place.model, place.size, phase, results).values())
        prepared.steady[phase] = median(run, 3)
    return prepared


def _reference(place: Place, subject: Subject) -> Prepared:
    op, numpy = MODELS[place.model], frameworks.load("numpy")
    params, x = subject.inputs
    labels = subject.static["labels"]
    forward = partial(op.forward, labels=labels)
    steps = trained(place.model, params, x, labels)
    runs = {
        "forward": Run(lambda: forward(params, x)[0], lambda loss: [loss], _no_wait),
        "forward+backward": Run(
            partial(numpy.vjp((forward, op.backward)), subject.inputs, subject.cotangent),  # type: ignore[arg-type]
            lambda result: [result[0], *subject.align(result[1])],
            _no_wait,
        ),
        "step": Run(partial(next, steps), lambda result: [result[0], *result[1].values()], _no_wait),
    }
    return Prepared(runs, build=0.0, to_device=median(lambda: (np.array(x), np.array(labels)), TRANSFERS))


def _adapter(place: Place, subject: Subject) -> Prepared:
    who = place.implementation
    adapter = adapters.load(who.framework)
    framework, spelling = adapter.framework, adapter.models[place.model]
    put = partial(framework.from_numpy, device=who.device)
    params, host_x = subject.inputs

    def send() -> tuple[Any, Any]:
        batch = put(host_x), put(subject.static["labels"])
        framework.wait(batch)
        return batch

    def build() -> Any:
        return spelling.from_reference(params, device=who.device)

    # Where there is a GPU, PyTorch's and TensorFlow's wait drain it even for what was computed, synchronously, on the CPU.
    wait = framework.wait if who.asynchronous else _no_wait
    seconds, model = clock(build)
    x, labels = send()
    gradients = adapter.gradients(model, who.mode)
    trainer = adapter.trainer(build(), adapter.optimizers["sgd"](**RATE), who.mode)  # its own model: it changes it

    def gradient_arrays(result: Any) -> list[Array]:
        loss, (dparams, dx) = result
        return [framework.to_numpy(loss), *subject.align((adapter.named(dparams, model), framework.to_numpy(dx)))]

    def step_arrays(result: Any) -> list[Array]:
        after = spelling.to_reference(trainer.model)
        return [framework.to_numpy(result[0]), *(after[name] for name in params)]

    runs = {
        "forward": Run(partial(adapter.loss(model, who.mode), x, labels), lambda loss: [framework.to_numpy(loss)], wait),
        "forward+backward": Run(partial(gradients, x, labels, put(subject.cotangent)), gradient_arrays, wait),
        # the loss may be there before the parameters are: wait for both
        "step": Run(lambda: (trainer.step(x, labels), trainer.model), step_arrays, wait),
    }
    return Prepared(runs, build=seconds, to_device=median(send, TRANSFERS))


def _no_wait(tree: Any) -> None:
    """For what computes while the caller waits."""


@cache
def load(name: str, count: int) -> tuple[Any, float]:
    """The adapter of a framework that computes with count threads, and the seconds that importing took.

    Raises gradwitness.frameworks.Unavailable where the framework is missing or broken.
    """
    begin = time.perf_counter()
    frameworks.load(name)
    threads.limit_framework(name, count)  # before the adapter computes anything
    return adapters.load(name), time.perf_counter() - begin


@cache
def start(who: Implementation, count: int) -> float:
    """Use a mode of a framework for the first time; the seconds that it took.

    The first function that is compiled pays for what all others use: looking for a C++ compiler, starting a backend.
    Raises gradwitness.frameworks.Unavailable where the framework or the device is missing or broken.
    """
    adapter, _ = load(who.framework, count)
    framework = adapter.framework
    try:
        frameworks.require_device(who.framework, who.device, framework.devices())
    except ValueError as reason:
        raise frameworks.Unavailable(str(reason)) from reason
    x = framework.from_numpy(np.ones((2, 3), np.float32), who.device)
    return clock(lambda: framework.wait(framework.vjp(adapter.ops["tanh"], who.mode)((x,), x)))[0]


def clock(function: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds that a call takes, and what it returns."""
    begin = time.perf_counter()
    result = function()
    return time.perf_counter() - begin, result


def median(function: Callable[[], Any], count: int) -> float:
    """The median of count calls, in seconds."""
    return statistics.median(clock(function)[0] for _ in range(count))
