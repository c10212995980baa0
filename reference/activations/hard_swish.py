"""Swish with a piecewise linear sigmoid.

    y = x min(max(x + 3, 0), 6) / 6

Derivation.  Between the kinks y = (x^2 + 3 x) / 6 and dy/dx = (2 x + 3) / 6; 0 below them and 1 above:

    dx = dout * (0 where x <= -3, 1 where x >= 3, (2 x + 3) / 6 between)

At -3 the slope jumps from 0 to -1/2, at 3 from 3/2 to 1.

Shapes: x, y (...).
Source: Howard et al., "Searching for MobileNetV3", ICCV 2019.
"""

import numpy as np

from ..case import Array, Case, away_from, require_floats
from ..domain import Arguments, Pick, any_shape

KINKS = (-3.0, 3.0)


def forward(x: Array, /) -> tuple[Array, Array]:
    """y = x min(max(x + 3, 0), 6) / 6. x (...) -> y (...).

    Raises ValueError where x is not an array of floats.
    """
    require_floats("hard_swish", x=x)
    return x * np.clip(x + 3, 0, 6) / 6, x


def backward(dout: Array, cache: Array) -> tuple[Array]:
    """dout (...) -> dx (...)."""
    x = cache
    return (dout * np.where(x <= -3, 0, np.where(x >= 3, 1, (2 * x + 3) / 6)),)


CASES = [
    Case("generic", lambda rng: (away_from(KINKS, rng, 4, 5),)),
    Case("one", lambda rng: (np.full((1, 1), 0.5),)),
    Case("odd", lambda rng: (away_from(KINKS, rng, 3, 7, 5),)),
    Case("large", lambda rng: (away_from(KINKS, rng, 64, 257),)),
    Case("at_the_kinks", lambda rng: (np.array([-4.0, -3.0, 0.0, 3.0, 4.0]),), kink=True),
]


def domain(pick: Pick) -> Arguments:
    return (pick.floats(*any_shape(pick), besides=KINKS),), {}
