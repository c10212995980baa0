"""Binary cross entropy of logits.

    p = sigmoid(x)        l = -(w t log p + (1 - t) log(1 - p)),  reduced;  w is pos_weight

Derivation.  With log p = -softplus(-x) and log(1 - p) = -softplus(x) = -x - softplus(-x),

    l = (1 - t) x + (1 + (w - 1) t) softplus(-x),        softplus(-x) = log(1 + exp(-|x|)) + max(-x, 0)

and softplus'(-x) differentiated by x is -(1 - p):

    dx = dl * ((1 - t) - (1 + (w - 1) t) (1 - p))        which for w = 1 is the well-known p - t

The stable form uses |x| and max, which have kinks at 0. The function itself has none. Frameworks that differentiate the stable
form piece by piece may return another value at 0.

Shapes: x, labels t in [0, 1] (...); pos_weight broadcasts against them; L () or, unreduced, (...).
Source: Goodfellow, Bengio and Courville, "Deep Learning", 2016, section 6.2.2.2; the stable form is TensorFlow's
and PyTorch's.
"""

import numpy as np

from ..case import Array, Case, invalid
from ..domain import GRAIN, Arguments, Pick, any_shape
from .arguments import any_labels, logits, require_like, zeros_and_ones
from .reduction import REDUCTIONS, Reduction, reduce, spread

Cache = tuple[Array, Array, Array, Reduction]


def forward(x: Array, /, *, labels: Array, pos_weight: Array | float = 1.0, reduction: Reduction = "mean") -> tuple[Array, Cache]:
    """L = reduce(-(pos_weight labels log p + (1 - labels) log(1 - p))), p = sigmoid(x).

    x, labels (...) -> L () or (...).

    Raises ValueError where the dtypes or shapes do not fit.
    """
    name = "binary_cross_entropy_with_logits"
    require_like(name, x=x, labels=labels)
    shape = np.shape(pos_weight)
    fits = len(shape) <= x.ndim and all(a in (1, b) for a, b in zip(shape[::-1], x.shape[::-1], strict=False))
    if not fits:
        raise invalid(name, "pos_weight", f"of shape {shape}", f"one that broadcasts to {x.shape}")
    e = np.exp(-np.abs(x))
    weight = 1 + (pos_weight - 1) * labels
    losses = (1 - labels) * x + weight * (np.log1p(e) + np.maximum(-x, 0))
    one_minus_p = np.where(x >= 0, e, 1) / (1 + e)
    return reduce(losses, reduction, name), (one_minus_p, weight, labels, reduction)


def backward(dout: Array, cache: Cache) -> tuple[Array]:
    """dout () or (...) -> dx (...)."""
    one_minus_p, weight, labels, reduction = cache
    return (spread(dout, one_minus_p, reduction) * ((1 - labels) - weight * one_minus_p),)


CASES = [
    Case("generic", logits(4, 5), {"labels": zeros_and_ones(4, 5)}),
    Case("one", lambda rng: (rng.uniform(-1, 1, size=(1, 1)),), {"labels": np.ones((1, 1))}),
    Case("odd_sum", logits(3, 7, 5), {"labels": zeros_and_ones(3, 7, 5), "reduction": "sum"}),
    Case("none", logits(3, 4), {"labels": zeros_and_ones(3, 4), "reduction": "none"}),
    Case("soft_labels", logits(3, 4), {"labels": np.linspace(0, 1, 12).reshape(3, 4)}),
    Case(
        "soft_labels_pos_weight",
        logits(3, 4),
        {"labels": np.linspace(0, 1, 12).reshape(3, 4), "pos_weight": np.array([0.5, 1.0, 3.0, 2.0])},
    ),
    Case("pos_weight", logits(6, 3), {"labels": zeros_and_ones(6, 3), "pos_weight": np.array([0.5, 1.0, 3.0])}),
    Case("large", logits(64, 65), {"labels": zeros_and_ones(64, 65)}),
    Case("at_zero", lambda rng: (np.zeros((2, 4)),), {"labels": np.array([[0, 1, 0.25, 0.75], [1, 0, 1, 0]])}),
    Case(
        "saturated",
        lambda rng: (rng.normal(size=(2, 6)) + np.array([-200, -40, -15, 15, 40, 200]),),
        {"labels": np.array([[0.0, 0, 0, 1, 1, 1], [1, 1, 1, 0, 0, 0]])},
    ),
    # At 0, with a weight: TensorFlow uses another function, and differentiates |x| and max.
    Case("found_971c5d19", lambda rng: (np.array([0.0]),), {"labels": np.array([0.0]), "pos_weight": np.array([1.0])}),
    # A single right prediction: in PyTorch sigmoid(x) - 1 cancels, and no other element hides that.
    Case("sure_and_right", lambda rng: (np.full(8, 6.5),), {"labels": np.ones(8), "reduction": "none"}),
    Case("found_368a3a7a", lambda rng: (np.array([5.25]),), {"labels": np.array([1.0])}),
]


def domain(pick: Pick) -> Arguments:
    shape = any_shape(pick)
    weight = {"pos_weight": pick.floats(shape[-1], low=GRAIN)} if pick.one_of(False, True) else {}
    return (pick.floats(*shape, low=-8, high=8),), {
        "labels": any_labels(pick, *shape),
        **weight,
        "reduction": pick.one_of(*REDUCTIONS),
    }
