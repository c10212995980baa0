"""Binary cross entropy of probabilities, clipped.

    q = clip(p, eps, 1 - eps)         l = -(t log q + (1 - t) log(1 - q)),  reduced

Derivation.  dl/dq = -t/q + (1 - t)/(1 - q) = (q - t) / (q (1 - q)), and the clip passes only values inside its bounds:

    dp = dl * (q - t) / (q (1 - q)) * [eps <= p <= 1 - eps]

A probability beyond eps has no gradient, and the network cannot recover from it. This is one reason to prefer
binary_cross_entropy_with_logits. At p = eps the loss has a kink, where we pass the gradient.

Keras clips at 1e-7 as here; PyTorch clamps log q at -100 instead and bounds q (1 - q) below by 1e-12; optax has no
such loss.

Shapes: p, labels t in [0, 1] (...); L () or, unreduced, (...).
Source: Goodfellow, Bengio and Courville, "Deep Learning", 2016, section 6.2.2.2.
"""

import numpy as np

from ..case import Array, Case, Inputs, invalid
from ..domain import GRAIN, Arguments, Pick, any_shape
from .arguments import any_labels, require_like, zeros_and_ones
from .reduction import REDUCTIONS, Reduction, reduce, spread

Cache = tuple[Array, Array, Array, Reduction]


def forward(p: Array, /, *, labels: Array, eps: float = 1e-7, reduction: Reduction = "mean") -> tuple[Array, Cache]:
    """L = reduce(-(labels log q + (1 - labels) log(1 - q))), q = clip(p, eps, 1 - eps).

    p, labels (...) -> L () or (...).

    Raises ValueError where dtypes or shapes differ, or eps is not in (0, 1/2).
    """
    name = "binary_cross_entropy"
    require_like(name, p=p, labels=labels)
    if not 0 < eps < 0.5:
        raise invalid(name, "eps", eps, "0 < eps < 0.5")
    q = np.clip(p, eps, 1 - eps)
    losses = -(labels * np.log(q) + (1 - labels) * np.log1p(-q))
    passed = (eps <= p) & (p <= 1 - eps)
    return reduce(losses, reduction, name), (q, passed, labels, reduction)


def backward(dout: Array, cache: Cache) -> tuple[Array]:
    """dout () or (...) -> dp (...)."""
    q, passed, labels, reduction = cache
    return (spread(dout, q, reduction) * ((q - labels) / (q * (1 - q))) * passed,)


def _probabilities(*shape: int) -> Inputs:
    return lambda rng: (rng.uniform(0.05, 0.95, size=shape),)


_AT_CLIP = np.array([2.0**-6, 0.5, 1 - 2.0**-6])  # exact in every binary dtype

CASES = [
    Case("generic", _probabilities(4, 5), {"labels": zeros_and_ones(4, 5)}),
    Case("one", _probabilities(1, 1), {"labels": np.ones((1, 1))}),
    Case("odd_sum", _probabilities(3, 7, 5), {"labels": zeros_and_ones(3, 7, 5), "reduction": "sum"}),
    Case("none", _probabilities(3, 4), {"labels": zeros_and_ones(3, 4), "reduction": "none"}),
    Case("soft_labels", _probabilities(3, 4), {"labels": np.linspace(0, 1, 12).reshape(3, 4)}),
    Case("large", _probabilities(64, 65), {"labels": zeros_and_ones(64, 65)}),
    Case(
        "clipped",
        lambda rng: (np.array([[0.01, 0.99, 0.05, 0.95, 0.4], [0.99, 0.01, 0.8, 0.02, 0.6]]),),
        {"labels": zeros_and_ones(2, 5), "eps": 0.1},
    ),
    Case("saturated", lambda rng: (np.array([0.0, 1.0, 0.0, 1.0, 0.3]),), {"labels": np.array([0.0, 1.0, 1.0, 0.0, 1.0])}),
    # Near sqrt(2) - 1 implementations of log1p change from one formula to another.
    Case(
        "near_sqrt_2_minus_1",
        lambda rng: (np.array([*np.linspace(0.02, 0.08, 11), 0.414206]),),
        {"labels": np.zeros(12), "reduction": "none"},
    ),
    Case("at_the_clip", lambda rng: (_AT_CLIP,), {"labels": np.array([1.0, 1.0, 0.0]), "eps": 2.0**-6}, kink=True),
]


def domain(pick: Pick) -> Arguments:
    shape = any_shape(pick)
    attrs = {
        "labels": any_labels(pick, *shape),
        "eps": pick.one_of(1e-7, 0.1),
        "reduction": pick.one_of(*REDUCTIONS),
    }  # 0.1 is no multiple of GRAIN
    return (pick.floats(*shape, low=GRAIN, high=1 - GRAIN),), attrs
