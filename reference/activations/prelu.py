"""Parametric rectified linear unit: the slope for negative inputs is learned, one for all or one for each channel.

    y = x where x > 0, weight * x elsewhere

Derivation.  dy/dx is the slope of the piece; dy/dweight is x where x <= 0, summed over everything that shares the slope:

    dx = dout * (1 where x > 0, weight elsewhere)        dweight = sum dout * x * [x <= 0]

Shapes: x, y (N, C, ...); weight (C,) or (1,).
Source: He et al., "Delving deep into rectifiers", ICCV 2015.
"""

import numpy as np

from ..case import Array, Case, away_from, invalid, require_floats
from ..domain import Arguments, Pick, any_shape

KINKS = (0.0,)


def forward(x: Array, weight: Array, /) -> tuple[Array, tuple[Array, Array]]:
    """y = x where x > 0, weight * x elsewhere. x (N, C, ...), weight (C,) or (1,) -> y (N, C, ...).

    Raises ValueError where dtypes or shapes do not fit.
    """
    require_floats("prelu", x=x, weight=weight)
    if not x.ndim >= 2:
        raise invalid("prelu", "x", f"of shape {x.shape}", "(N, C, ...)")
    if weight.shape not in ((1,), (x.shape[1],)):
        raise invalid("prelu", "weight", f"of shape {weight.shape}", f"({x.shape[1]},) or (1,)")
    return np.where(x > 0, x, _over_channels(weight, x) * x), (x, weight)


def backward(dout: Array, cache: tuple[Array, Array]) -> tuple[Array, Array]:
    """dout (N, C, ...) -> dx (N, C, ...), dweight (C,) or (1,)."""
    x, weight = cache
    dx = np.where(x > 0, dout, _over_channels(weight, x) * dout)
    dslope = np.where(x > 0, 0, dout * x)
    if weight.shape == (1,):
        return dx, dslope.sum(keepdims=True).reshape(1)
    return dx, dslope.sum(axis=(0, *range(2, x.ndim)))


def _over_channels(weight: Array, x: Array) -> Array:
    return weight.reshape(1, -1, *[1] * (x.ndim - 2))


CASES = [
    Case("generic", lambda rng: (away_from(KINKS, rng, 4, 5), rng.normal(size=5))),
    Case("one", lambda rng: (-np.ones((1, 1)), rng.normal(size=1))),
    Case("shared", lambda rng: (away_from(KINKS, rng, 3, 7), rng.normal(size=1))),
    Case("images", lambda rng: (away_from(KINKS, rng, 2, 3, 5, 4), rng.normal(size=3))),
    Case("large", lambda rng: (away_from(KINKS, rng, 64, 65), rng.normal(size=65))),
    Case("at_zero", lambda rng: (np.array([[-1.0, 0.0], [0.0, 2.0]]), np.array([0.25, 0.5])), kink=True),
]


def domain(pick: Pick) -> Arguments:
    shape = any_shape(pick, least=2)
    return (pick.floats(*shape, besides=KINKS), pick.floats(pick.one_of(1, shape[1]))), {}
