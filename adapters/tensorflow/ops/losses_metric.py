"""The reference's losses of margins, similarities and overlaps in TensorFlow."""

from __future__ import annotations

import keras
import tensorflow as tf
from tensorflow import Tensor

from ..epsilon import keras_epsilon
from ..fused import sparse_softmax_cross_entropy
from ..reduction import elementwise, reduce


def hinge(x: Tensor, *, labels: Tensor, reduction: str = "mean") -> Tensor:
    return reduce(elementwise(keras.losses.hinge, x, labels), reduction)


def squared_hinge(x: Tensor, *, labels: Tensor, reduction: str = "mean") -> Tensor:
    return reduce(elementwise(keras.losses.squared_hinge, x, labels), reduction)


def multi_margin(
    x: Tensor, *, labels: Tensor, p: int = 1, margin: float = 1.0, weight: Tensor | None = None, reduction: str = "mean"
) -> Tensor:
    # Composed: keras's categorical_hinge counts the worst class alone.
    others = tf.one_hot(labels, x.shape[-1], on_value=tf.zeros((), x.dtype), off_value=tf.ones((), x.dtype))
    violated = tf.maximum(margin + x - tf.gather(x, labels[:, tf.newaxis], batch_dims=1), 0) * others
    losses = tf.reduce_mean(violated if p == 1 else tf.square(violated), axis=1)
    return reduce(losses if weight is None else losses * tf.gather(weight, labels), reduction)


def hinge_embedding(x: Tensor, *, labels: Tensor, margin: float = 1.0, reduction: str = "mean") -> Tensor:
    return reduce(tf.where(labels > 0, x, tf.maximum(margin - x, 0)), reduction)  # composed: keras has none


def margin_ranking(x1: Tensor, x2: Tensor, *, labels: Tensor, margin: float = 0.0, reduction: str = "mean") -> Tensor:
    return reduce(tf.maximum(margin - labels * (x1 - x2), 0), reduction)  # composed: keras's hinge has a margin of 1


def triplet_margin(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    *,
    margin: float = 1.0,
    p: float = 2.0,
    eps: float = 1e-6,
    swap: bool = False,
    reduction: str = "mean",
) -> Tensor:
    # Composed of tf.norm: keras has no triplet loss.
    near, far = (tf.norm(anchor - other + eps, ord=p, axis=-1) for other in (positive, negative))
    if swap:
        far = tf.minimum(far, tf.norm(positive - negative + eps, ord=p, axis=-1))
    return reduce(tf.maximum(near - far + margin, 0), reduction)


def cosine_embedding(x1: Tensor, x2: Tensor, *, labels: Tensor, margin: float = 0.0, reduction: str = "mean") -> Tensor:
    # Composed: keras has none, and its cosine similarity bounds the norms where this loss adds to their squares.
    squared1, squared2 = (tf.reduce_sum(x * x, axis=-1) + 1e-12 for x in (x1, x2))
    cosine = tf.reduce_sum(x1 * x2, axis=-1) / tf.sqrt(squared1 * squared2)
    return reduce(tf.where(labels > 0, 1 - cosine, tf.maximum(cosine - margin, 0)), reduction)


def cosine_similarity(x1: Tensor, x2: Tensor, *, axis: int = -1, eps: float = 1e-8) -> Tensor:
    with keras_epsilon(eps):
        return -keras.losses.cosine_similarity(x2, x1, axis=axis)


def focal(x: Tensor, *, labels: Tensor, alpha: float | None = None, gamma: float = 2.0, reduction: str = "mean") -> Tensor:
    options = {"gamma": gamma, "from_logits": True} | ({} if alpha is None else {"apply_class_balancing": True, "alpha": alpha})
    return reduce(elementwise(keras.losses.binary_focal_crossentropy, x, labels, **options), reduction)


def dice(
    p: Tensor,
    *,
    labels: Tensor,
    axis: tuple[int, ...] | None = None,
    smooth: float = 0.0,
    eps: float = 1e-7,
    reduction: str = "mean",
) -> Tensor:
    if not smooth:
        with keras_epsilon(eps):
            return reduce(keras.losses.dice(labels, p, axis=axis), reduction)
    # Composed: keras's dice is not smoothed.
    overlap, size = tf.reduce_sum(p * labels, axis), tf.reduce_sum(p, axis) + tf.reduce_sum(labels, axis)
    return reduce(1 - (2 * overlap + smooth) / (size + smooth + eps), reduction)


def info_nce(
    query: Tensor,
    keys: Tensor,
    *,
    temperature: float = 0.07,
    symmetric: bool = False,
    eps: float = 1e-12,
    reduction: str = "mean",
) -> Tensor:
    # Composed of tf.math.l2_normalize, which bounds the squared norms, and the cross entropy of tf.nn: keras has no such loss.
    u, v = (tf.math.l2_normalize(x, axis=1, epsilon=eps**2) for x in (query, keys))
    scores, own = tf.matmul(u, v, transpose_b=True) / temperature, tf.range(query.shape[0])
    losses = sparse_softmax_cross_entropy(own, scores)
    if symmetric:
        losses = (losses + sparse_softmax_cross_entropy(own, tf.transpose(scores))) / 2
    return reduce(losses, reduction)
