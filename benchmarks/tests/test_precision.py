"""A narrow precision is verified in itself: honest results agree, and would not in float32; wrong ones do not."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks import problems
from benchmarks.implementations import build, conventions_of
from benchmarks.plan import Implementation, Place
from benchmarks.precision import UNITS, Mixed, timing
from benchmarks.problems import judge_phase, point
from gradwitness import Disagreement

SIZE = "32x16x16"


def results(who: Implementation, phase: str) -> tuple[Place, list[np.ndarray]]:
    place = Place(who, "mlp", SIZE)
    with timing(who):
        run = build(place, point("mlp", SIZE, conventions_of(place)), [phase]).runs[phase]
        return place, run.arrays(run())


@pytest.mark.parametrize("phase", ["forward+backward", "step"])
def test_bfloat16_agrees_in_bfloat16_and_not_in_float32(phase: str) -> None:
    pytest.importorskip("torch", reason="its autocast computes in bfloat16 on every CPU")
    who = Implementation("torch", "eager", "cpu", "bfloat16")
    place, arrays = results(who, phase)
    told = "mlp", SIZE, conventions_of(place), phase, arrays
    assert max(judge_phase(*told, precision="bfloat16").values()) < 32
    with pytest.raises(Disagreement):
        judge_phase(*told, precision="float32")
    problems.forget()


def test_a_wrong_gradient_is_seen_in_bfloat16() -> None:
    who = Implementation("numpy", "eager", "cpu")
    place, arrays = results(who, "forward+backward")
    arrays[4] = arrays[4] * 3  # of the hidden weights
    with pytest.raises(Disagreement):
        judge_phase("mlp", SIZE, conventions_of(place), "forward+backward", arrays, precision="bfloat16")
    problems.forget()


def test_a_long_sum_rounds_once() -> None:
    noise = Mixed("tf32", np.random.default_rng(0))
    ones = np.ones(10_000)
    off = np.abs(noise.round(ones, scale=1000.0) - 1)
    assert UNITS["tf32"] / 2 < off.max() <= UNITS["tf32"]
