"""Piecewise linear sigmoid.

    y = min(max(x + 3, 0), 6) / 6

Derivation.  Linear with slope 1/6 between the kinks, constant outside:

    dx = dout * [-3 < x < 3] / 6

Keras before version 3 had slope 0.2 and kinks at +-2.5.

Shapes: x, y (...).
Source: Howard et al., "Searching for MobileNetV3", ICCV 2019.
"""

import numpy as np

from ..case import Array, Case, away_from, require_floats
from ..domain import Arguments, Pick, any_shape

KINKS = (-3.0, 3.0)


def forward(x: Array, /) -> tuple[Array, Array]:
    """y = min(max(x + 3, 0), 6) / 6. x (...) -> y (...).

    Raises ValueError where x is not an array of floats.
    """
    require_floats("hard_sigmoid", x=x)
    return np.clip(x + 3, 0, 6) / 6, x


def backward(dout: Array, cache: Array) -> tuple[Array]:
    """dout (...) -> dx (...)."""
    x = cache
    return (dout * ((x > -3) & (x < 3)) / 6,)


CASES = [
    Case("generic", lambda rng: (away_from(KINKS, rng, 4, 5),)),
    Case("one", lambda rng: (np.full((1, 1), 0.5),)),
    Case("odd", lambda rng: (away_from(KINKS, rng, 3, 7, 5),)),
    Case("large", lambda rng: (away_from(KINKS, rng, 64, 257),)),
    Case("at_the_kinks", lambda rng: (np.array([-4.0, -3.0, 0.0, 3.0, 4.0]),), kink=True),
]


def domain(pick: Pick) -> Arguments:
    return (pick.floats(*any_shape(pick), besides=KINKS),), {}
