"""Hinge embedding loss: distances should be small for pairs that belong together, and at least the margin for others.

    l_i = x_i  where t_i = 1,      max(0, margin - x_i)  where t_i = -1,  reduced

Derivation.  Piecewise linear:

    dx = dl  where t = 1,      -dl * [x < margin]  where t = -1

At x = margin the second piece has a kink; we take 0 there.

Shapes: x, labels t in {-1, 1} (...); L () or, unreduced, (...).
Source: Hadsell, Chopra and LeCun, "Dimensionality reduction by learning an invariant mapping", CVPR 2006, without
its squares; PyTorch's hinge_embedding_loss. Keras and optax have no such loss.
"""

import numpy as np

from ..case import Array, Case, away_from
from ..domain import Arguments, Pick, any_shape
from .arguments import any_signs, require_like, require_signs, signs
from .reduction import REDUCTIONS, Reduction, reduce, spread

Cache = tuple[Array, Reduction]


def forward(x: Array, /, *, labels: Array, margin: float = 1.0, reduction: Reduction = "mean") -> tuple[Array, Cache]:
    """L = reduce(x where labels = 1, max(0, margin - x) where labels = -1). x, labels (...) -> L () or (...).

    Raises ValueError where dtypes or shapes differ, or labels are other than -1 and 1.
    """
    require_like("hinge_embedding", x=x, labels=labels)
    require_signs("hinge_embedding", labels)
    together = labels > 0
    losses = np.where(together, x, np.maximum(margin - x, 0))
    slope = np.where(together, 1, -(x < margin).astype(x.dtype))
    return reduce(losses, reduction, "hinge_embedding"), (slope, reduction)


def backward(dout: Array, cache: Cache) -> tuple[Array]:
    """dout () or (...) -> dx (...)."""
    slope, reduction = cache
    return (spread(dout, slope, reduction) * slope,)


KINKS = (0.5, 1.0)  # the margins of the cases

CASES = [
    Case("generic", lambda rng: (away_from(KINKS, rng, 4, 5),), {"labels": signs(4, 5)}),
    Case("one", lambda rng: (np.full((1, 1), 0.25),), {"labels": -np.ones((1, 1))}),
    Case("odd_sum", lambda rng: (away_from(KINKS, rng, 3, 7, 5),), {"labels": signs(3, 7, 5), "reduction": "sum"}),
    Case("none", lambda rng: (away_from(KINKS, rng, 3, 4),), {"labels": signs(3, 4), "reduction": "none"}),
    Case("margin", lambda rng: (away_from(KINKS, rng, 4, 5),), {"labels": signs(4, 5), "margin": 0.5}),
    Case("large", lambda rng: (away_from(KINKS, rng, 64, 65),), {"labels": signs(64, 65)}),
    Case("on_the_margin", lambda rng: (np.array([1.0, 1.0, 0.5, 2.0]),), {"labels": np.array([-1.0, 1, -1, -1])}, kink=True),
]


def domain(pick: Pick) -> Arguments:
    shape, margin = any_shape(pick), pick.one_of(1.0, 0.5)
    attrs = {"labels": any_signs(pick, *shape), "margin": margin, "reduction": pick.one_of(*REDUCTIONS)}
    return (pick.floats(*shape, besides=(margin,)),), attrs
