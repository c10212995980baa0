"""Negative log-likelihood of a target under a Gaussian distribution whose mean and variance are both predicted.

    v = max(var, eps)        l = (log v + (x - t)^2 / v) / 2,  reduced;  full adds log(2 pi) / 2

Derivation.  With e = x - t,

    dx = dl * e / v          dtarget = -dx          dvar = dl * (1 / v - e^2 / v^2) / 2 * [var >= eps]

The variance that minimises the loss is e^2. Without eps it follows the errors to 0, and the loss goes to -infinity. Below eps the
loss does not depend on var. PyTorch clamps outside of autograd and returns the gradient at v as that of var: a variance below eps
still moves. At var = eps the clamp has a kink, where we pass the gradient.

Shapes: x, target, var (...); L () or, unreduced, (...).
Source: Nix and Weigend, "Estimating the mean and variance of the target probability distribution", ICNN 1994; the options
are PyTorch's, which also takes one variance for a whole row. Keras, TensorFlow and optax have no such loss.
"""

import math

import numpy as np

from ..case import Array, Case, Inputs, invalid
from ..domain import GRAIN, Arguments, Pick, any_shape
from .arguments import require_like
from .reduction import REDUCTIONS, Reduction, reduce, spread

LOG_2_PI = math.log(2 * math.pi)
Cache = tuple[Array, Array, Reduction]


def forward(
    x: Array, target: Array, var: Array, /, *, full: bool = False, eps: float = 1e-6, reduction: Reduction = "mean"
) -> tuple[Array, Cache]:
    """L = reduce((log v + (x - target)^2 / v) / 2), v = max(var, eps). x, target, var (...) -> L () or (...).

    Raises ValueError where dtypes or shapes differ, or eps is not positive.
    """
    require_like("gaussian_nll", x=x, target=target, var=var)
    if not eps > 0:
        raise invalid("gaussian_nll", "eps", eps, "eps > 0")
    v = np.maximum(var, eps)
    difference = x - target
    slope = difference / v
    losses = (np.log(v) + difference * slope) / 2
    if full:
        losses = losses + LOG_2_PI / 2
    dvar = np.where(var >= eps, (1 / v - slope * slope) / 2, 0)
    return reduce(losses, reduction, "gaussian_nll"), (slope, dvar, reduction)


def backward(dout: Array, cache: Cache) -> tuple[Array, Array, Array]:
    """dout () or (...) -> dx, dtarget, dvar (...)."""
    slope, dvar, reduction = cache
    dl = spread(dout, slope, reduction)
    dx = dl * slope
    return dx, -dx, dl * dvar


def _inputs(*shape: int) -> Inputs:
    return lambda rng: (rng.normal(size=shape), rng.normal(size=shape), rng.uniform(0.5, 2, size=shape))


def _perfect(rng: np.random.Generator) -> tuple[Array, Array, Array]:
    x, _, var = _inputs(3, 4)(rng)
    return x, x.copy(), var


def _nearly_no_loss(rng: np.random.Generator) -> tuple[Array, Array, Array]:
    """Variances of 1 and errors about 1/64: adding log(2 pi) / 2 and subtracting it again leaves no digits of such losses."""
    x = rng.normal(size=(3, 4))
    return x, x + rng.uniform(0.01, 0.02, size=(3, 4)), np.ones((3, 4))


_CLAMPED = np.array([[0.0, 0.01, 0.5, 1.0], [2.0, 0.05, 0.2, 0.0], [0.03, 1.5, 0.0, 0.9]])

CASES = [
    Case("generic", _inputs(3, 4)),
    # A variance whose logarithm keeps the loss away from 0, see _nearly_no_loss.
    Case("one", lambda rng: (rng.normal(size=(1, 1)), rng.normal(size=(1, 1)), rng.uniform(2, 4, size=(1, 1)))),
    Case("odd_sum", _inputs(3, 7, 5), {"reduction": "sum"}),
    Case("none", _inputs(3, 4), {"reduction": "none"}),
    Case("full", _inputs(3, 4), {"full": True}),
    Case("large", _inputs(64, 65)),
    Case("nearly_no_loss", _nearly_no_loss, {"reduction": "none"}),
    Case("perfect", _perfect, zero=("x", "target")),
    Case("clamped", lambda rng: (rng.normal(size=(3, 4)), rng.normal(size=(3, 4)), _CLAMPED), {"eps": 0.1}),
    Case(
        "at_the_clamp",
        lambda rng: (rng.normal(size=(2, 2)), rng.normal(size=(2, 2)), np.array([[0.125, 0.5], [1.0, 0.125]])),
        {"eps": 0.125},
        kink=True,
    ),
]


def domain(pick: Pick) -> Arguments:
    shape = any_shape(pick)
    attrs = {
        "full": pick.one_of(False, True),
        "eps": pick.one_of(1e-6, 1.3),
        "reduction": pick.one_of(*REDUCTIONS),
    }  # 1.3 is no multiple of GRAIN
    return (pick.floats(*shape), pick.floats(*shape), pick.floats(*shape, low=GRAIN)), attrs
