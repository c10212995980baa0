"""Sigmoid linear unit, also called swish.

    y = x sigmoid(x)

Derivation.  With s = sigmoid(x) and s' = s (1 - s):

    dx = dout * (s + x s (1 - s)) = dout * s (1 + x (1 - s))

Shapes: x, y (...).
Source: Elfwing, Uchibe and Doya, "Sigmoid-weighted linear units for neural network function approximation", 2018.
"""

import numpy as np

from ..case import Array, Case, require_floats
from ..domain import Arguments, Pick, any_shape
from . import sigmoid


def forward(x: Array, /) -> tuple[Array, tuple[Array, Array]]:
    """y = x sigmoid(x). x (...) -> y (...).

    Raises ValueError where x is not an array of floats.
    """
    require_floats("silu", x=x)
    s, _ = sigmoid.forward(x)
    return x * s, (x, s)


def backward(dout: Array, cache: tuple[Array, Array]) -> tuple[Array]:
    """dout (...) -> dx (...)."""
    x, s = cache
    return (dout * (s * (1 + x * (1 - s))),)


CASES = [
    Case("generic", lambda rng: (rng.normal(size=(4, 5)),)),
    Case("one", lambda rng: (rng.normal(size=(1, 1)),)),
    Case("odd", lambda rng: (2 * rng.normal(size=(3, 7, 5)),)),
    Case("large", lambda rng: (2 * rng.normal(size=(64, 257)),)),
    Case("tails", lambda rng: (np.array([-80.0, -30.0, -8.0, -1e-5, 0.0, 1e-5, 8.0, 30.0, 80.0]),)),
]


def domain(pick: Pick) -> Arguments:
    return (pick.floats(*any_shape(pick), low=-8, high=8),), {}
