"""A backward that keeps a gradient in float32: its rounding is no mistake, whatever is wrong beside it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradwitness.checking import check

RNG = np.random.default_rng(3)
X, W = RNG.normal(size=(4, 3)), RNG.normal(size=(3, 2))


def layer(x: Any, w: Any) -> Any:
    return np.tanh(x @ w), (x, w)


def stored(dout: Any, cache: Any, factor: float = 1.0) -> Any:
    x, w = cache
    g = dout * (1 - np.tanh(x @ w) ** 2)
    dx = np.zeros(x.shape, np.float32)
    dx += g @ w.T
    return dx, factor * (x.T @ g)


def on_the_way(dout: Any, cache: Any, factor: float = 1.0) -> Any:
    x, w = cache
    g = np.zeros(dout.shape, np.float32)
    g[:] = dout * (1 - np.tanh(x @ w) ** 2)
    return g @ w.T, factor * (x.T @ g)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("backward", [stored, on_the_way])
@pytest.mark.parametrize("factor", [1.0, 1.001, 2.0])
def test_its_rounding_is_not_called_wrong(backward: Callable[..., Any], dtype: str, factor: float) -> None:
    report = check(layer, lambda dout, cache: backward(dout, cache, factor), (X.astype(dtype), W.astype(dtype)))
    assert report["dx"].verdict == "right"
    assert report["dw"].verdict == ("right" if factor == 1 else "wrong")


def test_a_gradient_that_its_input_does_not_enter_may_be_in_float32() -> None:
    """Nothing that is moved shows the rounding of a pooling's backward: the mask stays, and the cotangent as well."""

    def pool(x: Any) -> Any:
        windows = x.reshape(-1, 2)
        return windows.max(axis=1), windows == windows.max(axis=1, keepdims=True)

    def backward(dout: Any, mask: Any) -> Any:
        dx = np.zeros(mask.size, np.float32)
        dx += (mask * dout[:, None]).ravel()
        return dx

    assert check(pool, backward, RNG.normal(size=8))["dx"].verdict == "right"


@pytest.mark.parametrize("error", [1e-4, 1e-5])
def test_what_float32_does_not_round_is_seen(error: float) -> None:
    report = check(lambda x: (np.sin(x), x), lambda dout, x: (dout * np.cos(x) * (1 + error)).astype(np.float32), X)
    assert report["dx"].verdict == "wrong"
