"""Connectionist temporal classification: the labels of a sequence are known, their times are not.

A path names one class, or blank, at each of the T frames. It gives a label sequence by collapsing repeats and then dropping
blanks. With log p = log softmax(x), l = -log(sum over all paths that give the labels of prod_t p_t(path_t)).

The sum runs over a lattice. The labels with blanks around them, z = (blank, t_1, blank, t_2, ..., t_S, blank), are its 2 S + 1
states; a path stays, moves on by one, or skips a blank between two different labels:

    a_t(s) = p_t(z_s) (a_{t-1}(s) + a_{t-1}(s-1) + [z_s not blank, z_s != z_{s-2}] a_{t-1}(s-2))     all prefixes that end in s
    b_t(s) = p_{t+1}(z_s) b_{t+1}(s) + p_{t+1}(z_{s+1}) b_{t+1}(s+1) + [...] p_{t+1}(z_{s+2}) b_{t+1}(s+2)      all suffixes

a starts in either of the first two states at t = 0, b ends in either of the last two at the sample's last frame.

Derivation.  P = sum_s a_t(s) b_t(s) at any t, and p_t(k) is a factor of the terms in which z_s = k, once in each; so
dP/dlog p_t(k) is their sum, and dividing by P gives the posterior g_tk = sum_{s: z_s = k} a_t(s) b_t(s) / P, whose classes
add up to 1. Through the softmax (see cross_entropy), with g in the place of the one-hot label,

    dx_tk = dl * (p_tk - g_tk)             and 0 at frames beyond the sample's length

Everything is computed in logarithms, because P underflows after some hundred frames.

Each label needs a frame, and equal neighbours need a blank between them. With fewer frames no path gives the labels, P = 0 and l
is infinite. With zero_infinity such a sample has a loss of 0; without it, it is a ValueError.

Shapes: x (N, T, C) logits; labels (N, S) integers, padded by anything; input_lengths, label_lengths (N,); L () or (N,).
The mean divides each loss by its number of labels first, as PyTorch's; Keras's does not. PyTorch's ctc_loss takes log p, and
returns the gradient with respect to x. It is right after a log_softmax, and nowhere else.
Source: Graves et al., "Connectionist temporal classification", ICML 2006.
"""

from typing import Any

import numpy as np

from ..activations import log_softmax
from ..case import Array, Case, invalid, require_floats
from ..domain import Arguments, Pick
from .arguments import logits
from .reduction import REDUCTIONS, Reduction, reduce, spread

Cache = tuple[Any, ...]


def forward(
    x: Array,
    /,
    *,
    labels: Array,
    input_lengths: Array,
    label_lengths: Array,
    blank: int = 0,
    zero_infinity: bool = False,
    reduction: Reduction = "mean",
) -> tuple[Array, Cache]:
    """L = reduce(-log P(labels | x)). x (N, T, C), labels (N, S), input_lengths, label_lengths (N,) -> L () or (N,).

    Raises ValueError where the dtypes or shapes do not fit, a length or a label is out of range, a label is the blank, or
    labels need more frames than there are and zero_infinity does not say that this is expected.
    """
    frames_needed = _frames_needed(x, labels, input_lengths, label_lengths, blank)
    reachable = frames_needed <= input_lengths
    worst = int(np.argmax(frames_needed - input_lengths)) if len(x) else 0
    came = "" if reachable.all() else f"{label_lengths[worst]} long in sample {worst}, which takes {frames_needed[worst]} frames"
    if not (bool(reachable.all()) or zero_infinity):
        raise invalid("ctc", "labels", came, f"at most input_lengths, {input_lengths}")

    rows, spoken = np.arange(len(x)), np.arange(labels.shape[1]) < label_lengths[:, None]
    states = np.full((len(x), 2 * labels.shape[1] + 1), blank)
    states[:, 1::2] = np.where(spoken, labels, blank)
    log_p, _ = log_softmax.forward(x)
    emitted = log_p.transpose(1, 0, 2)[:, rows[:, None], states]
    log_a = np.full_like(emitted, -np.inf)
    log_a[0, :, :2] = emitted[0, :, :2]
    skips = _skips(states, blank)
    for t in range(1, len(log_a)):
        log_a[t] = emitted[t] + _step(log_a[t - 1], skips)
    last = log_a[input_lengths - 1, rows]
    in_label = np.where(label_lengths > 0, last[rows, np.maximum(2 * label_lengths, 1) - 1], -np.inf)
    log_total = np.where(reachable, np.logaddexp(last[rows, 2 * label_lengths], in_label), 0)

    share = np.ones_like(log_total)
    if reduction == "mean":
        share = share / np.maximum(label_lengths, 1).astype(x.dtype)
    out = reduce(-log_total * share, reduction, "ctc")
    return out, (log_p, log_a, emitted, log_total, share, states, input_lengths, label_lengths, reachable, blank, reduction)


def backward(dout: Array, cache: Cache) -> tuple[Array]:
    """dout () or (N,) -> dx (N, T, C)."""
    log_p, log_a, emitted, log_total, share, states, input_lengths, label_lengths, reachable, blank, reduction = cache
    frames, rows = len(log_a), np.arange(len(states))
    ends = np.arange(states.shape[1]) - 2 * label_lengths[:, None]
    start = np.where((ends == 0) | (ends == -1), 0, np.full_like(emitted[0], -np.inf))
    skips = _skips(states[:, ::-1], blank)  # the reversed lattice has the same form
    log_b = np.full_like(log_a, -np.inf)
    for t in reversed(range(frames)):
        if t + 1 < frames:
            log_b[t] = _step((log_b[t + 1] + emitted[t + 1])[:, ::-1], skips)[:, ::-1]
        log_b[t] = np.where((t == input_lengths - 1)[:, None], start, log_b[t])
    posterior = np.exp(log_a + log_b - log_total[:, None])
    dx = np.exp(log_p)
    dx[:, :, blank] -= posterior[:, :, ::2].sum(axis=2).T
    for s in range(1, states.shape[1], 2):  # one label of every sample at a time, so that no class occurs twice
        dx[rows, :, states[:, s]] -= posterior[:, :, s].T
    inside = (np.arange(frames) < input_lengths[:, None]) & reachable[:, None]
    dl = spread(dout, share, reduction) * share
    return (dl[:, None, None] * np.where(inside[:, :, None], dx, 0),)


def _skips(states: Array, blank: int) -> Array:
    """Whether a blank can be skipped on the way into each state from the third on: (N, 2 S + 1) -> (N, 2 S - 1)."""
    skips: Array = (states[:, 2:] != blank) & (states[:, 2:] != states[:, :-2])
    return skips


def _step(before: Array, skips: Array) -> Array:
    """Each state's log probability of being entered: from itself, its neighbour and, where skips, the one before."""
    after: Array = before.copy()
    after[:, 1:] = np.logaddexp(after[:, 1:], before[:, :-1])
    after[:, 2:] = np.where(skips, np.logaddexp(after[:, 2:], before[:, :-2]), after[:, 2:])
    return after


def _frames_needed(x: Array, labels: Array, input_lengths: Array, label_lengths: Array, blank: int) -> Array:
    """How many frames each sample's labels take (N,): one for each, and a blank between equal neighbours. Checks them."""
    require_floats("ctc", x=x)
    if not (x.ndim == 3 and min(x.shape[1:]) > 0):
        raise invalid("ctc", "x", f"of shape {x.shape}", "(N, T, C) with T, C >= 1")
    n, frames, classes = x.shape
    if not (labels.ndim == 2 and len(labels) == n):
        raise invalid("ctc", "labels", f"of shape {labels.shape}", f"({n}, S)")
    if not 0 <= blank < classes:
        raise invalid("ctc", "blank", blank, f"0 to {classes - 1}")
    bounds = {"input_lengths": (input_lengths, 1, frames), "label_lengths": (label_lengths, 0, labels.shape[1])}
    for name, (lengths, low, high) in bounds.items():
        if lengths.shape != (n,):
            raise invalid("ctc", name, f"of shape {lengths.shape}", f"({n},)")
        if lengths.dtype.kind not in "iu":
            raise invalid("ctc", name, f"of dtype {lengths.dtype}", "integers")
        if not bool(((low <= lengths) & (lengths <= high)).all()):
            raise invalid("ctc", name, lengths, f"{low} to {high}")
    if labels.dtype.kind not in "iu":
        raise invalid("ctc", "labels", f"of dtype {labels.dtype}", "integers")
    spoken = np.arange(labels.shape[1]) < label_lengths[:, None]
    others = labels[spoken & ((labels < 0) | (labels >= classes) | (labels == blank))]
    wanted = f"0 to {classes - 1}, and not the blank, {blank}"
    if others.size != 0:
        raise invalid("ctc", "labels", f"{others[:3].tolist()} among others", wanted)
    repeats: Array = (labels[:, 1:] == labels[:, :-1]) & spoken[:, 1:]
    needed: Array = label_lengths + repeats.sum(axis=1)
    return needed


def _attrs(labels: list[list[int]], input_lengths: list[int], label_lengths: list[int], **others: object) -> dict[str, object]:
    lengths = {"input_lengths": np.array(input_lengths), "label_lengths": np.array(label_lengths)}
    return {"labels": np.array(labels), **lengths, **others}


_LABELS = [[1, 2, 3], [4, 4, 0], [2, 0, 0], [3, 1, 3]]
_ALL = _attrs(_LABELS, [8, 6, 7, 3], [3, 2, 1, 3])
_LONG = np.random.default_rng(0).integers(1, 12, size=(4, 10)).tolist()

CASES = [
    Case("generic", logits(4, 8, 5), _ALL),
    Case("one", logits(1, 1, 2), _attrs([[1]], [1], [1])),
    Case("sum", logits(4, 8, 5), {**_ALL, "reduction": "sum"}),
    Case("none", logits(4, 8, 5), {**_ALL, "reduction": "none"}),
    Case(
        "blank_last", logits(4, 8, 5), _attrs([[1, 2, 3], [0, 0, 4], [2, 0, 1], [3, 1, 3]], [8, 6, 7, 8], [3, 2, 3, 3], blank=4)
    ),
    Case("one_path_only", logits(4, 8, 5), _attrs([[1, 1, 1], [1, 2, 3], [4, 3, 3], [2, 0, 0]], [5, 3, 4, 1], [3, 3, 3, 1])),
    Case("no_labels", logits(4, 8, 5), _attrs(_LABELS, [8, 6, 7, 3], [0, 2, 0, 1])),
    Case(
        "no_labels_blank_last",
        logits(4, 8, 5),
        _attrs([[1, 2, 3], [0, 0, 4], [2, 0, 1], [3, 1, 3]], [8, 6, 7, 8], [3, 0, 3, 1], blank=4),
    ),
    Case(
        "padded_by_anything",
        logits(4, 8, 5),
        _attrs([[1, 2, 3], [3, 99, -1], [2, 2, 5], [4, -7, 99]], [8, 6, 7, 8], [3, 1, 2, 1], reduction="none"),
    ),
    Case("too_long", logits(4, 8, 5), _attrs(_LABELS, [8, 2, 7, 2], [3, 2, 1, 3], zero_infinity=True, reduction="none")),
    Case("long", logits(4, 40, 12), _attrs(_LONG, [40, 33, 25, 40], [10, 7, 10, 1])),
    Case("confident", lambda rng: (12 * np.eye(5)[rng.integers(0, 5, size=(4, 8))] + rng.normal(size=(4, 8, 5)),), _ALL),
]


def domain(pick: Pick) -> Arguments:
    n, frames, classes, length = pick.size(1, 2), pick.size(1, 5), pick.size(2, 4), pick.size(1, 3)
    blank, zero_infinity = pick.one_of(*range(classes)), pick.one_of(False, True)
    labels = pick.integers(n, length, low=0, high=classes - 1)
    input_lengths, label_lengths = pick.integers(n, low=1, high=frames + 1), pick.integers(n, low=0, high=length + 1)
    if not zero_infinity:  # frames for each label, and a blank between any two
        label_lengths = np.minimum(label_lengths, (input_lengths + 1) // 2)
    lengths = {"input_lengths": input_lengths, "label_lengths": label_lengths}
    options = {"blank": blank, "zero_infinity": zero_infinity, "reduction": pick.one_of(*REDUCTIONS)}
    return (pick.floats(n, frames, classes),), {"labels": labels + (labels >= blank), **lengths, **options}
