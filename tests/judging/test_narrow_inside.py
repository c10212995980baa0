"""Code that computes in float32 or float16 on the way: its steps are no mistake of backward, and what they cost is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradwitness.checking import check
from gradwitness.report.report import Report

RNG = np.random.default_rng(0)
X, W = RNG.normal(size=(4, 3)), RNG.normal(size=(3, 2))


def variable(dtype: str) -> Callable[..., Any]:
    def forward(x: Any, w: Any) -> Any:
        h = (x @ w).astype(dtype)
        return np.tanh(h.astype(np.float64)), (x, w)

    return forward


def one_line(dtype: str) -> Callable[..., Any]:
    def forward(x: Any, w: Any) -> Any:
        return np.tanh(narrowed(x @ w, dtype)), (x, w)

    return forward


def narrowed(array: Any, dtype: str) -> Any:
    return array.astype(dtype).astype(np.float64)


def buffer(dtype: str) -> Callable[..., Any]:
    def forward(x: Any, w: Any) -> Any:
        h = np.zeros((len(x), 2), dtype)
        for i, row in enumerate(x):
            h[i] = row @ w
        return np.tanh(h.astype(np.float64)), (x, w)

    return forward


def result(dtype: str) -> Callable[..., Any]:
    return lambda x, w: (np.tanh(x @ w).astype(dtype), (x, w))


WAYS = {"variable": variable, "one line": one_line, "buffer": buffer, "result": result}


def backward(dout: Any, cache: Any) -> Any:
    x, w = cache
    g = dout * (1 - np.tanh(x @ w) ** 2)
    return g @ w.T, x.T @ g


def doubled(dout: Any, cache: Any) -> Any:
    dx, dw = backward(dout, cache)
    return dx, 2 * dw


def report(way: str, dtype: str, gradients: Callable[..., Any] = backward) -> Report:
    return check(WAYS[way](dtype), gradients, (X, W))


@pytest.mark.parametrize("dtype", ["float32", "float16"])
@pytest.mark.parametrize("way", WAYS)
def test_a_right_backward_is_not_called_wrong(way: str, dtype: str) -> None:
    assert report(way, dtype).verdict != "wrong"


@pytest.mark.parametrize("dtype", ["float32", "float16"])
@pytest.mark.parametrize("way", WAYS)
def test_the_dtype_inside_is_told_and_what_it_hides(way: str, dtype: str) -> None:
    found = report(way, dtype)
    assert f"cut to {dtype}" in found.examined
    message = found[f"{dtype} inside"].message
    assert "digits" in message
    assert "stay unseen" in message


@pytest.mark.parametrize("way", WAYS)
def test_float32_inside_does_not_hide_a_factor(way: str) -> None:
    assert report(way, "float32", doubled)["dw"].verdict == "wrong"


def test_where_nothing_is_narrow_nothing_is_told() -> None:
    assert not any("inside" in finding.about for finding in report("variable", "float64"))


def loss_of_narrow_sums(x: Any) -> Any:
    return float(np.mean(np.tanh(x)).astype(np.float16)), {"x": x}


def test_a_saturated_loss_in_float16_is_no_zero_gradient() -> None:
    x = 6 * RNG.normal(size=(3, 3))
    found = check(loss_of_narrow_sums, lambda dout, cache: dout * (1 - np.tanh(cache["x"]) ** 2) / 9, x)
    assert found.verdict != "wrong"


@pytest.mark.parametrize("mask", [lambda x: (x > 0) & (x < 6), lambda x: ((x > 0) & (x < 6)).astype(int)], ids=["bool", "int"])
def test_a_mask_for_a_gradient_is_a_finding(mask: Callable[..., Any]) -> None:
    found = check(lambda x: (np.clip(x, 0, 6), x), lambda dout, x: mask(x), 3 * X)
    assert found["dx"].verdict == "wrong"
    assert found["dout"].verdict == "wrong"


def test_a_mask_is_told_what_to_be_multiplied_with() -> None:
    found = check(lambda x: (np.clip(x, 0, 6), x), lambda dout, x: (x > 0) & (x < 6), 3 * X)
    assert "dout * mask" in found["dtype of dx"].message


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_what_float32_hides_from_short_steps_is_seen(seed: int) -> None:
    """Backward leaves out the sum, which stands still over short steps: it is in float32. All else looks smooth there."""

    def total(x: Any) -> Any:
        return np.float64(np.asarray(x, dtype=np.float32).sum())

    x = np.random.default_rng(seed).normal(size=10)
    assert check(lambda x: x * total(x), lambda dout, x: dout * total(x), x, seed=seed).verdict == "wrong"
    assert check(lambda x: x * total(x), lambda dout, x: dout * total(x) + (dout * x).sum(), x, seed=seed).verdict == "right"
