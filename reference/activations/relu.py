"""Rectified linear unit.

    y = max(x, 0)

Derivation.  y = x where x > 0, so dy/dx = 1 there; y = 0 where x < 0, so dy/dx = 0 there:

    dx = dout * [x > 0]

At x = 0 the one-sided derivatives are 0 and 1; every value between them is a subgradient. We take 0, as the
frameworks do.

Shapes: x, y (...).
Source: Nair and Hinton, "Rectified linear units improve restricted Boltzmann machines", ICML 2010.
"""

import numpy as np

from ..case import Array, Case, require_floats
from ..domain import Arguments, Pick, any_shape


def forward(x: Array, /) -> tuple[Array, Array]:
    """y = max(x, 0). x (...) -> y (...).

    Raises ValueError where x is not an array of floats.
    """
    require_floats("relu", x=x)
    return np.maximum(x, 0), x


def backward(dout: Array, cache: Array) -> tuple[Array]:
    """dout (...) -> dx (...)."""
    x = cache
    return (dout * (x > 0),)


def _away_from_zero(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    x = rng.normal(size=shape)
    return x + np.copysign(0.1, x)


CASES = [
    Case("generic", lambda rng: (_away_from_zero(rng, (4, 5)),)),
    Case("one", lambda rng: (np.abs(_away_from_zero(rng, (1, 1))),)),
    Case("odd", lambda rng: (_away_from_zero(rng, (3, 7, 5)),)),
    Case("large", lambda rng: (_away_from_zero(rng, (64, 257)),)),
    Case("scales", lambda rng: (_away_from_zero(rng, (4, 8)) * 10.0 ** np.arange(-4, 4),)),
    Case("at_zero", lambda rng: (_away_from_zero(rng, (3, 5)) * (np.arange(5) % 2),), kink=True),
    Case("dead", lambda rng: (-np.abs(_away_from_zero(rng, (3, 4))),), zero=("x",)),
]


def domain(pick: Pick) -> Arguments:
    return (pick.floats(*any_shape(pick), besides=(0.0,)),), {}
