"""Kullback-Leibler divergence of a target distribution from a predicted one, which is given by its logarithm.

    l_i = t_i (log t_i - log_p_i),  0 where t_i = 0,  reduced;  "batchmean" divides the sum by N, the length of axis 0

Derivation.  l is linear in log_p, and (t log t)' = log t + 1:

    dlog_p = -dl * t          dtarget = dl * (log t + 1 - log_p)

With log_target the target s = log t is given by its logarithm too, and dt/ds = t:

    dtarget = dl * t (s + 1 - log_p)

At t = 0 the loss is 0, by continuity. Its slope there is infinite: dtarget is -inf times the sign of dl. Gradient
descent on the target cannot start there. With log_target the same point is s = -inf, and there the derivative is 0. The
frameworks return nan in both, or what a clip lets through.

Only "batchmean" is the average divergence of the distributions in rows; "mean" divides by the number of classes as well.

Shapes: log_p, target (...); L () or, unreduced, (...).
Source: Kullback and Leibler, "On information and sufficiency", Annals of Mathematical Statistics 22, 1951; the reductions
are PyTorch's. Keras clips both distributions at its epsilon; optax sums over the last axis.
"""

from typing import Literal, get_args

import numpy as np

from ..case import Array, Case, Inputs, invalid
from ..domain import GRAIN, Arguments, Pick, any_shape
from .arguments import require_like
from .reduction import REDUCTIONS, Reduction, reduce, spread

BatchReduction = Literal["none", "mean", "sum", "batchmean"]
Cache = tuple[Array, Array, bool, int, Reduction]


def forward(
    log_p: Array, target: Array, /, *, log_target: bool = False, reduction: BatchReduction = "mean"
) -> tuple[Array, Cache]:
    """L = reduce(t (log t - log_p)), t = exp(target) if log_target else target. log_p, target (...) -> L () or (...).

    A negative target has no logarithm: its loss is nan.

    Raises ValueError where dtypes or shapes differ, or a mean has nothing to average.
    """
    require_like("kl_div", log_p=log_p, target=target)
    t = np.exp(target) if log_target else target
    positive = t != 0
    log_t = np.where(positive, target, 0) if log_target else np.log(np.where(positive, t, 1))
    log_ratio = log_t - np.where(positive, log_p, 0)
    losses = t * log_ratio
    known = reduction in get_args(BatchReduction)
    if not known:
        raise invalid("kl_div", "reduction", repr(reduction), "'none', 'mean', 'sum' or 'batchmean'")
    if reduction != "batchmean":
        return reduce(losses, reduction, "kl_div"), (t, log_ratio, log_target, 1, reduction)
    n = len(losses) if losses.ndim else 0
    if not n > 0:
        raise invalid("kl_div", "reduction", f"'batchmean' of shape {losses.shape}", "at least one row")
    return reduce(losses, "sum", "kl_div") / n, (t, log_ratio, log_target, n, "sum")


def backward(dout: Array, cache: Cache) -> tuple[Array, Array]:
    """dout () or (...) -> dlog_p, dtarget (...)."""
    t, log_ratio, log_target, n, reduction = cache
    dl = spread(dout / n, t, reduction)
    slope = log_ratio + 1
    return -dl * t, dl * (t * slope if log_target else np.where(t == 0, -np.inf, slope))


def _inputs(n: int, classes: int) -> Inputs:
    return lambda rng: (np.log(rng.dirichlet(np.ones(classes), size=n)), rng.dirichlet(np.ones(classes), size=n))


def _logarithms(n: int, classes: int) -> Inputs:
    return lambda rng: tuple(np.log(rng.dirichlet(np.ones(classes), size=n)) for _ in range(2))


def _zeros(rng: np.random.Generator) -> tuple[Array, Array]:
    log_p, target = _inputs(4, 3)(rng)
    return log_p, np.where(np.eye(4, 3) > 0, 0, target)


def _logarithms_of_zeros(rng: np.random.Generator) -> tuple[Array, Array]:
    log_p, target = _logarithms(4, 3)(rng)
    target[0, 0] = target[1, 1] = log_p[1, 1] = -np.inf
    return log_p, target


def _equal(rng: np.random.Generator) -> tuple[Array, Array]:
    p = rng.dirichlet(np.ones(3), size=4)
    return np.log(p), p


CASES = [
    Case("generic", _inputs(4, 3)),
    Case("one", lambda rng: (np.zeros((1, 1)), np.ones((1, 1)))),
    Case("sum", _inputs(4, 3), {"reduction": "sum"}),
    Case("none", _inputs(4, 3), {"reduction": "none"}),
    Case("odd_batchmean", _inputs(7, 5), {"reduction": "batchmean"}),
    Case("log_target", _logarithms(4, 3), {"log_target": True}),
    Case("log_target_batchmean", _logarithms(7, 5), {"log_target": True, "reduction": "batchmean"}),
    Case("large", _inputs(64, 65), {"reduction": "batchmean"}),
    Case("equal", _equal),
    Case("zeros", _zeros),
    Case("logarithms_of_zeros", _logarithms_of_zeros, {"log_target": True}),
]


def domain(pick: Pick) -> Arguments:
    shape, log_target = any_shape(pick), pick.one_of(False, True)
    target = pick.floats(*shape, high=0) if log_target else pick.floats(*shape, low=GRAIN, high=1)
    return (pick.floats(*shape, high=0), target), {"log_target": log_target, "reduction": pick.one_of(*REDUCTIONS, "batchmean")}
