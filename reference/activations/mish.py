"""Mish.

    y = x tanh(softplus(x))

Derivation.  With t = tanh(softplus(x)), t' = (1 - t^2) and softplus' = sigmoid:

    dx = dout * (t + x (1 - t^2) sigmoid(x))

1 - t^2 is written (1 - t) (1 + t): one rounding fewer before it cancels.

Shapes: x, y (...).
Source: Misra, "Mish: a self regularized non-monotonic activation function", BMVC 2020.
"""

import numpy as np

from ..case import Array, Case, require_floats
from ..domain import Arguments, Pick, any_shape
from . import sigmoid, softplus


def forward(x: Array, /) -> tuple[Array, tuple[Array, Array]]:
    """y = x tanh(softplus(x)). x (...) -> y (...).

    Raises ValueError where x is not an array of floats.
    """
    require_floats("mish", x=x)
    plus, _ = softplus.forward(x)
    t = np.tanh(plus)
    return x * t, (x, t)


def backward(dout: Array, cache: tuple[Array, Array]) -> tuple[Array]:
    """dout (...) -> dx (...)."""
    x, t = cache
    s, _ = sigmoid.forward(x)
    return (dout * (t + x * ((1 - t) * (1 + t)) * s),)


CASES = [
    Case("generic", lambda rng: (rng.normal(size=(4, 5)),)),
    Case("one", lambda rng: (rng.normal(size=(1, 1)),)),
    Case("odd", lambda rng: (2 * rng.normal(size=(3, 7, 5)),)),
    Case("large", lambda rng: (2 * rng.normal(size=(64, 257)),)),
    Case("tails", lambda rng: (np.array([-80.0, -30.0, -8.0, -1e-5, 0.0, 1e-5, 8.0, 30.0, 80.0]),)),
]


def domain(pick: Pick) -> Arguments:
    return (pick.floats(*any_shape(pick), low=-8, high=8),), {}
