"""Scaled exponential linear unit.

    y = scale * (x where x > 0, alpha (exp(x) - 1) elsewhere)

Derivation.  As elu, times the scale:

    dx = dout * scale * (1 where x > 0, alpha exp(x) elsewhere)

scale and alpha are the fixed point that keeps mean 0 and variance 1. At 0 there is a kink between scale and scale * alpha.

Shapes: x, y (...).
Source: Klambauer et al., "Self-normalizing neural networks", NeurIPS 2017.
"""

import numpy as np

from ..case import Array, Case, require_floats
from ..domain import Arguments, Pick, any_shape

SCALE = 1.0507009873554804934193349852946
ALPHA = 1.6732632423543772848170429916717


def forward(x: Array, /) -> tuple[Array, Array]:
    """y = scale * (x where x > 0, alpha (exp(x) - 1) elsewhere). x (...) -> y (...).

    Raises ValueError where x is not an array of floats.
    """
    require_floats("selu", x=x)
    return SCALE * np.where(x > 0, x, ALPHA * np.expm1(np.minimum(x, 0))), x


def backward(dout: Array, cache: Array) -> tuple[Array]:
    """dout (...) -> dx (...)."""
    x = cache
    return (dout * (SCALE * np.where(x > 0, 1, ALPHA * np.exp(np.minimum(x, 0)))),)


def _away(rng: np.random.Generator, *shape: int) -> Array:
    """Normal numbers at least 0.05 away from 0."""
    x = 2 * rng.normal(size=shape)
    return x + np.copysign(0.05, x)


CASES = [
    Case("generic", lambda rng: (_away(rng, 4, 5),)),
    Case("one", lambda rng: (-np.ones((1, 1)),)),
    Case("odd", lambda rng: (_away(rng, 3, 7, 5),)),
    Case("large", lambda rng: (_away(rng, 64, 257),)),
    Case("tails", lambda rng: (np.array([-100.0, -40.0, -10.0, -1e-6, 1e-6, 10.0, 100.0]),)),
    Case("at_zero", lambda rng: (np.array([-1.0, 0.0, 1.0]),), kink=True),
]


def domain(pick: Pick) -> Arguments:
    return (pick.floats(*any_shape(pick), besides=(0.0,)),), {}
