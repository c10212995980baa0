"""Functions in everyday style with a right backward, and draws of their inputs."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

Array = Any
Pair = tuple[Callable[..., Any], Callable[..., Any]]
Draw = Callable[[np.random.Generator], Any]


def elementwise(function: Callable[[Array], Array], derivative: Callable[[Array], Array]) -> Pair:
    return lambda x: (function(x), {"x": x}), lambda dout, cache: dout * derivative(cache["x"])


def buffer(x: Array, w: Array, v: Array) -> Any:
    h = np.zeros((x.shape[0], w.shape[1]))
    for i in range(x.shape[0]):
        h[i] = np.tanh(x[i] @ w)
    return h @ v, (x, w, v, h)


def buffer_backward(dout: Array, cache: Any) -> Any:
    x, w, v, h = cache
    dz = dout @ v.T * (1 - h * h)
    return dz @ w.T, x.T @ dz, h.T @ dout


def rnn(x: Array, wx: Array, wh: Array, v: Array) -> Any:
    h = np.zeros((x.shape[0] + 1, wh.shape[0]))
    for t in range(x.shape[0]):
        h[t + 1] = np.tanh(x[t] @ wx + h[t] @ wh)
    return h[1:] @ v, (x, wx, wh, v, h)


def rnn_backward(dout: Array, cache: Any) -> Any:
    x, wx, wh, v, h = cache
    dx, dwx, dwh, carried = np.zeros_like(x), np.zeros_like(wx), np.zeros_like(wh), np.zeros(wh.shape[0])
    for t in reversed(range(x.shape[0])):
        da = (dout[t] @ v.T + carried) * (1 - h[t + 1] ** 2)
        dx[t], carried = da @ wx.T, da @ wh.T
        dwx += np.outer(x[t], da)
        dwh += np.outer(h[t], da)
    return dx, dwx, dwh, h[1:].T @ dout


def convolution(x: Array, w: Array, v: Array) -> Any:
    out = np.zeros((x.shape[0] - 2, x.shape[1] - 2))
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = np.sum(x[i : i + 3, j : j + 3] * w)
    a = np.tanh(out)
    return a @ v, (x, w, v, a)


def convolution_backward(dout: Array, cache: Any) -> Any:
    x, w, v, a = cache
    dz, dx, dw = dout @ v.T * (1 - a * a), np.zeros_like(x), np.zeros_like(w)
    for i, j in np.ndindex(a.shape):
        dw += dz[i, j] * x[i : i + 3, j : j + 3]
        dx[i : i + 3, j : j + 3] += dz[i, j] * w
    return dx, dw, a.T @ dout


def normalised(x: Array) -> Any:
    n = math.sqrt(np.sum(x * x))
    return x / n, (x, n)


def normalised_backward(dout: Array, cache: Any) -> Any:
    x, n = cache
    return dout / n - x * np.sum(dout * x) / n**3


def scaled(x: Array) -> Any:
    return x * float(np.sum(x * x)), {"x": x}


def scaled_backward(dout: Array, cache: Any) -> Any:
    x = cache["x"]
    return dout * np.sum(x * x) + 2 * x * np.sum(dout * x)


def normal(*shapes: Any, scale: float = 1.0) -> Draw:
    return lambda rng: tuple(scale * rng.normal(size=shape) for shape in shapes)


DETOURS: dict[str, tuple[Pair, Draw]] = {
    "a buffer that a loop fills": ((buffer, buffer_backward), normal((5, 4), (4, 3), (3, 2))),
    "an RNN with a buffer": ((rnn, rnn_backward), normal((5, 3), (3, 4), (4, 4), (4, 2), scale=0.5)),
    "a convolution in loops": ((convolution, convolution_backward), normal((5, 5), (3, 3), (3, 2))),
    "math.sqrt": ((normalised, normalised_backward), normal(7)),
    "float()": ((scaled, scaled_backward), normal(7)),
    "astype": (elementwise(lambda x: np.sin(x).astype(np.float64) * x, lambda x: np.cos(x) * x + np.sin(x)), normal((4, 5))),
}
"""A float64 detour on the way."""

CONSTANTS: dict[str, Pair] = {
    "1 - .9 and .1": elementwise(lambda x: (1 - 0.9) * x**2, lambda x: 0.1 * 2 * x),
    "/ sqrt(2) and * sqrt(.5)": elementwise(lambda x: np.sin(x / np.sqrt(2)), lambda x: np.cos(x * np.sqrt(0.5)) * np.sqrt(0.5)),
    "a sum with both": elementwise(lambda x: 0.9 * x + (1 - 0.9) * x**2, lambda x: 0.9 + 0.2 * x),
}
"""A constant in forward, and the same one written otherwise in backward."""
