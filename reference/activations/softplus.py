"""Softplus, a smooth relu.

    y = log(1 + exp(beta x)) / beta

Derivation.  dy/dx = exp(beta x) / (1 + exp(beta x)) = sigmoid(beta x):

    dx = dout * sigmoid(beta x)

Evaluated as (max(beta x, 0) + log(1 + exp(-|beta x|))) / beta, which overflows nowhere; the kinks of max and of the absolute
value cancel. PyTorch replaces y by x above a threshold, 20 by default: 2e-9 off in float64.

Shapes: x, y (...).
Source: Dugas et al., "Incorporating second-order functional knowledge for better option pricing", NeurIPS 2000.
"""

import numpy as np

from ..case import Array, Case, invalid, require_floats
from ..domain import Arguments, Pick, any_shape
from . import sigmoid


def forward(x: Array, /, *, beta: float = 1.0) -> tuple[Array, Array]:
    """y = log(1 + exp(beta x)) / beta. x (...) -> y (...).

    Raises ValueError where x is not an array of floats, or beta is not positive.
    """
    require_floats("softplus", x=x)
    if not beta > 0:
        raise invalid("softplus", "beta", beta, "beta > 0")
    z = beta * x
    return (np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z)))) / beta, z


def backward(dout: Array, cache: Array) -> tuple[Array]:
    """dout (...) -> dx (...)."""
    z = cache
    s, _ = sigmoid.forward(z)
    return (dout * s,)


CASES = [
    Case("generic", lambda rng: (rng.normal(size=(4, 5)),)),
    Case("one", lambda rng: (rng.normal(size=(1, 1)),)),
    Case("odd", lambda rng: (2 * rng.normal(size=(3, 7, 5)),)),
    Case("large", lambda rng: (2 * rng.normal(size=(64, 257)),)),
    Case("tails", lambda rng: (np.array([-80.0, -30.0, -8.0, -1e-5, 0.0, 1e-5, 8.0, 30.0, 80.0]),)),
    Case("beta", lambda rng: (rng.normal(size=(3, 4)),), {"beta": 2.5}),
]


def domain(pick: Pick) -> Arguments:
    return (pick.floats(*any_shape(pick), low=-8, high=8),), {"beta": pick.one_of(1.0, 0.5, 2.5)}
