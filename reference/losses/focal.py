"""Focal loss of logits: binary cross entropy with a small weight for predictions that are already right.

    p = sigmoid(x), q = 1 - p
    m = (1 - t) p + t q                              the probability of the wrong class, for t in {0, 1}
    CE = -(t log p + (1 - t) log q)
    l = w m^gamma CE,  reduced;  w = alpha t + (1 - alpha) (1 - t), or 1 without alpha

Derivation.  A product; with dp/dx = p q, dm/dx = (1 - 2 t) p q and dCE/dx = p - t,

    dx = dl * w m^gamma * (gamma (1 - 2 t) (p q / m) CE + p - t)

Nothing uses 1 - p, which loses its digits where p saturates. With e = exp(-|x|), and (n, f) = (1 - t, t)
where x >= 0, (t, 1 - t) elsewhere, m = (n + f e) / (1 + e), so

    log m = s - log(1 + e),    p q / m = exp(-|x| - s) / (1 + e),    s = log(n + f e) = logaddexp(log n, log f - |x|)

and for t in {0, 1} the exponent of p q / m is exactly 0 on the one side and -|x| on the other.

Shapes: x, labels t in [0, 1] (...); L () or, unreduced, (...).
Source: Lin et al., "Focal loss for dense object detection", ICCV 2017.
"""

import numpy as np

from ..case import Array, Case, invalid
from ..domain import Arguments, Pick, any_shape
from .arguments import any_labels, logits, require_like, zeros_and_ones
from .reduction import REDUCTIONS, Reduction, reduce, spread

Cache = tuple[Array, Reduction]


def forward(
    x: Array,
    /,
    *,
    labels: Array,
    alpha: float | None = None,
    gamma: float = 2.0,
    reduction: Reduction = "mean",
) -> tuple[Array, Cache]:
    """L = reduce(w m^gamma CE). x, labels (...) -> L () or (...).

    Raises ValueError where dtypes or shapes differ, labels or alpha are not in [0, 1], or gamma < 0.
    """
    name = "focal"
    require_like(name, x=x, labels=labels)
    outside = labels[~((labels >= 0) & (labels <= 1))]
    if outside.size != 0:
        raise invalid(name, "labels", f"{outside[:3].tolist()} among others", "0 to 1")
    if not (alpha is None or 0 <= alpha <= 1):
        raise invalid(name, "alpha", alpha, "0 <= alpha <= 1")
    if not gamma >= 0:
        raise invalid(name, "gamma", gamma, "gamma >= 0")
    size = np.abs(x)
    e = np.exp(-size)
    positive = x >= 0
    near, far = np.where(positive, 1 - labels, labels), np.where(positive, labels, 1 - labels)
    with np.errstate(divide="ignore"):  # for a label of 0 or 1, logaddexp takes log 0 = -inf
        s = np.logaddexp(np.log(near), np.log(far) - size)
    cross_entropy = np.log1p(e) + near * size
    weight = np.exp(gamma * (s - np.log1p(e)))
    if alpha is not None:
        weight = weight * (alpha * labels + (1 - alpha) * (1 - labels))
    p_minus_labels = np.where(positive, near - far * e, far * e - near) / (1 + e)
    push = gamma * (1 - 2 * labels) * (np.exp(-size - s) / (1 + e)) * cross_entropy
    return reduce(weight * cross_entropy, reduction, name), (weight * (push + p_minus_labels), reduction)


def backward(dout: Array, cache: Cache) -> tuple[Array]:
    """dout () or (...) -> dx (...)."""
    slope, reduction = cache
    return (spread(dout, slope, reduction) * slope,)


CASES = [
    Case("generic", logits(4, 5), {"labels": zeros_and_ones(4, 5)}),
    Case("one", lambda rng: (rng.uniform(-1, 1, size=(1, 1)),), {"labels": np.ones((1, 1))}),
    Case("sure_and_right", lambda rng: (np.full(8, 8.5),), {"labels": np.ones(8), "reduction": "none"}),
    Case("odd_sum", logits(3, 7, 5), {"labels": zeros_and_ones(3, 7, 5), "reduction": "sum"}),
    Case("none", logits(3, 4), {"labels": zeros_and_ones(3, 4), "reduction": "none"}),
    Case("balanced", logits(4, 5), {"labels": zeros_and_ones(4, 5), "alpha": 0.25}),
    Case("gamma_0", logits(4, 5), {"labels": zeros_and_ones(4, 5), "gamma": 0.0}),
    Case("gamma_half", logits(4, 5), {"labels": zeros_and_ones(4, 5), "gamma": 0.5}),
    Case("soft_labels", logits(3, 4), {"labels": np.linspace(0, 1, 12).reshape(3, 4), "alpha": 0.75}),
    Case("large", logits(64, 65), {"labels": zeros_and_ones(64, 65)}),
    Case("at_zero", lambda rng: (np.zeros((2, 4)),), {"labels": np.array([[0, 1, 0.25, 0.75], [1, 0, 1, 0]])}),
    Case(
        "saturated",
        lambda rng: (rng.normal(size=(2, 6)) + np.array([-200, -40, -15, 15, 40, 200]),),
        {"labels": np.array([[0.0, 0, 0, 1, 1, 1], [1, 1, 1, 0, 0, 0]]), "gamma": 1.5},
    ),
]


def domain(pick: Pick) -> Arguments:
    shape = any_shape(pick)
    options = {"alpha": pick.one_of(None, 0.25, 0.75), "gamma": pick.one_of(2.0, 0.0, 0.5, 1.5)}
    return (pick.floats(*shape),), {"labels": any_labels(pick, *shape), **options, "reduction": pick.one_of(*REDUCTIONS)}
