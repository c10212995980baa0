"""Logarithm of the hyperbolic cosine of the error: about half its square near 0, and its absolute value minus log 2 far away.

    l_i = log cosh(x_i - t_i),  reduced

Derivation.  (log cosh)' = sinh / cosh:

    dx = dl * tanh(x - t)          dtarget = -dx

cosh overflows from |e| = 711 on (90 in float32). Near 0 it rounds to 1, and the loss to 0. Two forms cover the
line: with cosh e - 1 = 2 sinh^2(e / 2) and cosh e = exp|e| (1 + exp(-2 |e|)) / 2,

    l = log1p(2 sinh^2(e / 2))  where |e| < 1,        l = |e| + log1p(exp(-2 |e|)) - log 2  elsewhere

Keras writes e + softplus(-2 e) - log 2 and optax logaddexp(e, -e) - log 2 for all e: neither overflows, but both cancel near
0, and so do their derivatives 1 - 2 sigmoid(-2 e) and sigmoid(2 e) - sigmoid(-2 e).

Shapes: x, target (...); L () or, unreduced, (...).
Source: Chen et al., "Log hyperbolic cosine loss improves variational auto-encoder", 2019.
"""

import numpy as np

from ..case import Array, Case
from ..domain import Arguments, Pick, any_shape
from .arguments import normals, require_like
from .reduction import REDUCTIONS, Reduction, reduce, spread


def forward(x: Array, target: Array, /, *, reduction: Reduction = "mean") -> tuple[Array, tuple[Array, Reduction]]:
    """L = reduce(log cosh(x - target)). x, target (...) -> L () or (...).

    Raises ValueError where dtypes or shapes differ.
    """
    require_like("log_cosh", x=x, target=target)
    difference = x - target
    size = np.abs(difference)
    half_sinh = np.sinh(np.minimum(size, 1) / 2)
    log_2 = np.log(np.asarray(2, dtype=x.dtype))  # with the digits of a float64 the two forms would not meet in a wider dtype
    near, far = np.log1p(2 * half_sinh * half_sinh), size + np.log1p(np.exp(-2 * size)) - log_2
    return reduce(np.where(size < 1, near, far), reduction, "log_cosh"), (difference, reduction)


def backward(dout: Array, cache: tuple[Array, Reduction]) -> tuple[Array, Array]:
    """dout () or (...) -> dx, dtarget (...)."""
    difference, reduction = cache
    dx = spread(dout, difference, reduction) * np.tanh(difference)
    return dx, -dx


CASES = [
    Case("generic", normals(4, 5)),
    Case("one", lambda rng: (1 + rng.random((1, 1)), -rng.random((1, 1)))),
    Case("odd_sum", normals(3, 7, 5), {"reduction": "sum"}),
    Case("none", normals(3, 4), {"reduction": "none"}),
    Case("large", normals(64, 65)),
    Case("outliers", lambda rng: (1000 * rng.normal(size=(3, 4)), rng.normal(size=(3, 4))), {"reduction": "none"}),
    Case("far_outliers", lambda rng: (1e5 * rng.normal(size=(3, 4)), rng.normal(size=(3, 4))), {"reduction": "none"}),
    Case("near", lambda rng: (2.0**-12 * (1 + rng.uniform(size=(3, 4))), np.zeros((3, 4)))),
    Case("equal", lambda rng: (np.arange(12.0).reshape(3, 4),) * 2, zero=("x", "target")),
    Case("found_eb6cfe8c", lambda rng: (np.array([1.0]), np.array([0.0]))),  # where one form gives way to the other
]


def domain(pick: Pick) -> Arguments:
    shape = any_shape(pick)
    return (pick.floats(*shape), pick.floats(*shape)), {"reduction": pick.one_of(*REDUCTIONS)}
