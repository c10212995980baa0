"""Soft Dice loss of probabilities: one minus the overlap of two regions, relative to their sizes.

    I = sum p t        S = sum p + sum t          sums over axis, or over all axes
    l = 1 - (2 I + smooth) / (S + smooth + eps),  reduced over what is left

Derivation.  dI/dp = t and dS/dp = 1; with D = S + smooth + eps and the quotient f = (2 I + smooth) / D,

    dp = -dl * (2 t D - (2 I + smooth)) / D^2 = dl * (f - 2 t) / D

An image without a region, t = 0, has 2 I = 0. Without smooth its loss is 1 and its gradient 0 for any prediction, so that nothing
is learned from it. With smooth the loss falls to 0 as p does.

Shapes: p, labels t (...); L () or, unreduced, p without the axes summed over. eps alone is Keras's dice; optax has smooth
alone, once in I and S/2 where we have it in 2 I and S.
Source: Milletari, Navab and Ahmadi, "V-Net", 3DV 2016, who square p and t in S.
"""

import numpy as np

from ..case import Array, Case, Inputs, invalid
from ..domain import GRAIN, Arguments, Pick, any_shape
from .arguments import any_labels, require_like, zeros_and_ones
from .reduction import REDUCTIONS, Reduction, reduce, spread

Cache = tuple[Array, Array, Array, Array, Reduction]


def forward(
    p: Array,
    /,
    *,
    labels: Array,
    axis: tuple[int, ...] | None = None,
    smooth: float = 0.0,
    eps: float = 1e-7,
    reduction: Reduction = "mean",
) -> tuple[Array, Cache]:
    """L = reduce(1 - (2 sum p labels + smooth) / (sum p + sum labels + smooth + eps)). p, labels (...) -> L.

    Raises ValueError where dtypes or shapes differ, for an axis that p does not have or has twice, and where nothing keeps
    the denominator above zero.
    """
    name = "dice"
    require_like(name, p=p, labels=labels)
    axes = tuple(range(p.ndim)) if axis is None else axis
    fits = all(-p.ndim <= a < p.ndim for a in axes) and len({a % p.ndim for a in axes}) == len(axes)
    if not fits:
        raise invalid(name, "axis", axis, f"different axes of p, whose shape is {p.shape}")
    if not (smooth >= 0 and eps >= 0 and smooth + eps > 0):
        raise invalid(name, "smooth, eps", f"{smooth}, {eps}", "none negative, one positive")
    overlap = 2 * (p * labels).sum(axis=axes, keepdims=True) + smooth
    size = (p.sum(axis=axes, keepdims=True) + labels.sum(axis=axes, keepdims=True)) + smooth + eps
    share = overlap / size
    losses = 1 - share
    out = reduce(losses.reshape([n for a, n in enumerate(p.shape) if a - p.ndim not in axes and a not in axes]), reduction, name)
    return out, (share, size, labels, losses, reduction)


def backward(dout: Array, cache: Cache) -> tuple[Array]:
    """dout () or unreduced -> dp (...)."""
    share, size, labels, losses, reduction = cache
    dl = spread(dout if reduction != "none" else dout.reshape(losses.shape), losses, reduction)
    return (dl * (share - 2 * labels) / size,)


def _probabilities(*shape: int) -> Inputs:
    return lambda rng: (rng.uniform(size=shape),)


_TWO_IMAGES = np.concatenate([zeros_and_ones(1, 4, 5), np.zeros((1, 4, 5))])

CASES = [
    Case("generic", _probabilities(4, 5), {"labels": zeros_and_ones(4, 5)}),
    Case("one", _probabilities(1, 1), {"labels": np.ones((1, 1))}),
    Case("images_mean", _probabilities(3, 7, 5), {"labels": zeros_and_ones(3, 7, 5), "axis": (1, 2)}),
    Case("images_sum", _probabilities(3, 7, 5), {"labels": zeros_and_ones(3, 7, 5), "axis": (-1, 1), "reduction": "sum"}),
    Case("classes_none", _probabilities(2, 3, 4, 5), {"labels": zeros_and_ones(2, 3, 4, 5), "axis": (2, 3), "reduction": "none"}),
    Case("soft_labels", _probabilities(4, 5), {"labels": np.linspace(0, 1, 20).reshape(4, 5)}),
    Case("smooth", _probabilities(4, 5), {"labels": zeros_and_ones(4, 5), "smooth": 1.0}),
    Case("eps", _probabilities(4, 5), {"labels": zeros_and_ones(4, 5), "eps": 0.5}),
    Case("large", _probabilities(64, 65), {"labels": zeros_and_ones(64, 65)}),
    Case("no_region", _probabilities(4, 5), {"labels": np.zeros((4, 5))}, zero=("p",)),
    Case("no_region_smooth", _probabilities(2, 4, 5), {"labels": _TWO_IMAGES, "axis": (1, 2), "smooth": 1.0, "eps": 0.0}),
    Case("nothing_at_all", lambda rng: (np.zeros((2, 3)),), {"labels": np.zeros((2, 3)), "smooth": 0.5}),
]


def domain(pick: Pick) -> Arguments:
    shape = any_shape(pick)
    sizes = {"smooth": pick.one_of(0.0, 1.0), "eps": pick.one_of(1e-7, 0.5)}
    axis = pick.one_of(None, (-1,), (0,), tuple(range(len(shape))))
    attrs = {"labels": any_labels(pick, *shape), "axis": axis, **sizes, "reduction": pick.one_of(*REDUCTIONS)}
    return (pick.floats(*shape, low=GRAIN, high=1),), attrs
