"""Threshold.

    y = x where x > threshold, value elsewhere

Derivation.  The identity above the threshold, a constant below:

    dx = dout * [x > threshold]

Where value differs from threshold, y jumps there and has no derivative: not even a set.

Shapes: x, y (...).
Source: PyTorch's torch.nn.Threshold.
"""

import numpy as np

from ..case import Array, Case, require_floats
from ..domain import Arguments, Pick, any_shape


def forward(x: Array, /, *, threshold: float, value: float) -> tuple[Array, Array]:
    """y = x where x > threshold, value elsewhere. x (...) -> y (...).

    Raises ValueError where x is not an array of floats.
    """
    require_floats("threshold", x=x)
    passed = x > threshold
    return np.where(passed, x, value), passed


def backward(dout: Array, cache: Array) -> tuple[Array]:
    """dout (...) -> dx (...)."""
    passed = cache
    return (dout * passed,)


def _away(rng: np.random.Generator, *shape: int) -> Array:
    """Normal numbers at least 0.05 away from 0.5."""
    x = rng.normal(size=shape)
    return np.where(np.abs(x - 0.5) < 0.05, x + 0.1, x)


CASES = [
    Case("generic", lambda rng: (_away(rng, 4, 5),), {"threshold": 0.5, "value": 0.25}),
    Case("one", lambda rng: (np.ones((1, 1)),), {"threshold": 0.5, "value": -1.0}),
    Case("odd", lambda rng: (_away(rng, 3, 7, 5),), {"threshold": 0.5, "value": 20.0}),
    Case("large", lambda rng: (_away(rng, 64, 257),), {"threshold": 0.5, "value": 0.5}),
    Case("at_the_threshold", lambda rng: (np.array([0.0, 0.5, 1.0]),), {"threshold": 0.5, "value": 0.5}, kink=True),
]


def domain(pick: Pick) -> Arguments:
    threshold = pick.one_of(0.5, 0.0, -1.0)
    return (pick.floats(*any_shape(pick), besides=(threshold,)),), {"threshold": threshold, "value": pick.one_of(0.5, -1.0, 20.0)}
