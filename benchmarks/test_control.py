"""Does waiting matter? A framework that dispatches asynchronously returns from a product long before it is computed."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest

from benchmarks.plan import Implementation
from benchmarks.running import clock
from benchmarks.table import duration
from benchmarks.workshop import Workshop, record
from gradwitness import frameworks
from gradwitness.arrays import Array
from gradwitness.rounding.arithmetic import Measured, measure
from gradwitness.verdict import judge

SIDE = 1024
"""Of square matrices, large enough that their product takes far longer than its dispatch."""
REPEATS = 10


def test_a_clock_that_does_not_wait_measures_dispatch(
    asynchronous: Implementation, workshop: Workshop, record_property: Callable[[str, object], None]
) -> None:
    row = record(asynchronous.framework, "product", "control", f"product-control-{asynchronous}")
    record_property("gradwitness", row)
    try:
        workshop.begin(asynchronous)
    except frameworks.Unavailable as reason:
        row["reason"] = str(reason)
        pytest.skip(str(reason))
    framework = frameworks.load(asynchronous.framework)
    x = framework.from_numpy(matrix(), asynchronous.device)
    product = framework.compile(lambda a: a @ a, asynchronous.mode)
    row["worst"] = judge("product", framework.to_numpy(product(x)), truth(), "float32")
    row["status"] = "agreed"
    dispatch, complete = [], []
    for _ in range(REPEATS):
        seconds, y = clock(lambda: product(x))
        framework.wait(y)
        dispatch.append(seconds)
        complete.append(clock(lambda: framework.wait(product(x)))[0])
        # What must be so on any machine, however loaded: nothing is on its way any more once wait has returned.
        assert _finished(asynchronous, y)
    without, waited = float(np.median(dispatch)), float(np.median(complete))
    workshop.results.notes.append(
        f"control: {asynchronous} multiplies two {SIDE}x{SIDE} matrices in {duration(waited)} with wait; "
        f"without it the clock shows {duration(without)}, {waited / without:.3g} times less"
    )


@cache
def truth() -> Measured:
    """The product, and what rounding may do to it."""
    return measure(lambda lift: [lift(matrix()) @ lift(matrix())], "float32", seed=0)[0]


@cache
def matrix() -> Array:
    """Random, (SIDE, SIDE)."""
    return np.random.default_rng(0).normal(size=(SIDE, SIDE)).astype(np.float32)


def _finished(who: Implementation, y: Any) -> bool:
    if who.framework == "jax":
        return bool(y.is_ready())
    if who.framework == "torch":
        return bool(sys.modules["torch"].cuda.current_stream().query())
    return True  # TensorFlow has nothing to ask
