"""`check` calls no right function wrong and no wrong one right: float64 detours, scales, narrow features, constants, edges."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gradwitness.checking import check
from gradwitness.report.report import Report
from tests.judging.everyday import CONSTANTS, DETOURS, Pair, elementwise

DRAWS = 20
SCALES = [1e-30, 1e-12, 1e-3, 1.0, 1e10, 1e30]


def report(pair: Pair, inputs: Any, seed: int = 0) -> Report:
    return check(*pair, inputs, seed=seed, cached=True)


def planted(pair: Pair, error: float) -> Pair:
    """The same pair with a relative error in the first element of its first gradient."""
    forward, backward = pair

    def wrong(dout: Any, cache: Any) -> Any:
        gradients = backward(dout, cache)
        first, *others = gradients if isinstance(gradients, tuple) else (gradients,)
        first = np.array(first)
        first.flat[0] *= 1 + error
        return (first, *others)

    return forward, wrong


@pytest.mark.parametrize("name", DETOURS)
def test_a_detour_through_float64_is_no_mistake(name: str) -> None:
    pair, draw = DETOURS[name]
    verdicts = [report(pair, draw(np.random.default_rng(seed)), seed).verdict for seed in range(DRAWS)]
    assert set(verdicts) == {"right"}


@pytest.mark.parametrize("name", DETOURS)
def test_a_mistake_beside_a_detour_is_seen(name: str) -> None:
    pair, draw = DETOURS[name]
    assert report(planted(pair, 1e-6), draw(np.random.default_rng(1))).verdict == "wrong"


def test_the_noise_of_a_cut_is_seen() -> None:
    """math.sqrt makes a Python float of a longdouble."""
    pair, draw = DETOURS["math.sqrt"]
    assert "cut to float64" in report(pair, draw(np.random.default_rng(0))).examined


@pytest.mark.parametrize("name", CONSTANTS)
def test_a_constant_written_two_ways_is_no_mistake(name: str) -> None:
    for seed in range(2 * DRAWS):
        x = np.random.default_rng(seed).normal(size=(4, 5))
        assert report(CONSTANTS[name], (x,), seed).ok, seed


def both(function: Any, first: Any, second: Any) -> Pair:
    """A function of x and y, and its two derivatives."""
    return lambda x, y: (function(x, y), (x, y)), lambda dout, cache: (dout * first(*cache), dout * second(*cache))


SCALED: dict[str, Pair] = {
    "exp(x/s)": both(lambda x, s: np.exp(x / s), lambda x, s: np.exp(x / s) / s, lambda x, s: -np.exp(x / s) * x / s / s),
    "tanh(x/s)": both(
        lambda x, s: np.tanh(x / s),
        lambda x, s: (1 - np.tanh(x / s) ** 2) / s,
        lambda x, s: -(1 - np.tanh(x / s) ** 2) * x / s / s,
    ),
    "sin(x/s)": both(lambda x, s: np.sin(x / s), lambda x, s: np.cos(x / s) / s, lambda x, s: -np.cos(x / s) * x / s / s),
    "hypot": both(np.hypot, lambda x, y: x / np.hypot(x, y), lambda x, y: y / np.hypot(x, y)),
    "x y / (x^2 + y^2)": both(
        lambda x, y: x * y / (x * x + y * y),
        lambda x, y: y / (x * x + y * y) - 2 * x * x * y / (x * x + y * y) ** 2,
        lambda x, y: x / (x * x + y * y) - 2 * x * y * y / (x * x + y * y) ** 2,
    ),
    "x^2 + y^2": both(lambda x, y: x**2 + y**2, lambda x, y: 2 * x, lambda x, y: 2 * y),
    "x^3 - y^3": both(lambda x, y: x**3 - y**3, lambda x, y: 3 * x**2, lambda x, y: -3 * y**2),
    "abs": both(lambda x, y: abs(x) - abs(y), lambda x, y: np.sign(x), lambda x, y: -np.sign(y)),
}


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("name", SCALED)
def test_any_scale(name: str, scale: float) -> None:
    rng = np.random.default_rng(3)
    inputs = (scale * rng.normal(size=5), scale * rng.uniform(0.5, 2.0, size=5))
    assert report(SCALED[name], inputs).ok
    assert report(planted(SCALED[name], 1e-6), inputs).verdict == "wrong"


def test_inputs_of_mixed_scales() -> None:
    def forward(x: Any, w: Any) -> Any:
        return np.tanh(x @ w), (x, w)

    def backward(dout: Any, cache: Any) -> Any:
        x, w = cache
        dz = dout * (1 - np.tanh(x @ w) ** 2)
        return dz @ w.T, x.T @ dz

    rng = np.random.default_rng(4)
    inputs = (1e-7 * rng.normal(size=(3, 4)), 1e6 * rng.normal(size=(4, 2)))
    assert report((forward, backward), inputs).ok
    assert report(planted((forward, backward), 1e-6), inputs).verdict == "wrong"


def bump(x: Any) -> Any:
    return np.exp(-(((x - 1) / 1e-3) ** 2))


NARROW: dict[str, tuple[Pair, Pair]] = {
    "a bump": (
        elementwise(lambda x: 3 * x + bump(x), lambda x: 3 - 2 * (x - 1) / 1e-6 * bump(x)),
        elementwise(lambda x: 3 * x + bump(x), lambda x: 3.0),
    ),
    "sin(64 x)": (
        elementwise(lambda x: np.sin(64 * x), lambda x: 64 * np.cos(64 * x)),
        elementwise(lambda x: np.sin(64 * x), lambda x: 0 * x),
    ),
    "sin(2 pi 32 x)": (
        elementwise(lambda x: np.sin(2 * np.pi * 32 * x), lambda x: 2 * np.pi * 32 * np.cos(2 * np.pi * 32 * x)),
        elementwise(lambda x: np.sin(2 * np.pi * 32 * x), lambda x: 0 * x),
    ),
    "a triangle wave": (
        elementwise(lambda x: abs(20 * x % 2 - 1), lambda x: 20 * np.sign(20 * x % 2 - 1)),
        elementwise(lambda x: abs(20 * x % 2 - 1), lambda x: 0 * x),
    ),
    "round": (
        elementwise(lambda x: np.round(x * 1024) / 1024, lambda x: 0 * x),
        elementwise(lambda x: np.round(x * 1024) / 1024, lambda x: 1 + 0 * x),
    ),
}
"""A right and a wrong backward of a function with features that are narrow against its inputs."""


@pytest.mark.parametrize("name", NARROW)
@pytest.mark.parametrize("seed", range(4))
def test_narrow_features(name: str, seed: int) -> None:
    right, wrong = NARROW[name]
    x = 1 + 1e-3 * np.random.default_rng(seed).normal(size=3)
    assert report(right, x, seed).ok
    assert report(wrong, x, seed).verdict == "wrong"


@pytest.mark.parametrize("size", [1, 20])
def test_float32_inside_is_rounding(size: int) -> None:
    pair = elementwise(lambda x: (x.astype(np.float32) ** 2).astype(np.float64), lambda x: 2 * x)
    for seed in range(8):
        assert report(pair, np.random.default_rng(seed).normal(size=size), seed).verdict != "wrong"


DOMAINS: dict[str, tuple[Pair, list[float]]] = {
    "log": (elementwise(np.log, lambda x: 1 / x), [1e-9, 1.0, 3.0]),
    "sqrt": (elementwise(np.sqrt, lambda x: 0.5 / np.sqrt(x)), [1e-9, 1.0]),
    "arccos": (elementwise(np.arccos, lambda x: -1 / np.sqrt(1 - x * x)), [0.999999, -0.99, 0.1]),
}


@pytest.mark.parametrize("name", DOMAINS)
def test_a_step_out_of_the_domain_is_not_taken(name: str) -> None:
    pair, x = DOMAINS[name]
    assert report(pair, np.array(x)).ok
    assert report(planted(pair, 1e-5), np.array(x)).verdict == "wrong"


def test_a_forward_that_raises_beside_the_point() -> None:
    def forward(x: Any) -> Any:
        if (x <= 0).any():
            raise ValueError("x must be positive")
        return np.log(x), {"x": x}

    assert report((forward, lambda dout, cache: dout / cache["x"]), np.array([1e-3, 1.0])).ok
