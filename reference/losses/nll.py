"""Negative log-likelihood of integer labels, given log-probabilities.

    l_n = -weight_{t_n} log_p_{n t_n},  reduced;  the mean divides by sum_n weight_{t_n}, ignored rows left out

Derivation.  l_n is linear in one element of its row, and does not depend on the others:

    dlog_p_nc = -dl_n * weight_c [c = t_n]

This is not the gradient of cross_entropy, p - onehot(t), which includes the log_softmax. log_p need not be normalised here. If it
is not, the loss has no lower bound.

PyTorch has this function. TensorFlow and optax have it only together with the softmax, and Keras's losses of probabilities
normalise them first, which changes the gradient.

Shapes: log_p (N, C), labels t (N,) integers in [0, C) or equal to ignore_index; weight (C,); L () or, unreduced, (N,).
Source: Goodfellow, Bengio and Courville, "Deep Learning", 2016, section 5.5; the weighted mean is PyTorch's.
"""

import numpy as np

from ..case import Array, Case, invalid, require_floats
from ..domain import Arguments, Pick
from .arguments import class_labels, log_probabilities, require_class_labels, some_ignored
from .reduction import REDUCTIONS, Reduction, reduce, spread

Cache = tuple[Array, Array, Array, Array, Reduction]


def forward(
    log_p: Array,
    /,
    *,
    labels: Array,
    weight: Array | None = None,
    ignore_index: int = -100,
    reduction: Reduction = "mean",
) -> tuple[Array, Cache]:
    """L = reduce(-weight_labels log_p_labels). log_p (N, C), labels (N,), weight (C,) -> L () or (N,).

    Raises ValueError where the dtypes or shapes do not fit, a label is out of range, or a mean has nothing to average.
    """
    require_floats("nll", log_p=log_p)
    if not (log_p.ndim == 2 and log_p.shape[1] > 0):
        raise invalid("nll", "log_p", f"of shape {log_p.shape}", "(N, C) with C >= 1")
    n, classes = log_p.shape
    kept = require_class_labels("nll", labels, n, classes, ignore_index)
    if weight is not None:
        require_floats("nll", log_p=log_p, weight=weight)
        if weight.shape != (classes,):
            raise invalid("nll", "weight", f"of shape {weight.shape}", f"({classes},)")
    rows = np.flatnonzero(kept)
    target = labels[rows]
    factor = np.ones_like(log_p, shape=rows.shape) if weight is None else weight[target]
    if reduction == "mean":
        scale = factor.sum()
        if not bool(scale != 0):
            raise invalid("nll", "reduction", "'mean' over no label", "at least one label with a weight that is kept")
        factor, reduction = factor / scale, "sum"
    losses = np.zeros_like(log_p, shape=n)
    losses[rows] = -factor * log_p[rows, target]
    return reduce(losses, reduction, "nll"), (log_p, rows, target, factor, reduction)


def backward(dout: Array, cache: Cache) -> tuple[Array]:
    """dout () or (N,) -> dlog_p (N, C)."""
    log_p, rows, target, factor, reduction = cache
    dlog_p = np.zeros_like(log_p)
    dlog_p[rows, target] = -factor * spread(dout, log_p[:, 0], reduction)[rows]
    return (dlog_p,)


_IGNORED = np.array([2, -100, 0, 1, -100, 2])
_WEIGHT = np.array([0.5, 1.0, 3.0])

CASES = [
    Case("generic", log_probabilities(4, 5), {"labels": class_labels(4, 5)}),
    Case("one", lambda rng: (-rng.uniform(size=(1, 1)),), {"labels": np.array([0])}),
    Case("odd_sum", log_probabilities(6, 3), {"labels": class_labels(6, 3), "reduction": "sum"}),
    Case("none", log_probabilities(6, 3), {"labels": class_labels(6, 3), "reduction": "none"}),
    Case("large", log_probabilities(64, 65), {"labels": class_labels(64, 65)}),
    Case("weighted", log_probabilities(6, 3), {"labels": class_labels(6, 3), "weight": _WEIGHT}),
    Case("ignored", log_probabilities(6, 3), {"labels": _IGNORED, "weight": _WEIGHT}),
    Case(
        "ignored_none",
        log_probabilities(6, 3),
        {"labels": np.where(_IGNORED < 0, 1, _IGNORED), "ignore_index": 1, "reduction": "none"},
    ),
    Case("all_ignored_sum", log_probabilities(4, 5), {"labels": np.full(4, -100), "reduction": "sum"}, zero=("log_p",)),
    Case(
        "impossible_elsewhere",
        lambda rng: (np.where(np.eye(4, 5) > 0, -rng.uniform(size=(4, 5)), -np.inf),),
        {"labels": np.arange(4)},
    ),
]


def domain(pick: Pick) -> Arguments:
    n, classes = pick.size(), pick.size()
    return (pick.floats(n, classes, high=0),), {**some_ignored(pick, n, classes), "reduction": pick.one_of(*REDUCTIONS)}
