"""Mean absolute error.

    l_i = |x_i - t_i|,  reduced

Derivation.  dl_i/dx_i = sign(x_i - t_i), and the target enters with the opposite sign:

    dx = dl * sign(x - t)          dtarget = -dx

Where x = t the loss has a kink, and any number in [-1, 1] is a subgradient. We return 0, as PyTorch and Keras do; JAX
takes 1 as the derivative of |e| at 0, and so moves away from a perfect prediction.

Shapes: x, target (...); L () or, unreduced, (...).
Source: Boyd and Vandenberghe, "Convex Optimization", 2004, section 6.1.
"""

import numpy as np

from ..case import Array, Case
from ..domain import Arguments, Pick, any_shape
from .arguments import require_like, unequal
from .reduction import REDUCTIONS, Reduction, reduce, spread


def forward(x: Array, target: Array, /, *, reduction: Reduction = "mean") -> tuple[Array, tuple[Array, Reduction]]:
    """L = reduce(|x - target|). x, target (...) -> L () or (...).

    Raises ValueError where dtypes or shapes differ.
    """
    require_like("l1", x=x, target=target)
    difference = x - target
    return reduce(np.abs(difference), reduction, "l1"), (difference, reduction)


def backward(dout: Array, cache: tuple[Array, Reduction]) -> tuple[Array, Array]:
    """dout () or (...) -> dx, dtarget (...)."""
    difference, reduction = cache
    dx = spread(dout, difference, reduction) * np.sign(difference)
    return dx, -dx


CASES = [
    Case("generic", unequal(4, 5)),
    Case("one", unequal(1, 1)),
    Case("odd_sum", unequal(3, 7, 5), {"reduction": "sum"}),
    Case("none", unequal(3, 4), {"reduction": "none"}),
    Case("large", unequal(64, 65)),
    Case("outliers", lambda rng: (1e6 * rng.normal(size=(3, 4)), rng.normal(size=(3, 4)))),
    Case("equal", lambda rng: (np.array([1.0, -0.5, 3.0, 0.0]), np.array([1.0, 0.25, 3.0, -2.0])), kink=True),
]


def domain(pick: Pick) -> Arguments:
    shape = any_shape(pick)
    target = pick.floats(*shape)
    return (target + pick.floats(*shape, besides=(0.0,)), target), {"reduction": pick.one_of(*REDUCTIONS)}
