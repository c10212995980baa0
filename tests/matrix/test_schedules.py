"""Every schedule of the reference against the framework's own, over 50 steps, in the dtype that the framework computes it in."""

from typing import Any

import numpy as np
import pytest

import adapters
from conformance.having import having
from gradwitness.rounding.arithmetic import measure
from gradwitness.verdict import judge
from reference import SCHEDULES, Schedule
from reference.case import seed
from reference.schedules import rate

STEPS = 50
DTYPE = {"tensorflow": "float32"}
"""Keras computes its schedules in float32, whatever the dtype of the parameters. Others compute them in float64."""

CURVES = [
    Schedule("constant", {"lr": 0.5}),
    Schedule("step", {"lr": 0.5, "every": 7, "factor": 0.5}),
    Schedule("exponential", {"lr": 0.5, "factor": 0.9375}),
    Schedule("cosine", {"lr": 0.5, "steps": 50}),
    Schedule("cosine", {"lr": 0.5, "steps": 49, "end": 0.0625}),
    Schedule("linear_warmup", {"lr": 0.5, "steps": 10, "start": 0.0625}),
    Schedule("one_cycle", {"lr": 0.5, "steps": 50, "peak": 15}),
    Schedule("one_cycle", {"lr": 0.5, "steps": 49, "peak": 20, "div": 8.0, "final_div": 64.0}),
]


@pytest.mark.parametrize("name", adapters.NAMES)
@pytest.mark.parametrize("curve", CURVES, ids=lambda c: f"{c.name}-{CURVES.index(c)}")
def test_a_schedule_has_the_framework_s_rates(curve: Schedule, name: str) -> None:
    adapter = having(name, "schedules", curve.name)
    dtype = DTYPE.get(name, "float64")
    steps = np.arange(STEPS).astype(dtype)
    (expected,) = measure(lambda lift: [curve(lift(steps))], dtype, seed=seed(curve.name))
    judge("rate", adapter.rates(adapter.schedules[curve.name](**curve.hyper), STEPS), expected, dtype)


@pytest.mark.parametrize("curve", CURVES, ids=lambda c: f"{c.name}-{CURVES.index(c)}")
def test_one_step_is_a_point_of_the_curve(curve: Schedule) -> None:
    assert [rate(curve, t) for t in range(STEPS)] == curve(np.arange(STEPS)).tolist()


def test_landmarks() -> None:
    # what each schedule is for, at the steps where its value is known without the formula
    at = SCHEDULES
    assert at["step"](np.array([0, 4, 5, 9, 10]), lr=1.0, every=5, factor=0.5).tolist() == [1, 1, 0.5, 0.5, 0.25]
    assert at["exponential"](3, lr=8.0, factor=0.5) == 1.0
    assert [float(at["cosine"](t, lr=1.0, steps=8, end=0.5)) for t in (0, 4, 8, 100)] == [1.0, 0.75, 0.5, 0.5]
    assert [float(at["linear_warmup"](t, lr=1.0, steps=4)) for t in (0, 1, 4, 9)] == [0.0, 0.25, 1.0, 1.0]
    assert [float(at["one_cycle"](t, lr=1.0, steps=8, peak=2, div=4, final_div=16)) for t in (0, 2, 8)] == [0.25, 1.0, 1 / 64]


def test_a_cosine_past_its_end_stays_but_rises_again_in_pytorch() -> None:
    adapter = having("torch", "schedules", "cosine")
    rates = adapter.rates(adapter.schedules["cosine"](lr=0.5, steps=10), 21)
    assert (SCHEDULES["cosine"](np.arange(10, 21), lr=0.5, steps=10) == 0).all()
    assert (np.diff(rates[:11]) < 0).all()
    assert (np.diff(rates[10:]) > 0).all()


@pytest.mark.parametrize(
    ("name", "hyper", "message"),
    [
        ("step", {"every": 0, "factor": 0.5}, "step: every is 0; wanted every >= 1"),
        ("step", {"every": 1, "factor": -0.5}, "step: factor is -0.5; wanted factor >= 0"),
        ("exponential", {"factor": -0.5}, "exponential: factor is -0.5; wanted factor >= 0"),
        ("cosine", {"steps": 0}, "cosine: steps is 0; wanted steps >= 1"),
        ("linear_warmup", {"steps": 0}, "linear_warmup: steps is 0; wanted steps >= 1"),
        ("one_cycle", {"steps": 5, "peak": 5}, "one_cycle: peak is 5; wanted 0 < peak < 5"),
    ],
)
def test_bad_numbers_are_named(name: str, hyper: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}"):
        SCHEDULES[name](3, lr=1.0, **hyper)
