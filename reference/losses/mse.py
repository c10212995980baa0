"""Mean squared error.

    l_i = (x_i - t_i)^2,  reduced

Derivation.  dl_i/dx_i = 2 (x_i - t_i), and the target enters with the opposite sign:

    dx = dl * 2 (x - t)          dtarget = -dx

The factor 2 and the 1/n of the mean are where hand-written versions differ most: some drop the 2, some divide by
the batch alone. Here n counts every element, as in PyTorch and in Keras when the last axis has the same length in
all samples.

Shapes: x, target (...); L () or, unreduced, (...).
Source: Goodfellow, Bengio and Courville, "Deep Learning", 2016, section 5.1.4.
"""

import numpy as np

from reference.case import Array, Case, Inputs, require, require_floats
from reference.losses.reduction import Reduction, reduce, spread


def forward(x: Array, target: Array, /, *, reduction: Reduction = "mean") -> tuple[Array, tuple[Array, Reduction]]:
    """L = reduce((x - target)^2). x, target (...) -> L () or (...).

    Raises ValueError where dtypes or shapes differ: broadcasting a target by accident is a classic mistake.
    """
    require_floats("mse", x=x, target=target)
    require(x.shape == target.shape, "mse", "target", f"of shape {target.shape}", f"{x.shape}, the shape of x")
    difference = x - target
    return reduce(difference * difference, reduction, "mse"), (difference, reduction)


def backward(dout: Array, cache: tuple[Array, Reduction]) -> tuple[Array, Array]:
    """dout () or (...) -> dx, dtarget (...)."""
    difference, reduction = cache
    dx = spread(dout, difference, reduction) * (2 * difference)
    return dx, -dx


def _inputs(*shape: int) -> Inputs:
    return lambda rng: (rng.normal(size=shape), rng.normal(size=shape))


CASES = [
    Case("generic", _inputs(4, 5)),
    Case("one", _inputs(1, 1)),
    Case("odd_sum", _inputs(3, 7, 5), {"reduction": "sum"}),
    Case("none", _inputs(3, 4), {"reduction": "none"}),
    Case("large", _inputs(64, 257)),
    Case("equal", lambda rng: (np.arange(6.0), np.arange(6.0)), zero=("x", "target")),
    Case("near", lambda rng: ((x := rng.normal(size=(4, 5))), x + 1e-3 * rng.normal(size=(4, 5)))),
]
