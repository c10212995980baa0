"""Hinge loss, of the support vector machine.

    l_i = max(0, 1 - t_i x_i),  reduced

Derivation.  Where the margin is violated, 1 - t x > 0, the loss falls by t for each unit of x; elsewhere it is zero:

    dx = -dl * t * [t x < 1]

On the margin, t x = 1, the loss has a kink, and any number between -t and 0 is a subgradient. We take 0. A framework whose
maximum passes its gradient to the first argument takes -t, and one that shares it takes half of -t.

Shapes: x, labels t in {-1, 1} (...); L () or, unreduced, (...). Keras averages over the last axis even where nothing
is reduced.
Source: Cortes and Vapnik, "Support-vector networks", Machine Learning 20, 1995.
"""

import numpy as np

from ..case import Array, Case, away_from
from ..domain import Arguments, Pick, any_shape
from .arguments import any_signs, require_like, require_signs, signs
from .reduction import REDUCTIONS, Reduction, reduce, spread

Cache = tuple[Array, Array, Reduction]


def forward(x: Array, /, *, labels: Array, reduction: Reduction = "mean") -> tuple[Array, Cache]:
    """L = reduce(max(0, 1 - labels x)). x, labels (...) -> L () or (...).

    Raises ValueError where dtypes or shapes differ, or labels are other than -1 and 1.
    """
    require_like("hinge", x=x, labels=labels)
    require_signs("hinge", labels)
    missing = 1 - np.where(labels > 0, x, -x)
    return reduce(np.maximum(missing, 0), reduction, "hinge"), (missing, labels, reduction)


def backward(dout: Array, cache: Cache) -> tuple[Array]:
    """dout () or (...) -> dx (...)."""
    missing, labels, reduction = cache
    return (np.where(missing > 0, -labels * spread(dout, missing, reduction), 0),)


KINKS = (-1.0, 1.0)

CASES = [
    Case("generic", lambda rng: (away_from(KINKS, rng, 4, 5),), {"labels": signs(4, 5)}),
    Case("one", lambda rng: (np.full((1, 1), 0.5),), {"labels": np.ones((1, 1))}),
    Case("odd_sum", lambda rng: (away_from(KINKS, rng, 3, 7, 5),), {"labels": signs(3, 7, 5), "reduction": "sum"}),
    Case("none", lambda rng: (away_from(KINKS, rng, 3, 4),), {"labels": signs(3, 4), "reduction": "none"}),
    Case("large", lambda rng: (away_from(KINKS, rng, 64, 65),), {"labels": signs(64, 65)}),
    Case(
        "beyond_the_margin",
        lambda rng: (np.array([[1.5, -2.0], [30.0, -1.25]]),),
        {"labels": np.array([[1.0, -1], [1, -1]])},
        zero=("x",),
    ),
    Case(
        "on_the_margin",
        lambda rng: (np.array([[1.0, -1.0], [1.0, 3.0]]),),
        {"labels": np.array([[1.0, -1], [-1, 1]])},
        kink=True,
    ),
]


def domain(pick: Pick) -> Arguments:
    shape = any_shape(pick)
    return (pick.floats(*shape, besides=KINKS),), {"labels": any_signs(pick, *shape), "reduction": pick.one_of(*REDUCTIONS)}
