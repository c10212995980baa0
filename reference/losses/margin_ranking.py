"""Margin ranking loss: the first of two scores should be the higher one where t = 1, the second where t = -1.

    l_i = max(0, margin - t_i (x1_i - x2_i)),  reduced

Derivation.  A hinge of the difference, in which the two scores have opposite signs:

    dx1 = -dl * t * [t (x1 - x2) < margin]          dx2 = -dx1

Where t (x1 - x2) = margin the loss has a kink; we take 0 there. With a margin of 0, a pair of equal scores lies on it.

Shapes: x1, x2, labels t in {-1, 1} (...); L () or, unreduced, (...).
Source: Herbrich, Graepel and Obermayer, "Large margin rank boundaries for ordinal regression", 2000; PyTorch's
margin_ranking_loss. Keras and optax have no such loss.
"""

import numpy as np

from ..case import Array, Case, Inputs, away_from
from ..domain import Arguments, Pick, any_shape
from .arguments import any_signs, require_like, require_signs, signs
from .reduction import REDUCTIONS, Reduction, reduce, spread

Cache = tuple[Array, Array, Reduction]


def forward(x1: Array, x2: Array, /, *, labels: Array, margin: float = 0.0, reduction: Reduction = "mean") -> tuple[Array, Cache]:
    """L = reduce(max(0, margin - labels (x1 - x2))). x1, x2, labels (...) -> L () or (...).

    Raises ValueError where dtypes or shapes differ, or labels are other than -1 and 1.
    """
    name = "margin_ranking"
    require_like(name, x1=x1, x2=x2, labels=labels)
    require_signs(name, labels)
    missing = margin - labels * (x1 - x2)
    return reduce(np.maximum(missing, 0), reduction, name), (missing, labels, reduction)


def backward(dout: Array, cache: Cache) -> tuple[Array, Array]:
    """dout () or (...) -> dx1, dx2 (...)."""
    missing, labels, reduction = cache
    dx1 = np.where(missing > 0, -labels * spread(dout, missing, reduction), 0)
    return dx1, -dx1


def _inputs(*shape: int) -> Inputs:
    """Scores whose difference is not near the margins of the cases."""

    def inputs(rng: np.random.Generator) -> tuple[Array, Array]:
        x2 = rng.normal(size=shape)
        return x2 + away_from((-0.5, 0.0, 0.5), rng, *shape), x2

    return inputs


CASES = [
    Case("generic", _inputs(7), {"labels": signs(7)}),
    Case("one", lambda rng: (np.array([0.25]), np.array([1.0])), {"labels": np.ones(1)}),
    Case("odd_sum", _inputs(3, 7, 5), {"labels": signs(3, 7, 5), "reduction": "sum"}),
    Case("none", _inputs(7), {"labels": signs(7), "reduction": "none"}),
    Case("margin", _inputs(7), {"labels": signs(7), "margin": 0.5}),
    Case("large", _inputs(64, 65), {"labels": signs(64, 65)}),
    Case("level", lambda rng: (np.arange(4.0), np.array([0.0, 1, 2, 4])), {"labels": np.array([1.0, -1, 1, 1])}, kink=True),
]


def domain(pick: Pick) -> Arguments:
    shape, margin = any_shape(pick), pick.one_of(0.0, 0.5)
    x2 = pick.floats(*shape)
    x1 = x2 + pick.floats(*shape, besides=(-margin, margin))
    return (x1, x2), {"labels": any_signs(pick, *shape), "margin": margin, "reduction": pick.one_of(*REDUCTIONS)}
