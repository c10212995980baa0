"""Softsign.

    y = x / (1 + |x|)

Derivation.  For x > 0, dy/dx = ((1 + x) - x) / (1 + x)^2; for x < 0 the same with -x; both tend to 1 at 0:

    dx = dout / (1 + |x|)^2

The absolute value has a kink at 0, softsign has none.

Shapes: x, y (...).
Source: Bergstra et al., "Quadratic polynomials learn better image features", 2009.
"""

import numpy as np

from ..case import Array, Case, require_floats
from ..domain import Arguments, Pick, any_shape


def forward(x: Array, /) -> tuple[Array, Array]:
    """y = x / (1 + |x|). x (...) -> y (...).

    Raises ValueError where x is not an array of floats.
    """
    require_floats("softsign", x=x)
    d = 1 + np.abs(x)
    return x / d, d


def backward(dout: Array, cache: Array) -> tuple[Array]:
    """dout (...) -> dx (...)."""
    d = cache
    return (dout / (d * d),)


CASES = [
    Case("generic", lambda rng: (rng.normal(size=(4, 5)),)),
    Case("one", lambda rng: (rng.normal(size=(1, 1)),)),
    Case("odd", lambda rng: (2 * rng.normal(size=(3, 7, 5)),)),
    Case("large", lambda rng: (2 * rng.normal(size=(64, 257)),)),
    Case("tails", lambda rng: (np.array([-1e4, -80.0, -8.0, -1e-5, 0.0, 1e-5, 8.0, 80.0, 1e4]),)),
]


def domain(pick: Pick) -> Arguments:
    return (pick.floats(*any_shape(pick), low=-8, high=8),), {}
