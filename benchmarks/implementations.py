"""An implementation, prepared: built and moved once, each phase a function without arguments, first calls on the clock."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable
from functools import cache, partial
from typing import Any

import numpy as np

import adapters
from benchmarks import models, ops, peers
from benchmarks.devices import actual
from benchmarks.plan import PHASES, REFERENCE, Implementation, Place
from benchmarks.problems import Conventions, evidence, judge_phase, of_framework
from benchmarks.running import TRANSFERS, Prepared, clock, median
from benchmarks.sizes import OPS, PEERS
from conformance import threads
from gradwitness import frameworks
from gradwitness.subjects.pair import Subject


def prepare(place: Place, phases: Iterable[str]) -> Prepared:
    """Build, compile and verify: loss and gradients in any case, and what the selected phases return.

    Raises gradwitness.Disagreement where a result is wrong.
    """
    conventions = conventions_of(place)
    prepared = build(place, evidence(place.model, place.size, conventions).subject)
    for phase in dict.fromkeys(("forward+backward", *phases)):
        run = prepared.runs[phase]
        prepared.first[phase], tree = clock(run)
        results = run.arrays(tree)
        if phase == "forward+backward":
            prepared.from_device = median(partial(run.arrays, tree), TRANSFERS)
        distances = judge_phase(place.model, place.size, conventions, phase, results)
        prepared.worst = max(prepared.worst, *distances.values())
        prepared.steady[phase] = median(run, 3)
    return prepared


def build(place: Place, subject: Subject, phases: Collection[str] = PHASES) -> Prepared:
    """An implementation of what the phases need, built and moved; nothing is called."""
    name, who = place.model, place.implementation
    if who.framework in PEERS:
        prepared: Prepared = peers.load(who.framework).prepare(name, subject)
        return prepared
    if name in OPS:
        return ops.reference(name, subject) if who == REFERENCE else ops.adapter(name, subject, who)
    return models.reference(name, subject) if who == REFERENCE else models.adapter(name, subject, who, phases)


def conventions_of(place: Place) -> Conventions:
    """The conventions of the framework whose results are judged."""
    who = place.implementation
    if who == REFERENCE or who.framework in PEERS or place.model in OPS:
        return ()
    return of_framework(place.model, adapters.load(who.framework).models[place.model].conventions)


@cache
def load(name: str, count: int) -> tuple[Any, float]:
    """The adapter of a framework, or the peer, that computes with count threads, and the seconds that importing took.

    Raises gradwitness.frameworks.Unavailable where it is missing or broken.
    """
    begin = time.perf_counter()
    if name in PEERS:
        peer = peers.load(name)
        threads.limit_loaded(count)
        return peer, time.perf_counter() - begin
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
    if who.framework in PEERS:  # nothing to start
        return 0.0
    framework = adapter.framework
    try:
        frameworks.require_device(who.framework, actual(who.device), framework.devices())
    except ValueError as reason:
        raise frameworks.Unavailable(str(reason)) from reason
    x = framework.from_numpy(np.ones((2, 3), np.float32), actual(who.device))
    return clock(lambda: framework.wait(framework.vjp(adapter.ops["tanh"], who.mode)((x,), x)))[0]
