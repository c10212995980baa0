"""How much memory the backward of a convolution takes. A careless one takes the input times the size of the kernel, and more."""

import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np

from reference import OPS

ALLOWED = 12
"""The most that it may take, in units of the size of input and output together."""


def peak(function: Callable[[], Any]) -> int:
    """The most bytes that are allocated at a time during a call, and what tracemalloc counted before it."""
    tracemalloc.reset_peak()
    function()
    return tracemalloc.get_traced_memory()[1]


def backward_of_conv2d() -> float:
    """The peak memory of conv2d's backward together with its cache, in units of the size of input and output."""
    rng = np.random.default_rng(0)
    x, weight, bias = (rng.normal(size=s).astype("float32") for s in ((16, 32, 32, 32), (64, 32, 3, 3), (64,)))
    dout = rng.normal(size=(16, 64, 32, 32)).astype("float32")
    op = OPS["conv2d"]
    tracemalloc.start()
    try:
        out, cache = op.forward(x, weight, bias, padding=1)
        return float(peak(lambda: op.backward(dout, cache)) / (x.nbytes + out.nbytes))
    finally:
        tracemalloc.stop()
