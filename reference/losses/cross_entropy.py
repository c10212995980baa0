"""Cross entropy of logits with integer labels.

    log p_nc = x_nc - log sum_k exp(x_nk)
    q_nc     = (1 - s) [c = t_n] + s / C                 label smoothing s
    l_n      = -sum_c weight_c q_nc log p_nc,  reduced;  the mean divides by sum_n weight_{t_n}, ignored rows left out

Derivation.  dlog p_c/dx_j = [c = j] - p_j. With g_nc = weight_c q_nc, zero on ignored rows, l = -sum_c g_c log p_c has

    dx_nj = dl_n * (p_nj * sum_c g_nc - g_nj)            which for plain labels is p - onehot(t)

g is a_n = (1 - s) weight_{t_n} at the label and b_c = s weight_c / C everywhere, so that no array of its shape is needed:

    l_n = (a_n + sum_c b_c) log sum_k exp(x_nk) - a_n x_{n,t_n} - sum_c b_c x_nc

A class with a logit of -inf adds nothing to the loss where g is 0 (0 log 0 = 0, by continuity).

Shapes: x (N, C), labels t (N,) integers in [0, C) or equal to ignore_index; weight (C,); L () or, unreduced, (N,).
Source: Goodfellow, Bengio and Courville, "Deep Learning", 2016, section 6.2.2.3; label smoothing: Szegedy et al.,
"Rethinking the Inception architecture", CVPR 2016. The weighted mean is PyTorch's; Keras divides by the batch.
"""

from typing import Any

import numpy as np

from ..case import Array, Case, invalid, require_floats
from ..domain import Arguments, Pick
from .arguments import class_labels, logits, require_class_labels, some_ignored
from .reduction import REDUCTIONS, Reduction, reduce

Cache = tuple[Array, Array, Array, Array | None, tuple[Array, Array], Array, Any]


def forward(
    x: Array,
    /,
    *,
    labels: Array,
    weight: Array | None = None,
    label_smoothing: float = 0.0,
    ignore_index: int = -100,
    reduction: Reduction = "mean",
) -> tuple[Array, Cache]:
    """L = reduce(-sum_c weight_c q_c log softmax(x)_c). x (N, C), labels (N,), weight (C,) -> L () or (N,).

    Raises ValueError where the dtypes or shapes do not fit, a label is out of range, label_smoothing is not in [0, 1], or a
    mean has nothing to average.
    """
    name = "cross_entropy"
    require_floats(name, x=x)
    if not (x.ndim == 2 and x.shape[1] > 0):
        raise invalid(name, "x", f"of shape {x.shape}", "(N, C) with C >= 1")
    n, classes = x.shape
    kept = require_class_labels(name, labels, n, classes, ignore_index)
    if not 0 <= label_smoothing <= 1:
        raise invalid(name, "label_smoothing", label_smoothing, "0 <= label_smoothing <= 1")
    if weight is not None:
        require_floats(name, x=x, weight=weight)
        if weight.shape != (classes,):
            raise invalid(name, "weight", f"of shape {weight.shape}", f"({classes},)")
    target = np.arange(n), np.where(kept, labels, 0)
    counted = kept.astype(x.dtype) if weight is None else kept * weight[target[1]]
    at_label, everywhere = counted, None
    if label_smoothing:
        at_label = (1 - label_smoothing) * counted
        everywhere = label_smoothing / classes * (np.ones(classes, x.dtype) if weight is None else weight)

    e = x - x.max(axis=1, keepdims=True)  # the maximum cancels
    g_sum, g_x = at_label, at_label * np.where(at_label == 0, 0, e[target])
    if everywhere is not None:
        g_sum, g_x = g_sum + kept * everywhere.sum(), g_x + np.where(kept, np.where(everywhere == 0, 0, e) @ everywhere, 0)
    np.exp(e, out=e)
    total = e.sum(axis=1)
    losses = g_sum * np.log(total) - g_x

    scale = None
    if reduction == "mean":
        scale = counted.sum()
        if not bool(scale != 0):
            raise invalid(name, "reduction", "'mean' over no label", "at least one label with a weight that is kept")
        losses, reduction = losses / scale, "sum"
    return reduce(losses, reduction, name), (e, g_sum / total, at_label, everywhere, target, kept, scale)


def backward(dout: Array, cache: Cache) -> tuple[Array]:
    """dout () or (N,) -> dx (N, C)."""
    e, g_sum_over_total, at_label, everywhere, target, kept, scale = cache
    dl = dout if scale is None else dout / scale  # of each row, or one for all of them
    dx = e * (dl * g_sum_over_total)[:, None]
    if everywhere is not None:
        dx -= (dl * kept)[:, None] * everywhere
    dx[target] -= dl * at_label
    return (dx,)


def _class_ruled_out(rng: np.random.Generator) -> tuple[Array]:
    x = 2 * rng.normal(size=(4, 5))
    x[:, 2] = -np.inf
    return (x,)


_IGNORED = np.array([2, -100, 0, 1, -100, 2])

CASES = [
    Case("generic", logits(4, 5), {"labels": class_labels(4, 5)}),
    Case("two_classes", logits(1, 2), {"labels": np.array([1])}),
    Case("one_class", logits(3, 1), {"labels": np.array([0, 0, 0])}, zero=("x",)),
    Case("odd_sum", logits(7, 3), {"labels": class_labels(7, 3), "reduction": "sum"}),
    Case("none", logits(5, 4), {"labels": class_labels(5, 4), "reduction": "none"}),
    Case("large", logits(64, 257), {"labels": class_labels(64, 257)}),
    Case("smoothed", logits(6, 4), {"labels": class_labels(6, 4), "label_smoothing": 0.1}),
    Case("weighted", logits(6, 3), {"labels": class_labels(6, 3), "weight": np.array([0.5, 1.0, 3.0])}),
    Case("ignored", logits(6, 3), {"labels": _IGNORED}),
    Case("ignored_none", logits(6, 3), {"labels": np.where(_IGNORED < 0, 7, _IGNORED), "ignore_index": 7, "reduction": "none"}),
    Case(
        "all_options",
        logits(6, 3),
        {"labels": _IGNORED, "weight": np.array([0.5, 1.0, 3.0]), "label_smoothing": 0.2},
    ),
    Case("confident", lambda rng: (60 * np.eye(4) + rng.normal(size=(4, 4)),), {"labels": np.array([0, 1, 3, 2])}),
    Case("huge", lambda rng: (1e4 + rng.normal(size=(4, 5)),), {"labels": class_labels(4, 5)}),
    Case("class_ruled_out", _class_ruled_out, {"labels": np.array([0, 4, 1, 3])}),
]


def domain(pick: Pick) -> Arguments:
    n, classes = pick.size(), pick.size(2, 4)
    attrs = {
        **some_ignored(pick, n, classes),
        "label_smoothing": pick.one_of(0.0, 0.1, 1.0),
        "reduction": pick.one_of(*REDUCTIONS),
    }
    return (pick.floats(n, classes),), attrs
