"""What `gradwitness.check` costs: against torch.autograd.gradcheck on the same function, on a large product, and on a convolution
written in loops. The time and the sight that are asked for are asserted; the seconds are reported.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest

from benchmarks.workshop import Workshop
from gradwitness.checking import check
from gradwitness.report.report import Report

Array = Any
ROUNDS = 3
FASTER = 10
"""check takes at most this part of gradcheck's time, at SHARPER times its sight."""
SHARPER = 1e6
MISSED = 5e-4
"""A relative error of one element that gradcheck, with its default tolerances, does not see."""
BOUND = 20.0
"""Seconds that a single check of a large function takes at most."""


def forward(x: Array, wx: Array, wh: Array, b: Array) -> tuple[Array, Any]:
    """A gated recurrent layer: x (8, 8) in time, 12 hidden units, 1,072 numbers in all."""
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


def inputs() -> tuple[Array, Array, Array, Array]:
    rng = np.random.default_rng(0)
    shapes = ((8, 8), (8, 48), (12, 48), (48,))
    return tuple(rng.normal(size=shape) / 3 for shape in shapes)  # type: ignore[return-value]


def gradcheck(error: float = 0.0) -> bool:
    """What torch says of the same NumPy code, wrapped as its documentation does it."""
    torch = pytest.importorskip(
        "torch", reason="the benchmark compares with torch.autograd.gradcheck, and torch is not installed"
    )

    class Wrapped(torch.autograd.Function):  # type: ignore[misc, name-defined]
        @staticmethod
        def forward(ctx: Any, *tensors: Any) -> Any:
            out, ctx.cache = forward(*(t.detach().numpy() for t in tensors))
            return torch.from_numpy(out)

        @staticmethod
        def backward(ctx: Any, dout: Any) -> Any:
            return tuple(map(torch.from_numpy, backward(dout.numpy(), ctx.cache, error)))

    tensors = [torch.tensor(array, requires_grad=True) for array in inputs()]
    return bool(torch.autograd.gradcheck(Wrapped.apply, tensors, raise_exception=False, fast_mode=False))


def ours(error: float = 0.0) -> Report:
    return check(forward, partial(backward, error=error), inputs(), cached=True)


def test_a_thousand_parameters(workshop: Workshop, benchmark: Any) -> None:
    assert gradcheck()
    torch_seconds = min(_seconds(gradcheck) for _ in range(ROUNDS))
    report = benchmark.pedantic(ours, rounds=ROUNDS)
    seconds = min(_seconds(ours) for _ in range(ROUNDS))
    workshop.results.notes.append(
        f"check of 1,072 parameters: {seconds:.2f} s, {report.evaluations} evaluations; "
        f"torch.autograd.gradcheck (slow mode): {torch_seconds:.2f} s, {torch_seconds / seconds:.0f} times as long"
    )
    assert report.ok, str(report)
    assert seconds * FASTER <= torch_seconds


def test_an_error_a_million_times_smaller_is_seen() -> None:
    assert gradcheck(MISSED), "gradcheck sees more than this benchmark says"
    assert ours(MISSED / SHARPER).verdict == "wrong"


def product(a: Array, b: Array) -> tuple[Array, Any]:
    return np.tanh(a @ b / 16), (a, b)


def product_backward(dout: Array, cache: Any) -> tuple[Array, Array]:
    a, b = cache
    d = dout * (1 - np.tanh(a @ b / 16) ** 2) / 16
    return d @ b.T, a.T @ d


def convolution(x: Array, w: Array) -> tuple[Array, Any]:
    """A valid convolution in four loops, channels last."""
    (n, height, width, _), (k, _, _, f) = x.shape, w.shape
    out = np.zeros((n, height - k + 1, width - k + 1, f))
    for m in range(n):
        for i in range(out.shape[1]):
            for j in range(out.shape[2]):
                for c in range(f):
                    out[m, i, j, c] = np.sum(x[m, i : i + k, j : j + k] * w[..., c])
    return out, (x, w)


def convolution_backward(dout: Array, cache: Any) -> tuple[Array, Array]:
    x, w = cache
    dx, dw, k = np.zeros(x.shape), np.zeros(w.shape), w.shape[0]
    for m, i, j, c in np.ndindex(dout.shape):
        dx[m, i : i + k, j : j + k] += dout[m, i, j, c] * w[..., c]
        dw[..., c] += dout[m, i, j, c] * x[m, i : i + k, j : j + k]
    return dx, dw


LARGE: dict[str, tuple[Callable[..., Any], Callable[..., Any], tuple[tuple[int, ...], ...]]] = {
    "a product of 256 x 256": (product, product_backward, ((256, 256), (256, 256))),
    "a convolution in loops, 4x16x16x3": (convolution, convolution_backward, ((4, 16, 16, 3), (3, 3, 3, 4))),
}


@pytest.mark.parametrize("what", LARGE)
def test_large(what: str, workshop: Workshop, benchmark: Any) -> None:
    function, gradients, shapes = LARGE[what]
    rng = np.random.default_rng(1)
    given = tuple(rng.normal(size=shape) for shape in shapes)
    once = min(_seconds(partial(function, *given)) for _ in range(ROUNDS))
    start = time.process_time()
    report = benchmark.pedantic(check, args=(function, gradients, given), rounds=1)
    seconds = time.process_time() - start
    workshop.results.notes.append(
        f"check of {what}: {seconds:.1f} s, {report.evaluations} evaluations, {report.examined}; forward: {once * 1e3:.1f} ms"
    )
    assert report.ok, str(report)
    assert seconds <= BOUND


def _seconds(call: Callable[[], Any]) -> float:
    """CPU seconds: what runs beside it does not count."""
    start = time.process_time()
    call()
    return time.process_time() - start
