"""Logistic sigmoid.

    y = 1 / (1 + exp(-x))

Derivation.  With e = exp(-x): dy/dx = e / (1 + e)^2 = y * e / (1 + e) = y * (1 - y), so

    dx = dout * y * (1 - y)

Evaluated as 1/(1+e) for x >= 0 and e/(1+e) for x < 0, with e = exp(-|x|), so that nothing overflows. Where y rounds
to 1 the factor 1 - y cancels, and dx is accurate in the absolute sense only; the frameworks compute it the same
way.

Shapes: x, y (...).
Source: Goodfellow, Bengio and Courville, "Deep Learning", 2016, section 3.10.
"""

import numpy as np

from ..case import Array, Case, require_floats
from ..domain import Arguments, Pick, any_shape


def forward(x: Array, /) -> tuple[Array, Array]:
    """y = 1 / (1 + exp(-x)). x (...) -> y (...).

    Raises ValueError where x is not an array of floats.
    """
    require_floats("sigmoid", x=x)
    e = np.exp(-np.abs(x))
    y = np.where(x >= 0, 1, e) / (1 + e)
    return y, y


def backward(dout: Array, cache: Array) -> tuple[Array]:
    """dout (...) -> dx (...)."""
    y = cache
    return (dout * y * (1 - y),)


CASES = [
    Case("generic", lambda rng: (rng.normal(size=(4, 5)),)),
    Case("one", lambda rng: (rng.normal(size=(1, 1)),)),
    Case("odd", lambda rng: (rng.normal(size=(3, 7, 5)),)),
    Case("large", lambda rng: (3 * rng.normal(size=(64, 257)),)),
    Case("at_zero", lambda rng: (np.zeros((2, 3)),)),
    Case("tails", lambda rng: (rng.normal(size=(3, 8)) + np.array([-80, -40, -10, -2, 2, 10, 40, 80]),)),
]


def domain(pick: Pick) -> Arguments:
    return (pick.floats(*any_shape(pick), low=-8, high=8),), {}
