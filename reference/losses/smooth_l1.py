"""Smooth L1 loss: the absolute error, quadratic near 0 instead of a kink.

    e = x - t        l = e^2 / (2 beta) where |e| <= beta,  |e| - beta / 2 elsewhere,  reduced

Derivation.  It is the Huber loss with delta = beta, divided by beta. With s = clip(e / beta, -1, 1) both pieces are
s (e - beta s / 2), and the derivative is s:

    dx = dl * s          dtarget = -dx

For beta = 0, s = sign(e): the loss is l1 and has its kink. PyTorch has smooth_l1; Keras and optax
have the Huber loss only.

Shapes: x, target (...); L () or, unreduced, (...).
Source: Girshick, "Fast R-CNN", ICCV 2015; beta is PyTorch's.
"""

import numpy as np

from ..case import Array, Case, invalid
from ..domain import Arguments, Pick, any_shape
from .arguments import normals, require_like, unequal
from .reduction import REDUCTIONS, Reduction, reduce, spread


def forward(
    x: Array, target: Array, /, *, beta: float = 1.0, reduction: Reduction = "mean"
) -> tuple[Array, tuple[Array, Reduction]]:
    """L = reduce(s (e - beta s / 2)), e = x - target, s = clip(e / beta, -1, 1). x, target (...) -> L () or (...).

    Raises ValueError where dtypes or shapes differ, or beta is negative.
    """
    require_like("smooth_l1", x=x, target=target)
    if not beta >= 0:
        raise invalid("smooth_l1", "beta", beta, "beta >= 0")
    difference = x - target
    slope = np.clip(difference / beta, -1, 1) if beta else np.sign(difference)
    return reduce(slope * (difference - beta / 2 * slope), reduction, "smooth_l1"), (slope, reduction)


def backward(dout: Array, cache: tuple[Array, Reduction]) -> tuple[Array, Array]:
    """dout () or (...) -> dx, dtarget (...)."""
    slope, reduction = cache
    dx = spread(dout, slope, reduction) * slope
    return dx, -dx


CASES = [
    Case("generic", normals(4, 5)),
    Case("one", lambda rng: ((t := rng.normal(size=(1, 1))) + 0.25 + rng.random((1, 1)) / 2, t)),
    Case("odd_sum", normals(3, 7, 5), {"reduction": "sum"}),
    Case("none", normals(3, 4), {"reduction": "none"}),
    Case("near", lambda rng: (2.0**-8 * (1 + rng.uniform(size=8)), np.zeros(8)), {"reduction": "none"}),
    Case("large", normals(64, 65)),
    Case("beta", normals(3, 4), {"beta": 0.3}),
    Case("wide", normals(3, 4), {"beta": 4.0}),
    Case("beta_0", unequal(3, 4), {"beta": 0.0}),
    Case("beta_0_none", unequal(3, 4), {"beta": 0.0, "reduction": "none"}),
    Case("outliers", lambda rng: (1e6 * rng.normal(size=(3, 4)), rng.normal(size=(3, 4)))),
    Case("at_beta", lambda rng: (np.array([1.0, -0.25, 3.0, 0.0]), np.array([0.5, 0.25, 2.5, 0.5])), {"beta": 0.5}),
    Case(
        "equal_beta_0", lambda rng: (np.array([1.0, -0.5, 3.0, 0.0]), np.array([1.0, 0.25, 3.0, -2.0])), {"beta": 0.0}, kink=True
    ),
]


def domain(pick: Pick) -> Arguments:
    shape, beta = any_shape(pick), pick.one_of(1.0, 0.3, 0.0)
    target = pick.floats(*shape)
    return (target + pick.floats(*shape, besides=() if beta else (0.0,)), target), {
        "beta": beta,
        "reduction": pick.one_of(*REDUCTIONS),
    }
