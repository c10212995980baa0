"""Squared hinge loss.

    l_i = max(0, 1 - t_i x_i)^2,  reduced

Derivation.  With m = max(0, 1 - t x), dl/dm = 2 m and dm/dx = -t where m > 0:

    dx = -dl * 2 t m

On the margin m = 0 and the gradient from both sides is 0. Unlike the hinge loss, this one has no kink.

Shapes: x, labels t in {-1, 1} (...); L () or, unreduced, (...). Keras averages over the last axis even where nothing
is reduced.
Source: Lee and Mangasarian, "SSVM: a smooth support vector machine", Computational Optimization and Applications 20, 2001.
"""

import numpy as np

from ..case import Array, Case
from ..domain import Arguments, Pick, any_shape
from .arguments import any_signs, logits, require_like, require_signs, signs
from .reduction import REDUCTIONS, Reduction, reduce, spread

Cache = tuple[Array, Array, Reduction]


def forward(x: Array, /, *, labels: Array, reduction: Reduction = "mean") -> tuple[Array, Cache]:
    """L = reduce(max(0, 1 - labels x)^2). x, labels (...) -> L () or (...).

    Raises ValueError where dtypes or shapes differ, or labels are other than -1 and 1.
    """
    require_like("squared_hinge", x=x, labels=labels)
    require_signs("squared_hinge", labels)
    missing = np.maximum(1 - labels * x, 0)
    return reduce(missing * missing, reduction, "squared_hinge"), (missing, labels, reduction)


def backward(dout: Array, cache: Cache) -> tuple[Array]:
    """dout () or (...) -> dx (...)."""
    missing, labels, reduction = cache
    return (-2 * labels * missing * spread(dout, missing, reduction),)


CASES = [
    Case("generic", logits(4, 5), {"labels": signs(4, 5)}),
    Case("one", lambda rng: (np.full((1, 1), 0.5),), {"labels": np.ones((1, 1))}),
    Case("odd_sum", logits(3, 7, 5), {"labels": signs(3, 7, 5), "reduction": "sum"}),
    Case("none", logits(3, 4), {"labels": signs(3, 4), "reduction": "none"}),
    Case("large", logits(64, 65), {"labels": signs(64, 65)}),
    Case("on_the_margin", lambda rng: (np.array([[1.0, -1.0], [1.0, 3.0]]),), {"labels": np.array([[1.0, -1], [-1, 1]])}),
]


def domain(pick: Pick) -> Arguments:
    shape = any_shape(pick)
    return (pick.floats(*shape),), {"labels": any_signs(pick, *shape), "reduction": pick.one_of(*REDUCTIONS)}
