"""The slope of a function of one number at 0: its error bar holds, and what has no slope is told."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradwitness.derivative.line import Line
from gradwitness.derivative.slope import Slope, slope

Real = np.longdouble
EPS = float(np.finfo(Real).eps)
STEP = 0.37


def found(function: Callable[[Any], Any], level: float = EPS, seed: int = 0, step: float = STEP, **limits: float) -> Slope:
    """The slope of a function whose values have relative noise of some level."""
    rng = np.random.default_rng(seed)
    start = Real(function(Real(0)))

    def value(t: float) -> Any:
        exact = Real(function(Real(t)))
        return exact + Real(level * rng.normal()) * max(abs(exact), abs(start)) - start

    return slope(Line(value, lambda t: level * float(max(abs(Real(function(Real(t)))), abs(start)))), step, **limits)


SMOOTH: dict[str, tuple[Callable[[Any], Any], float]] = {
    "a line": (lambda t: 3 * t + 1, 3.0),
    "a square": (lambda t: (1 + t) ** 2, 2.0),
    "exp": (np.exp, 1.0),
    "tanh": (lambda t: np.tanh(20 * t), 20.0),
    "sin of a high frequency": (lambda t: np.sin(2 * np.pi * 64 * t), 2 * np.pi * 64),
    "a narrow feature": (lambda t: 3 * t + np.exp(-(((t - Real("5e-4")) / Real("1e-3")) ** 2)), 3 + 1e3 * math.exp(-0.25)),
    "a very narrow feature": (lambda t: 3 * t + np.exp(-(((t - Real("5e-7")) / Real("1e-6")) ** 2)), 3 + 1e6 * math.exp(-0.25)),
    "a triangle wave": (lambda t: abs((20 * (t + Real("0.013")) + 1) % 2 - 1), 20.0),
    "log, with an edge near": (lambda t: np.log(t + Real("1e-3")), 1e3),
    "a faint joint beside the point": (lambda t: 60 * t + Real("1e-4") * np.maximum(t - Real("5e-5"), 0) ** 2, 60.0),
    "a kink beside the point": (lambda t: abs(t - Real("1e-4")), -1.0),
    "nearly nothing on a large number": (lambda t: Real(1e6) + t, 1.0),
}


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning", "ignore:divide by zero:RuntimeWarning")
@pytest.mark.parametrize("level", [EPS, 1e-16, 1e-12])
@pytest.mark.parametrize("name", SMOOTH)
def test_the_error_bar_holds(name: str, level: float) -> None:
    function, truth = SMOOTH[name]
    for seed in range(5):
        one = found(function, level, seed)
        assert one.kind == "smooth"
        assert abs(one.value - Real(truth)) <= one.error + 4 * 2.3e-16 * abs(truth), (seed, one)  # truth is a float64


@pytest.mark.parametrize("at_the_point", [0.0, 0.3, 1.0])
def test_the_error_bar_holds_where_second_derivatives_jump(at_the_point: float) -> None:
    bars = []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        rates, heights = rng.normal(size=20), np.exp(rng.uniform(-2, 2, 20)) * rng.normal(size=20)
        beside = np.exp(rng.uniform(-9, 1, 20)) * rng.choice([-1, 1], 20)
        joints = np.where(rng.random(20) < at_the_point, 0, beside).astype(Real)

        def function(t: Any, rates: Any = rates, heights: Any = heights, joints: Any = joints) -> Any:
            return np.sum(heights * np.maximum(t - joints, 0) ** 2 + np.sin(rates * t))

        one = found(function, 1e-16, seed)
        truth = np.sum(heights * 2 * np.maximum(-joints, 0) + rates)
        assert one.kind == "smooth"
        assert abs(one.value - truth) <= one.error, seed
        bars.append(float(one.error))
    assert np.median(bars) < 1e-6


@pytest.mark.parametrize(("seed", "level"), [(67, 1e-16), (67, 1e-13), (237, 1e-13), (8, 1e-13), (9, 1e-16)])
def test_the_error_bar_holds_where_many_second_derivatives_jump(seed: int, level: float) -> None:
    """A sum of x / (1 + |x|) over 300 numbers: its quotients fall by factors between 2 and 4 at all steps."""
    rng = np.random.default_rng(seed)
    numbers, signs, weights = rng.normal(size=300), rng.choice([-1.0, 1.0], 300), rng.normal(size=300)
    x, d, c = (each.astype(Real) for each in (numbers, signs, weights))
    one = found(lambda t: np.sum(c * (x + d * t) / (1 + abs(x + d * t))), level * math.sqrt(300), seed)
    assert abs(one.value - np.sum(c * d / (1 + abs(x)) ** 2)) <= one.error
    assert one.error < 1e-5


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning", "ignore:divide by zero:RuntimeWarning")
@pytest.mark.parametrize("name", SMOOTH)
def test_the_error_bar_is_small(name: str) -> None:
    function, truth = SMOOTH[name]
    assert found(function).error < 1e-7 * abs(truth)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(("below", "above"), [(-1.0, 1.0), (0.0, 1.0), (0.3, 0.2)])
def test_kinks(below: float, above: float, sign: int) -> None:
    one = found(lambda t: sign * np.where(t < 0, below * t, above * t) + np.exp(t))
    assert one.kind == "kink"
    assert abs(one.difference - sign * Real(above - below)) <= one.difference_error + 1e-12
    assert abs(one.value - 1 - sign * Real(above + below) / 2) <= one.error + 1e-12


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning", "ignore:divide by zero:RuntimeWarning")
@pytest.mark.parametrize(
    ("function", "kind"),
    [
        (lambda t: np.floor(t) + t, "jump"),
        (lambda t: np.sign(t), "jump"),
        (lambda t: Real(t == 0), "jump"),
        (lambda t: np.sqrt(abs(t)), "undefined"),
        (np.cbrt, "undefined"),
        (np.sqrt, "undefined"),
        (np.log, "undefined"),
    ],
    ids=["floor", "sign", "one point", "sqrt of abs", "cube root", "an edge", "no value"],
)
def test_what_has_no_slope(function: Callable[[Any], Any], kind: str) -> None:
    assert found(function).kind == kind


@pytest.mark.parametrize("power", [4 / 3, 1.5, 1.9])
def test_a_slope_that_is_reached_slowly_is_no_kink_and_no_jump(power: float) -> None:
    one = found(lambda t: np.sign(t) * abs(t) ** Real(power))
    assert one.kind == "smooth"
    assert abs(one.value) <= one.error


@pytest.mark.parametrize("scale", [1e-30, 1e-12, 1.0, 1e12, 1e30])
def test_any_scale(scale: float) -> None:
    one = found(lambda t: np.exp(t / Real(scale)), step=STEP * scale)
    assert abs(one.value * Real(scale) - 1) <= one.error * Real(scale)
    assert one.error * scale < 1e-14
