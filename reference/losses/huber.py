"""Huber loss: squared error for small differences, absolute error for large ones.

    e = x - t        l = e^2 / 2 where |e| <= delta,  delta (|e| - delta / 2) elsewhere,  reduced

Derivation.  Let c = clip(e, -delta, delta). Both pieces are c (e - c / 2): where |e| <= delta, c is e; elsewhere it is
delta sign(e). The derivative is e in the one and delta sign(e) in the other, which is c again:

    dx = dl * c          dtarget = -dx

The pieces have the same slope where they meet, so there is no kink. The gradient is that of half the squared error, clipped.
For delta -> infinity it is half the squared error: mse has no such factor.

Shapes: x, target (...); L () or, unreduced, (...).
Source: Huber, "Robust estimation of a location parameter", Annals of Mathematical Statistics 35, 1964.
"""

import numpy as np

from ..case import Array, Case, invalid
from ..domain import Arguments, Pick, any_shape
from .arguments import normals, require_like
from .reduction import REDUCTIONS, Reduction, reduce, spread


def forward(
    x: Array, target: Array, /, *, delta: float = 1.0, reduction: Reduction = "mean"
) -> tuple[Array, tuple[Array, Reduction]]:
    """L = reduce(c (e - c / 2)), e = x - target, c = clip(e, -delta, delta). x, target (...) -> L () or (...).

    Raises ValueError where dtypes or shapes differ, or delta is not positive.
    """
    require_like("huber", x=x, target=target)
    if not delta > 0:
        raise invalid("huber", "delta", delta, "delta > 0")
    difference = x - target
    clipped = np.clip(difference, -delta, delta)
    return reduce(clipped * (difference - clipped / 2), reduction, "huber"), (clipped, reduction)


def backward(dout: Array, cache: tuple[Array, Reduction]) -> tuple[Array, Array]:
    """dout () or (...) -> dx, dtarget (...)."""
    clipped, reduction = cache
    dx = spread(dout, clipped, reduction) * clipped
    return dx, -dx


CASES = [
    Case("generic", normals(4, 5)),
    Case("one", lambda rng: ((t := rng.normal(size=(1, 1))) + 0.25 + rng.random((1, 1)) / 2, t)),
    Case("odd_sum", normals(3, 7, 5), {"reduction": "sum"}),
    Case("none", normals(3, 4), {"reduction": "none"}),
    Case("near", lambda rng: (2.0**-8 * (1 + rng.uniform(size=8)), np.zeros(8)), {"reduction": "none"}),
    Case("large", normals(64, 65)),
    Case("delta", normals(3, 4), {"delta": 0.3}),
    Case("outliers", lambda rng: (1e6 * rng.normal(size=(3, 4)), rng.normal(size=(3, 4)))),
    Case("equal", lambda rng: (np.arange(12.0).reshape(3, 4),) * 2, zero=("x", "target")),
    Case("at_delta", lambda rng: (np.array([1.0, -0.25, 3.0, 0.0]), np.array([0.5, 0.25, 2.5, 0.5])), {"delta": 0.5}),
]


def domain(pick: Pick) -> Arguments:
    shape = any_shape(pick)
    return (pick.floats(*shape), pick.floats(*shape)), {
        "delta": pick.one_of(1.0, 0.3, 2.5),
        "reduction": pick.one_of(*REDUCTIONS),
    }
