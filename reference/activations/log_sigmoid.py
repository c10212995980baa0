"""Logarithm of the sigmoid.

    y = log sigmoid(x) = -log(1 + exp(-x))

Derivation.  dy/dx = exp(-x) / (1 + exp(-x)) = 1 - sigmoid(x):

    dx = dout * sigmoid(-x)

Evaluated as min(x, 0) - log(1 + exp(-|x|)); the kinks cancel.

Shapes: x, y (...).
Source: Goodfellow, Bengio and Courville, "Deep Learning", 2016, section 3.10.
"""

import numpy as np

from ..case import Array, Case, require_floats
from ..domain import Arguments, Pick, any_shape
from . import sigmoid


def forward(x: Array, /) -> tuple[Array, Array]:
    """y = log sigmoid(x) = -log(1 + exp(-x)). x (...) -> y (...).

    Raises ValueError where x is not an array of floats.
    """
    require_floats("log_sigmoid", x=x)
    return np.minimum(x, 0) - np.log1p(np.exp(-np.abs(x))), x


def backward(dout: Array, cache: Array) -> tuple[Array]:
    """dout (...) -> dx (...)."""
    x = cache
    s, _ = sigmoid.forward(-x)
    return (dout * s,)


CASES = [
    Case("generic", lambda rng: (rng.normal(size=(4, 5)),)),
    Case("one", lambda rng: (rng.normal(size=(1, 1)),)),
    Case("odd", lambda rng: (2 * rng.normal(size=(3, 7, 5)),)),
    Case("large", lambda rng: (2 * rng.normal(size=(64, 257)),)),
    Case("tails", lambda rng: (np.array([-80.0, -30.0, -8.0, -1e-5, 0.0, 1e-5, 8.0, 30.0, 80.0]),)),
]


def domain(pick: Pick) -> Arguments:
    return (pick.floats(*any_shape(pick), low=-8, high=8),), {}
