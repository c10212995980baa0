"""Negative log-likelihood of counts under a Poisson distribution, up to the logarithm of their factorial.

    l = exp(x) - t x               with log_input: x is the logarithm of the rate
    l = x - t log(x + eps)         without: x is the rate
    full adds, where t > 1, Stirling's approximation of log t!:  t log t - t + log(2 pi t) / 2

Derivation.

    dx = dl * (exp(x) - t)          or  dl * (1 - t / (x + eps))
    dtarget = -dl * x               or  -dl * log(x + eps),  plus  dl * (log t + 1 / (2 t)) where full adds its term

Counts are data, but the frameworks differentiate them, and so does this op. Stirling's term jumps from 0 to -0.08 at t = 1, where
the loss has no derivative with respect to the target. At t = 0 it has one, but PyTorch and TensorFlow return nan: they select the
term after computing it, and 0 times the slope of t log t at 0 is nan.

Shapes: x, target (...); L () or, unreduced, (...).
Source: McCullagh and Nelder, "Generalized linear models", 1989, section 6.2; the options are PyTorch's. TensorFlow has
the two forms in tf.nn.log_poisson_loss and keras.losses.poisson, the second without full and with 1e-7 for eps.
"""

import math

import numpy as np

from ..case import Array, Case, Inputs, invalid
from ..domain import GRAIN, Arguments, Pick, any_shape
from .arguments import require_like
from .reduction import REDUCTIONS, Reduction, reduce, spread

Cache = tuple[Array, Array, Reduction]


def forward(
    x: Array,
    target: Array,
    /,
    *,
    log_input: bool = True,
    full: bool = False,
    eps: float = 1e-8,
    reduction: Reduction = "mean",
) -> tuple[Array, Cache]:
    """L = reduce(exp(x) - target x), or without log_input reduce(x - target log(x + eps)). x, target (...) -> L () or (...).

    Raises ValueError where dtypes or shapes differ, or eps is negative.
    """
    require_like("poisson_nll", x=x, target=target)
    if not eps >= 0:
        raise invalid("poisson_nll", "eps", eps, "eps >= 0")
    if log_input:
        rate, log_rate = np.exp(x), x
        dx = rate - target
    else:
        rate, log_rate = x, np.log(x + eps)
        dx = 1 - target / (x + eps)
    losses, dtarget = rate - target * log_rate, -log_rate
    if full:
        counted = target > 1
        t = np.where(counted, target, 1)
        log_t = np.log(t)
        losses = losses + np.where(counted, t * log_t - t + np.log(2 * math.pi * t) / 2, 0)
        dtarget = dtarget + np.where(counted, log_t + 1 / (2 * t), 0)
    return reduce(losses, reduction, "poisson_nll"), (dx, dtarget, reduction)


def backward(dout: Array, cache: Cache) -> tuple[Array, Array]:
    """dout () or (...) -> dx, dtarget (...)."""
    dx, dtarget, reduction = cache
    dl = spread(dout, dx, reduction)
    return dl * dx, dl * dtarget


def _logarithms(*shape: int) -> Inputs:
    return lambda rng: (rng.normal(size=shape), rng.poisson(2.0, size=shape).astype(float))


def _rates(*shape: int) -> Inputs:
    return lambda rng: (rng.uniform(0.5, 4, size=shape), rng.poisson(2.0, size=shape).astype(float))


_COUNTS = np.array([[2.0, 3.0, 10.0, 0.5], [7.0, 2.0, 0.25, 100.0], [4.0, 0.75, 2.0, 3.0]])

CASES = [
    Case("generic", _logarithms(3, 4)),
    Case("one", lambda rng: (rng.normal(size=(1, 1)), np.full((1, 1), 3.0))),
    Case("odd_sum", _logarithms(3, 7, 5), {"reduction": "sum"}),
    Case("none", _logarithms(3, 4), {"reduction": "none"}),
    Case("large", _logarithms(64, 65)),
    Case("rates", _rates(3, 4), {"log_input": False}),
    Case("full", lambda rng: (rng.normal(size=(3, 4)), _COUNTS), {"full": True}),
    Case("full_rates", lambda rng: (rng.uniform(0.5, 4, size=(3, 4)), _COUNTS), {"log_input": False, "full": True}),
    Case("full_zero_counts", lambda rng: (rng.normal(size=(3, 4)), _COUNTS * np.eye(3, 4)), {"full": True}),
    Case(
        "zero_rates",
        lambda rng: (np.zeros(4), np.array([0.0, 1.0, 2.0, 5.0])),
        {"log_input": False, "eps": 2.0**-6, "reduction": "sum"},
    ),
]


def domain(pick: Pick) -> Arguments:
    shape, log_input, full = any_shape(pick), pick.one_of(True, False), pick.one_of(False, True)
    target = pick.floats(*shape, low=0, besides=(1.0,) if full else ())  # where Stirling's term sets in
    attrs = {"log_input": log_input, "full": full, "eps": pick.one_of(1e-8, 0.5), "reduction": pick.one_of(*REDUCTIONS)}
    return (pick.floats(*shape, low=-4 if log_input else GRAIN), target), attrs
