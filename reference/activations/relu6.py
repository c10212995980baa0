"""Rectified linear unit, capped at 6.

    y = min(max(x, 0), 6)

Derivation.  y = x strictly between the kinks and constant outside them:

    dx = dout * [0 < x < 6]

At 0 and 6 everything between 0 and 1 is a subgradient; we take 0, as the frameworks do.

Shapes: x, y (...).
Source: Krizhevsky, "Convolutional deep belief networks on CIFAR-10", 2010.
"""

import numpy as np

from ..case import Array, Case, away_from, require_floats
from ..domain import Arguments, Pick, any_shape

KINKS = (0.0, 6.0)


def forward(x: Array, /) -> tuple[Array, Array]:
    """y = min(max(x, 0), 6). x (...) -> y (...).

    Raises ValueError where x is not an array of floats.
    """
    require_floats("relu6", x=x)
    return np.clip(x, 0, 6), x


def backward(dout: Array, cache: Array) -> tuple[Array]:
    """dout (...) -> dx (...)."""
    x = cache
    return (dout * ((x > 0) & (x < 6)),)


CASES = [
    Case("generic", lambda rng: (away_from(KINKS, rng, 4, 5),)),
    Case("one", lambda rng: (rng.uniform(1, 5, size=(1, 1)),)),
    Case("odd", lambda rng: (away_from(KINKS, rng, 3, 7, 5),)),
    Case("large", lambda rng: (away_from(KINKS, rng, 64, 257),)),
    Case("at_the_kinks", lambda rng: (np.array([-1.0, 0.0, 3.0, 6.0, 7.0]),), kink=True),
]


def domain(pick: Pick) -> Arguments:
    return (pick.floats(*any_shape(pick), low=-2, high=8, besides=KINKS),), {}
