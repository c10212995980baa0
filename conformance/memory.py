"""What a backward takes of memory: a convolution's could take its kernel's size times the input, and more."""

import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np

from reference import OPS

ALLOWED = 12
"""Times the size of conv2d's input and output together."""


def peak(function: Callable[[], Any]) -> int:
    """The most bytes held at a time during a call: what it allocates, on top of what was there before."""
    tracemalloc.reset_peak()
    function()
    return tracemalloc.get_traced_memory()[1]


def backward_of_conv2d() -> float:
    """Peak memory of conv2d's backward, with what forward left for it, in units of its input and output together."""
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
