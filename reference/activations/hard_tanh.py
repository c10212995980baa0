"""Piecewise linear tanh.

    y = min(max(x, min_value), max_value)

Derivation.  The identity between the kinks, constant outside:

    dx = dout * [min_value < x < max_value]

At the kinks everything between 0 and 1 is a subgradient; we take 0, as PyTorch does; JAX takes 1/2 in jnp.clip.

Shapes: x, y (...).
Source: Collobert, "Large scale machine learning", 2004.
"""

import numpy as np

from ..case import Array, Case, away_from, invalid, require_floats
from ..domain import Arguments, Pick, any_shape

KINKS = (-1.0, 1.0, -0.5, 2.0)


def forward(x: Array, /, *, min_value: float = -1.0, max_value: float = 1.0) -> tuple[Array, Array]:
    """y = min(max(x, min_value), max_value). x (...) -> y (...).

    Raises ValueError where x is not an array of floats, or the range is empty.
    """
    require_floats("hard_tanh", x=x)
    if not min_value < max_value:
        raise invalid("hard_tanh", "min_value", min_value, f"less than max_value, {max_value}")
    return np.clip(x, min_value, max_value), (x > min_value) & (x < max_value)


def backward(dout: Array, cache: Array) -> tuple[Array]:
    """dout (...) -> dx (...)."""
    between = cache
    return (dout * between,)


CASES = [
    Case("generic", lambda rng: (away_from(KINKS, rng, 4, 5),)),
    Case("one", lambda rng: (np.full((1, 1), 0.5),)),
    Case("odd", lambda rng: (away_from(KINKS, rng, 3, 7, 5),)),
    Case("large", lambda rng: (away_from(KINKS, rng, 64, 257),)),
    Case("range", lambda rng: (away_from(KINKS, rng, 3, 4),), {"min_value": -0.5, "max_value": 2.0}),
    Case("at_the_kinks", lambda rng: (np.array([-2.0, -1.0, 0.0, 1.0, 2.0]),), kink=True),
]


def domain(pick: Pick) -> Arguments:
    low, high = pick.one_of((-1.0, 1.0), (-0.5, 2.0))
    return (pick.floats(*any_shape(pick), besides=(low, high)),), {"min_value": low, "max_value": high}
