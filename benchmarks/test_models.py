"""Forward, forward+backward and a training step of the reference's models, by everybody, at its sizes, and of single ops at one:
verified, then timed.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from benchmarks.plan import REFERENCE, Place, Timing
from benchmarks.problems import DTYPE
from benchmarks.running import Prepared
from benchmarks.sizes import OPS, PEERS
from benchmarks.workshop import NotTimed, Workshop, record
from gradwitness import Disagreement, frameworks

ROUND = 100e-6
"""Seconds that a round takes at least: a thousand times what reading the clock does."""
PASS = 0.05
"""Seconds that the rounds of a pass take together, within the limits below."""
ROUNDS = (3, 100)


def test_agrees(place: Place, workshop: Workshop, record_property: Callable[[str, object], None]) -> None:
    row = record(place.implementation.framework, place.model, place.size, str(place))
    record_property("gradwitness", row)
    row["status"] = "differ"  # until shown otherwise
    found = None
    try:
        row |= {"status": "agreed", "worst": _ready(workshop, place).worst}
    except pytest.skip.Exception as reason:
        row |= {"status": "not run", "reason": str(reason)}
        raise
    except Disagreement as error:
        row |= {"worst": error.ratio, "gradient": error.gradient}
        found = error
    if found:
        replay = f"replay: python -m pytest benchmarks/test_models.py {_options(place)}"
        pytest.fail(f"{place} in {DTYPE}:\n{found}\n{replay}", pytrace=False)


@pytest.fixture
def prepared(timing: Timing, workshop: Workshop) -> Prepared:
    """What is timed, verified; a fixture, so that without it no benchmark is begun."""
    return _ready(workshop, timing.place)


@pytest.mark.benchmark(disable_gc=True)
def test_time(timing: Timing, prepared: Prepared, workshop: Workshop, benchmark: Any) -> None:
    run = prepared.runs[timing.phase]
    iterations, rounds = _effort(prepared.steady[timing.phase])
    benchmark.group = " ".join(timing.group)
    benchmark.extra_info |= {
        "implementation": str(timing.place.implementation),
        "pass": timing.number,
        "compile": _compile(prepared, timing),
    }
    seconds, share = workshop.time(benchmark, run, rounds, iterations)
    loss = run.arrays(run())[0]
    assert np.isfinite(loss).all(), f"after the last round out is {loss}: what was timed had left the ground that was verified"
    if seconds:
        sample = workshop.results.samples[timing.group][timing.place.implementation]
        sample.seconds += seconds
        sample.shares.append(share)


def _ready(workshop: Workshop, place: Place) -> Prepared:
    try:
        return workshop.ready(place)
    except NotTimed as reason:
        pytest.skip(f"not timed: {reason}")
    except frameworks.Unavailable as reason:
        pytest.skip(str(reason))


def _effort(seconds: float) -> tuple[int, int]:
    """Calls per round, and rounds per pass, for something that takes so long."""
    iterations = max(1, math.ceil(ROUND / seconds))
    return iterations, min(max(ROUNDS[0], int(PASS / (iterations * seconds))), ROUNDS[1])


def _compile(prepared: Prepared, timing: Timing) -> float:
    return max(prepared.first[timing.phase] - prepared.steady[timing.phase], 0.0)


def _options(place: Place) -> str:
    who = place.implementation
    chosen = "" if who == REFERENCE else f" --adapter {who.framework} --mode {who.mode} --device {who.device}"
    chosen = f" --peer {who.framework}" if who.framework in PEERS else chosen
    what = f"--op {place.model}" if place.model in OPS else f"--model {place.model} --size {place.size}"
    return what + chosen
