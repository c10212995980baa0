"""An implementation, prepared: built and moved once, each phase a function without arguments, first calls on the clock."""

from __future__ import annotations

import time
from collections.abc import Iterable
from functools import cache, partial
from typing import Any

import numpy as np

import adapters
from benchmarks import ops, threads
from benchmarks.plan import OP_SIZES, REFERENCE, Implementation, Place
from benchmarks.problems import RATE, evidence, judge_phase, trained
from benchmarks.running import TRANSFERS, Prepared, Run, clock, median, no_wait
from gradwitness import frameworks
from gradwitness.arithmetic import Array
from gradwitness.subject import Subject
from reference import MODELS


def prepare(place: Place, phases: Iterable[str]) -> Prepared:
    """Build, compile and verify: loss and gradients in any case, and what the selected phases return.

    Raises gradwitness.Disagreement where a result is wrong.
    """
    subject = evidence(place.model, place.size).subject
    prepared = _build(place, subject)
    for phase in dict.fromkeys(("forward+backward", *phases)):
        run = prepared.runs[phase]
        prepared.first[phase], tree = clock(run)
        results = run.arrays(tree)
        if phase == "forward+backward":
            prepared.from_device = median(partial(run.arrays, tree), TRANSFERS)
        prepared.worst = max(prepared.worst, *judge_phase(place.model, place.size, phase, results).values())
        prepared.steady[phase] = median(run, 3)
    return prepared


def _build(place: Place, subject: Subject) -> Prepared:
    name, who = place.model, place.implementation
    if name in OP_SIZES:
        return ops.reference(name, subject) if who == REFERENCE else ops.adapter(name, subject, who)
    return _reference(place, subject) if who == REFERENCE else _adapter(place, subject)


def _reference(place: Place, subject: Subject) -> Prepared:
    op, numpy = MODELS[place.model], frameworks.load("numpy")
    params, x = subject.inputs
    labels = subject.static["labels"]
    forward = partial(op.forward, labels=labels)
    steps = trained(place.model, params, x, labels)
    runs = {
        "forward": Run(lambda: forward(params, x)[0], lambda loss: [loss], no_wait),
        "forward+backward": Run(
            partial(numpy.vjp((forward, op.backward)), subject.inputs, subject.cotangent),
            lambda result: [result[0], *subject.align(result[1])],
            no_wait,
        ),
        "step": Run(partial(next, steps), lambda result: [result[0], *result[1].values()], no_wait),
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
    wait = framework.wait if who.asynchronous else no_wait
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
