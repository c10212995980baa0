"""What a check of large functions costs: a large product, a convolution written in loops, a transformer block. The time that is
asked for is asserted. benchmarks/test_against_gradcheck.py has functions of a thousand parameters.
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
from gradwitness.functions.check import check_function
from gradwitness.report.report import Report

Array = Any
ROUNDS = 3
BOUND = 20.0
"""Seconds that a single check of a large function takes at most."""
BLOCK = 10.0
"""Seconds that a check of a transformer block of 10^6 parameters in float32 takes at most."""


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


def test_a_transformer_block(workshop: Workshop) -> None:
    torch = pytest.importorskip("torch", reason="the block is PyTorch's, and torch is not installed")
    block, given = transformer_block(torch)
    reports: list[Report] = []
    for _ in range(ROUNDS):
        start, clock = time.process_time(), time.perf_counter()
        reports.append(check_function(block, given))
        taken = time.process_time() - start, time.perf_counter() - clock
        if len(reports) == 1:
            first = taken
    parameters = sum(parameter.numel() for parameter in block.parameters())
    workshop.results.notes.append(
        f"check_function of a transformer block of {parameters:,} parameters in float32: {first[0]:.1f} s of processor time the "
        f"first time ({first[1]:.1f} s passed), {taken[0]:.1f} s again; {reports[0].evaluations} evaluations; "
        f"torch {torch.__version__}, {torch.get_num_threads()} threads"
    )
    assert all(report.ok for report in reports), str(reports[0])
    assert max(first[0], taken[0]) <= BLOCK


def transformer_block(torch: Any) -> tuple[Any, tuple[Any, ...]]:
    """PyTorch's encoder layer: 288 wide, 8 heads, 1,152 within, on 2 sequences of 16."""
    with torch.random.fork_rng([]):
        torch.manual_seed(0)
        layer = torch.nn.TransformerEncoderLayer(288, 8, 1152, dropout=0.0, activation="gelu", batch_first=True)
        return layer, (torch.randn(2, 16, 288),)


def _seconds(call: Callable[[], Any]) -> float:
    """CPU seconds: what runs beside it does not count."""
    start = time.process_time()
    call()
    return time.process_time() - start
