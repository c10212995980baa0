"""A loss as the loss of a small network on the digits: digits -> linear -> relu -> linear -> loss.

What the network returns is brought into the domain of the loss: a sigmoid makes probabilities, a softplus distances or variances.
Targets are not trained, so a mistake in the gradient of a target has no part in a training.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from conformance.learning.network import CLASSES, PIXELS, batch, weights
from conformance.learning.task import Backward, Params, Task
from gradwitness.arrays import Array
from reference import OPS, Op

HIDDEN = 16
TEMPERATURE = 0.5


@dataclass(frozen=True)
class Use:
    """How a loss is fed.

    domain   ops through which the network's output goes, one for each piece of it; "" for none
    width    of a piece
    rows     whether the pieces are rows of the batch (pairs, triplets of images), not columns of the output
    data     labels (N,) -> the rest: arrays by position behind the pieces, and by keyword
    order    positions of the pieces and of the arrays in the signature; as they come if empty
    """

    data: Callable[[Array], tuple[list[Array], Mapping[str, Any]]]
    domain: tuple[str, ...] = ("",)
    width: int = CLASSES
    rows: bool = False
    order: tuple[int, ...] = ()


def _one_hot(labels: Array) -> Array:
    return np.eye(CLASSES)[labels]


def _smooth(labels: Array) -> Array:
    return 0.9 * _one_hot(labels) + 0.1 / CLASSES


def _same(labels: Array) -> Array:
    first, second = np.split(labels, 2)
    return np.where(first == second, 1.0, -1.0)


def _larger(labels: Array) -> Array:
    first, second = np.split(labels, 2)
    return np.where(first >= second, 1.0, -1.0)


_target = Use(lambda labels: ([_one_hot(labels)], {}))
_classes = Use(lambda labels: ([], {"labels": labels}))
_hot = Use(lambda labels: ([], {"labels": _one_hot(labels)}))
_signs = Use(lambda labels: ([], {"labels": 2 * _one_hot(labels) - 1}))
USES: Mapping[str, Use] = {
    **dict.fromkeys(("mse", "l1", "huber", "smooth_l1", "log_cosh"), _target),
    **dict.fromkeys(("cross_entropy", "multi_margin"), _classes),
    **dict.fromkeys(("binary_cross_entropy_with_logits", "focal"), _hot),
    **dict.fromkeys(("hinge", "squared_hinge"), _signs),
    **dict.fromkeys(("binary_cross_entropy", "dice"), Use(_hot.data, ("sigmoid",))),
    "hinge_embedding": Use(_signs.data, ("softplus",)),
    "nll": Use(_classes.data, ("log_softmax",)),
    "soft_cross_entropy": Use(lambda labels: ([_smooth(labels)], {})),
    "kl_div": Use(lambda labels: ([_smooth(labels)], {}), ("log_softmax",)),
    "poisson_nll": Use(lambda labels: ([labels[:, None].astype(float)], {}), width=1),
    "gaussian_nll": Use(_target.data, ("", "softplus"), order=(0, 2, 1)),
    "margin_ranking": Use(lambda labels: ([], {"labels": _larger(labels)}), ("", ""), 1, rows=True),
    "cosine_embedding": Use(lambda labels: ([], {"labels": _same(labels)}), ("", ""), rows=True),
    "triplet_margin": Use(lambda _: ([], {}), ("", "", ""), rows=True),
    "info_nce": Use(lambda _: ([], {"temperature": TEMPERATURE}), ("", ""), rows=True),
}
"""The losses that a network on the digits can have."""


def criterion(op: Op, backward: Backward) -> Task:
    """The training of a network whose loss is the op, with this backward."""
    use = USES[op.name]
    ops = [name for name in dict.fromkeys(use.domain) if name]
    words = " -> ".join(["digits", "linear", "relu", "linear", *ops, op.name])
    return Task(words, partial(_start, use), partial(_step, use, op, backward))


def _start(use: Use, seed: int) -> Params:
    rng = np.random.default_rng((5, seed))
    return [*weights(rng, PIXELS, HIDDEN), *weights(rng, HIDDEN, use.width * (1 if use.rows else len(use.domain)))]


def _images(use: Use, op: Op, number: int) -> tuple[Array, Array]:
    """A batch; where a loss compares images, their rows stand as it wants them."""
    x, labels = batch(number)
    if op.name not in ("triplet_margin", "info_nce", "cosine_embedding"):
        return x, labels
    count = len(x) // len(use.domain)
    same = np.array([np.flatnonzero(labels == label)[-1] for label in labels[:count]])
    others = np.array([np.flatnonzero(labels != label)[0] for label in labels[:count]])
    rows = [np.arange(count), same]
    if op.name == "cosine_embedding":
        rows[1] = np.where(np.arange(count) % 2, same, others)
    if op.name == "triplet_margin":
        rows.append(others)
    return x[np.concatenate(rows)], labels[np.concatenate(rows)]


def _step(use: Use, op: Op, backward: Backward, params: Params, number: int) -> tuple[float, Params]:
    linear, relu = OPS["linear"], OPS["relu"]
    x, labels = _images(use, op, number)
    h, of_first = linear.forward(x, *params[:2])
    active, mask = relu.forward(h)
    out, of_second = linear.forward(active, *params[2:])
    axis = 0 if use.rows else 1
    pieces, caches = [], []
    for name, piece in zip(use.domain, np.split(out, len(use.domain), axis=axis), strict=True):
        inside, kept = OPS[name].forward(piece) if name else (piece, None)
        pieces.append(inside[:, 0] if use.rows and use.width == 1 else inside)
        caches.append(kept)
    arrays, static = use.data(labels)
    given = [*pieces, *arrays]
    order = use.order or tuple(range(len(given)))
    loss, cache = op.forward(*(given[i] for i in np.argsort(order)), **static)
    grads = backward(np.ones(()), cache)
    back = []
    for i, (name, kept) in enumerate(zip(use.domain, caches, strict=True)):
        grad = grads[order[i]]
        grad = grad[:, None] if use.rows and use.width == 1 else grad
        back.append(OPS[name].backward(grad, kept)[0] if name else grad)
    dactive, *second = linear.backward(np.concatenate(back, axis=axis), of_second)
    _, *first = linear.backward(relu.backward(dactive, mask)[0], of_first)
    return float(loss), [*first, *second]
