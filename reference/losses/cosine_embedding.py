"""Cosine embedding loss: pairs that belong together should have cosine 1, others a cosine of at most the margin.

    c = x1 . x2 / sqrt((|x1|^2 + EPS) (|x2|^2 + EPS))             EPS = 1e-12
    l_n = 1 - c  where t_n = 1,      max(0, c - margin)  where t_n = -1,  reduced

Derivation.  With s = x1 . x2, a = |x1|^2 + EPS and b = |x2|^2 + EPS, c = s a^(-1/2) b^(-1/2) has

    dc/dx1 = x2 / sqrt(a b) - c x1 / a            dc/dx2 = x1 / sqrt(a b) - c x2 / b

EPS keeps both finite and smooth at the zero vector. Where c = margin the second piece has a kink; we take 0.

Shapes: x1, x2 (N, D), labels t in {-1, 1} (N,); L () or, unreduced, (N,).
Source: PyTorch's cosine_embedding_loss, EPS included; it is not the eps of its cosine_similarity. Keras and optax have
no such loss.
"""

import math

import numpy as np

from ..case import Array, Case, Inputs, invalid, require_floats
from ..domain import GRAIN, Arguments, Pick
from .arguments import any_signs, normals, require_like, require_signs, signs
from .reduction import REDUCTIONS, Reduction, reduce, spread

EPS = 1e-12
Cache = tuple[Array, Array, Array, Reduction]


def forward(x1: Array, x2: Array, /, *, labels: Array, margin: float = 0.0, reduction: Reduction = "mean") -> tuple[Array, Cache]:
    """L = reduce(1 - c where labels = 1, max(0, c - margin) where labels = -1). x1, x2 (N, D), labels (N,) -> L () or (N,).

    Raises ValueError where the dtypes or shapes do not fit, or labels are other than -1 and 1.
    """
    name = "cosine_embedding"
    require_like(name, x1=x1, x2=x2)
    require_floats(name, x1=x1, labels=labels)
    if x1.ndim != 2:
        raise invalid(name, "x1", f"of shape {x1.shape}", "(N, D)")
    if labels.shape != x1.shape[:1]:
        raise invalid(name, "labels", f"of shape {labels.shape}", f"{x1.shape[:1]}")
    require_signs(name, labels)
    length1, length2 = (np.sqrt((x * x).sum(axis=1, keepdims=True) + EPS) for x in (x1, x2))
    u1, u2 = x1 / length1, x2 / length2
    cosine = (u1 * u2).sum(axis=1, keepdims=True)
    together, excess = labels > 0, cosine[:, 0] - margin
    losses = np.where(together, 1 - cosine[:, 0], np.maximum(excess, 0))
    slope = np.where(together, -1, excess > 0).astype(x1.dtype)[:, None]
    dx1, dx2 = slope * (u2 - cosine * u1) / length1, slope * (u1 - cosine * u2) / length2
    return reduce(losses, reduction, name), (dx1, dx2, losses, reduction)


def backward(dout: Array, cache: Cache) -> tuple[Array, Array]:
    """dout () or (N,) -> dx1, dx2 (N, D)."""
    dx1, dx2, losses, reduction = cache
    dl = spread(dout, losses, reduction)[:, None]
    return dl * dx1, dl * dx2


_AXES = np.array([[1.0, 0.0], [0.0, 2.0], [3.0, 0.0]])


def _pairs(n: int, d: int, margin: float = 0.0) -> Inputs:
    """Normal vectors. Pairs whose cosine is within 0.01 of the margin, where the loss has its kink, are drawn again."""

    def inputs(rng: np.random.Generator) -> tuple[Array, Array]:
        x1, x2 = rng.normal(size=(n, d)), rng.normal(size=(n, d))
        while (near := np.abs(_cosine(x1, x2) - margin) < 0.01).any():
            x1[near], x2[near] = rng.normal(size=(2, near.sum(), d))
        return x1, x2

    return inputs


def _cosine(x1: Array, x2: Array) -> Array:
    return np.asarray((x1 * x2).sum(axis=1) / np.sqrt((x1 * x1).sum(axis=1) * (x2 * x2).sum(axis=1)))


CASES = [
    Case("generic", _pairs(7, 5), {"labels": signs(7)}),
    Case("one", normals(1, 2), {"labels": np.ones(1)}),
    Case("odd_sum", _pairs(7, 3), {"labels": signs(7), "reduction": "sum"}),
    Case("none", _pairs(7, 5), {"labels": signs(7), "reduction": "none"}),
    Case("margin", _pairs(7, 5, margin=-0.5), {"labels": signs(7), "margin": -0.5}),
    Case("large", _pairs(64, 65), {"labels": signs(64)}),
    Case("zero_vector", lambda rng: (np.zeros((2, 3)), rng.normal(size=(2, 3))), {"labels": np.array([1.0, 1.0])}, zero=("x2",)),
    Case(
        "orthogonal",
        lambda rng: (_AXES, np.array([[0.0, 3.0], [1.0, 0.0], [0.0, 1.0]])),
        {"labels": np.array([-1.0, 1, -1])},
        kink=True,
    ),
]


def domain(pick: Pick) -> Arguments:
    n, features = pick.size(1, 3), pick.size(2, 4)
    side, signs = np.where(pick.booleans(n, 1), -1.0, 1.0), np.where(pick.booleans(n, features), -1.0, 1.0)
    x1, x2 = (signs * pick.floats(n, features, low=GRAIN) for _ in range(2))
    # No pair is orthogonal (the kink for margin 0), and no cosine equals the other margin, whose square is irrational.
    attrs = {"labels": any_signs(pick, n), "margin": pick.one_of(0.0, 1 / math.pi), "reduction": pick.one_of(*REDUCTIONS)}
    return (x1, side * x2), attrs
