"""Functions of a thousand parameters, on which `check` and `check_function` are measured against torch.autograd.gradcheck.

The gated recurrent layer is one function, written in NumPy with its backward, and in PyTorch. It stands for functions that take
about a millisecond. The linear layer is one operation. Nothing that runs in Python once for each call can be fast beside it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

Array = Any
SHAPES = ((8, 8), (8, 48), (12, 48), (48,))
"""x (8, 8) in time, and the weights of 12 hidden units: 1,072 numbers in all."""


def inputs(shapes: tuple[tuple[int, ...], ...] = SHAPES) -> tuple[Array, ...]:
    """Random arrays."""
    rng = np.random.default_rng(0)
    return tuple(rng.normal(size=shape) / 3 for shape in shapes)


def forward(x: Array, wx: Array, wh: Array, b: Array) -> tuple[Array, Any]:
    """The recurrent layer."""
    size, h, hs, tape = wh.shape[0], np.zeros(wh.shape[0]), [], []
    for xt in x:
        a = xt @ wx + h @ wh + b
        z, o = 1 / (1 + np.exp(-a[:size])), 1 / (1 + np.exp(-a[size : 2 * size]))
        g, s = np.tanh(a[2 * size : 3 * size]), np.tanh(a[3 * size :])
        tape.append((xt, h, z, o, g, s))
        h = z * h + (1 - z) * g + o * s
        hs.append(h)
    return np.stack(hs), (tape, wx, wh)


def backward(dhs: Array, cache: Any, error: float = 0.0) -> tuple[Array, Array, Array, Array]:
    """Its gradients; one element of that of wx is off by a relative error."""
    tape, wx, wh = cache
    dx, dwx, dwh, db, dh = [], np.zeros_like(wx), np.zeros_like(wh), np.zeros(wx.shape[1]), np.zeros(wh.shape[0])
    for (xt, h, z, o, g, s), dht in zip(tape[::-1], dhs[::-1], strict=True):
        dh = dh + dht
        da = np.concatenate([dh * (h - g) * z * (1 - z), dh * s * o * (1 - o), dh * (1 - z) * (1 - g**2), dh * o * (1 - s**2)])
        dx.append(wx @ da)
        dwx += np.outer(xt, da)
        dwh += np.outer(h, da)
        db += da
        dh = dh * z + wh @ da
    largest = np.unravel_index(np.abs(dwx).argmax(), dwx.shape)
    dwx[largest] *= 1 + error
    return np.stack(dx[::-1]), dwx, dwh, db


def wrapped(torch: Any, error: float = 0.0) -> Any:
    """The NumPy code as PyTorch's documentation wraps it."""

    class Wrapped(torch.autograd.Function):  # type: ignore[misc]
        @staticmethod
        def forward(ctx: Any, *tensors: Any) -> Any:
            out, ctx.cache = forward(*(t.detach().numpy() for t in tensors))
            return torch.from_numpy(out)

        @staticmethod
        def backward(ctx: Any, dout: Any) -> Any:
            return tuple(map(torch.from_numpy, backward(dout.numpy(), ctx.cache, error)))

    return Wrapped.apply


def in_torch(torch: Any, error: float = 0.0) -> Any:
    """The same layer in PyTorch, differentiated by autograd. One element of the gradient of wx is off by a relative error."""

    def off(gradient: Any) -> Any:
        if gradient is None:  # gradcheck tries that
            return None
        changed = gradient.clone()
        changed.view(-1)[gradient.abs().argmax()] *= 1 + error
        return changed

    def recurrent(x: Any, wx: Any, wh: Any, b: Any) -> Any:
        if error and wx.requires_grad:
            wx = wx.clone()
            wx.register_hook(off)
        size, h, hs = wh.shape[0], torch.zeros(wh.shape[0], dtype=x.dtype), []
        for xt in x:
            a = xt @ wx + h @ wh + b
            z, o = torch.sigmoid(a[:size]), torch.sigmoid(a[size : 2 * size])
            g, s = torch.tanh(a[2 * size : 3 * size]), torch.tanh(a[3 * size :])
            h = z * h + (1 - z) * g + o * s
            hs.append(h)
        return torch.stack(hs)

    return recurrent


def linear(torch: Any) -> Any:
    """One linear layer."""
    return torch.nn.functional.linear


LINEAR_SHAPES = ((5, 30), (30, 30), (30,))
"""5 rows, 30 to 30: 1,080 numbers in all."""
