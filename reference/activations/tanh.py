"""Hyperbolic tangent.

    y = tanh(x) = (exp(x) - exp(-x)) / (exp(x) + exp(-x))

Derivation.  By the quotient rule with s = sinh, c = cosh, s' = c, c' = s:  dy/dx = (c*c - s*s) / c^2 = 1 - y^2, so

    dx = dout * (1 - y^2)

written (1 - y) * (1 + y): one rounding fewer before the cancellation near |y| = 1.

Shapes: x, y (...).
Source: Goodfellow, Bengio and Courville, "Deep Learning", 2016, section 6.3.2.
"""

import numpy as np

from ..case import Array, Case, require_floats
from ..domain import Arguments, Pick, any_shape


def forward(x: Array, /) -> tuple[Array, Array]:
    """y = tanh(x). x (...) -> y (...).

    Raises ValueError where x is not an array of floats.
    """
    require_floats("tanh", x=x)
    y = np.tanh(x)
    return y, y


def backward(dout: Array, cache: Array) -> tuple[Array]:
    """dout (...) -> dx (...)."""
    y = cache
    return (dout * ((1 - y) * (1 + y)),)


CASES = [
    Case("generic", lambda rng: (rng.normal(size=(4, 5)),)),
    Case("one", lambda rng: (rng.normal(size=(1, 1)),)),
    Case("odd", lambda rng: (rng.normal(size=(3, 7, 5)),)),
    Case("large", lambda rng: (2 * rng.normal(size=(64, 257)),)),
    Case("at_zero", lambda rng: (np.zeros((2, 3)),)),
    Case("small", lambda rng: (1e-5 * rng.normal(size=(3, 4)),)),
    Case("tails", lambda rng: (rng.normal(size=(3, 8)) + np.array([-40, -20, -10, -2, 2, 10, 20, 40]),)),
]


def domain(pick: Pick) -> Arguments:
    return (pick.floats(*any_shape(pick), low=-8, high=8),), {}
