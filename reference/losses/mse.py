"""Mean squared error.

    l_i = (x_i - t_i)^2,  reduced

Derivation.  dl_i/dx_i = 2 (x_i - t_i), and the target enters with the opposite sign:

    dx = dl * 2 (x - t)          dtarget = -dx

Hand-written versions differ most in the factor 2 and in the 1/n of the mean: some drop the 2, some divide by the batch
alone. Here n counts every element, as in PyTorch and in Keras when the last axis has the same length in
all samples.

Shapes: x, target (...); L () or, unreduced, (...).
Source: Goodfellow, Bengio and Courville, "Deep Learning", 2016, section 5.1.4.
"""

import numpy as np

from ..case import Array, Case
from ..domain import Arguments, Pick, any_shape
from .arguments import normals, require_like
from .reduction import REDUCTIONS, Reduction, reduce, spread


def forward(x: Array, target: Array, /, *, reduction: Reduction = "mean") -> tuple[Array, tuple[Array, Reduction]]:
    """L = reduce((x - target)^2). x, target (...) -> L () or (...).

    Raises ValueError where dtypes or shapes differ: broadcasting a target by accident is a classic mistake.
    """
    require_like("mse", x=x, target=target)
    difference = x - target
    return reduce(difference * difference, reduction, "mse"), (difference, reduction)


def backward(dout: Array, cache: tuple[Array, Reduction]) -> tuple[Array, Array]:
    """dout () or (...) -> dx, dtarget (...)."""
    difference, reduction = cache
    dx = spread(dout, difference, reduction) * (2 * difference)
    return dx, -dx


CASES = [
    Case("generic", normals(4, 5)),
    Case("one", normals(1, 1)),
    Case("odd_sum", normals(3, 7, 5), {"reduction": "sum"}),
    Case("none", normals(3, 4), {"reduction": "none"}),
    Case("large", normals(64, 257)),
    Case("equal", lambda rng: (np.arange(6.0), np.arange(6.0)), zero=("x", "target")),
    Case("near", lambda rng: ((x := rng.normal(size=(4, 5))), x + 1e-3 * rng.normal(size=(4, 5)))),
]


def domain(pick: Pick) -> Arguments:
    shape = any_shape(pick)
    return (pick.floats(*shape), pick.floats(*shape)), {"reduction": pick.one_of(*REDUCTIONS)}
