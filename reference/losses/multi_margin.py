"""Multi-class hinge loss: every wrong class should score at least the margin less than the right one.

    z_nc = margin + x_nc - x_nt                 t = t_n, the label
    l_n = weight_t / C  sum_{c != t} max(0, z_nc)^p,  reduced;  p is 1 or 2

Derivation.  A violated margin has opposite gradients for its class and for the right class:

    dx_nc = dl_n * weight_t / C * p max(0, z_nc)^(p - 1) * [z_nc > 0]     c != t          dx_nt = -sum_{c != t} dx_nc

With p = 1 there is a kink where z = 0, and we take 0; with p = 2 there is none.

Shapes: x (N, C), labels t (N,) integers in [0, C), weight (C,); L () or, unreduced, (N,).
Source: Weston and Watkins, "Support vector machines for multi-class pattern recognition", ESANN 1999, with PyTorch's 1 / C;
its documentation raises the weight to the power p too, its code does not. Keras's categorical_hinge and optax's
multiclass_hinge_loss are another loss, which counts the worst class alone (Crammer and Singer).
"""

from typing import Literal

import numpy as np

from ..case import Array, Case, Inputs, invalid, require_floats
from ..domain import GRAIN, Arguments, Pick
from .arguments import class_labels, require_class_labels
from .reduction import REDUCTIONS, Reduction, reduce, spread

Cache = tuple[Array, Array, Array, Reduction]


def forward(
    x: Array,
    /,
    *,
    labels: Array,
    p: Literal[1, 2] = 1,
    margin: float = 1.0,
    weight: Array | None = None,
    reduction: Reduction = "mean",
) -> tuple[Array, Cache]:
    """L = reduce(weight_t / C sum_{c != t} max(0, margin - x_t + x_c)^p). x (N, C), labels (N,), weight (C,) -> L () or (N,).

    Raises ValueError where the dtypes or shapes do not fit, a label is out of range, or p is neither 1 nor 2.
    """
    name = "multi_margin"
    require_floats(name, x=x)
    if not (x.ndim == 2 and x.shape[1] > 0):
        raise invalid(name, "x", f"of shape {x.shape}", "(N, C) with C >= 1")
    n, classes = x.shape
    require_class_labels(name, labels, n, classes)
    if p not in (1, 2):
        raise invalid(name, "p", p, "1 or 2")
    if weight is not None:
        require_floats(name, x=x, weight=weight)
        if weight.shape != (classes,):
            raise invalid(name, "weight", f"of shape {weight.shape}", f"({classes},)")
    rows = np.arange(n)
    violated = np.maximum(margin + (x - x[rows, labels][:, None]), 0)
    violated[rows, labels] = 0
    powers, slope = (violated, (violated > 0).astype(x.dtype)) if p == 1 else (violated * violated, 2 * violated)
    if weight is not None:
        powers, slope = powers * weight[labels][:, None], slope * weight[labels][:, None]
    losses = powers.sum(axis=1) / classes
    return reduce(losses, reduction, name), (slope, losses, labels, reduction)


def backward(dout: Array, cache: Cache) -> tuple[Array]:
    """dout () or (N,) -> dx (N, C)."""
    slope, losses, labels, reduction = cache
    dx = (spread(dout, losses, reduction) / slope.shape[1])[:, None] * slope
    dx[np.arange(len(labels)), labels] = -dx.sum(axis=1)
    return (dx,)


def _scores(n: int, classes: int) -> Inputs:
    """Scores n + c / C with integers n: with an odd C no two in a row differ by a multiple of 1/2, which the margins are."""
    return lambda rng: (rng.integers(-3, 4, size=(n, classes)) + np.arange(classes) / classes + rng.normal(size=(n, 1)),)


_WEIGHT = np.array([0.5, 1.0, 3.0, 0.0, 2.0])
_TIED = np.array([[1.0, 1.0, 2.0], [0.0, 0.5, 0.5], [4.0, 0.0, 0.0]])  # with a margin of 0 nothing is rounded at these kinks

CASES = [
    Case("generic", _scores(4, 5), {"labels": class_labels(4, 5)}),
    Case("two_classes", lambda rng: (np.array([[0.25, 0.5]]),), {"labels": np.array([0])}),
    Case("one_class", lambda rng: (rng.normal(size=(3, 1)),), {"labels": np.zeros(3, int)}, zero=("x",)),
    Case("odd_sum", _scores(7, 3), {"labels": class_labels(7, 3), "reduction": "sum"}),
    Case("none", _scores(4, 5), {"labels": class_labels(4, 5), "reduction": "none"}),
    Case("margin", _scores(4, 5), {"labels": class_labels(4, 5), "margin": 0.5}),
    Case("squared", _scores(4, 5), {"labels": class_labels(4, 5), "p": 2}),
    Case("weighted", _scores(4, 5), {"labels": class_labels(4, 5), "weight": _WEIGHT}),
    Case("weighted_squared", _scores(4, 5), {"labels": class_labels(4, 5), "weight": _WEIGHT, "p": 2}),
    Case("large", _scores(64, 33), {"labels": class_labels(64, 33)}),
    Case("tied", lambda rng: (_TIED,), {"labels": np.array([0, 1, 0]), "margin": 0.0}, kink=True),
    Case("tied_squared", lambda rng: (_TIED,), {"labels": np.array([0, 1, 0]), "margin": 0.0, "p": 2}),
]


def domain(pick: Pick) -> Arguments:
    n, classes = pick.size(), pick.size(2, 4)
    x = np.floor(pick.floats(n, classes)) + np.arange(classes) / 8  # up to four in a row differ by no multiple of a margin
    weight = {"weight": pick.floats(classes, low=GRAIN)} if pick.one_of(False, True) else {}
    options = {"p": pick.one_of(1, 2), "margin": pick.one_of(1.0, 0.5), "reduction": pick.one_of(*REDUCTIONS)}
    return (x,), {"labels": pick.integers(n, low=0, high=classes), **options, **weight}
