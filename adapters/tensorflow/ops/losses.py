"""The reference's losses in TensorFlow."""

from __future__ import annotations

import keras
import tensorflow as tf
from tensorflow import Tensor

from adapters.tensorflow.ops.reduction import reduce


def mse(x: Tensor, target: Tensor, *, reduction: str = "mean") -> Tensor:
    return reduce(tf.math.squared_difference(x, target), reduction)


def binary_cross_entropy(p: Tensor, *, labels: Tensor, eps: float = 1e-7, reduction: str = "mean") -> Tensor:
    before = keras.config.epsilon()  # keras takes eps from its global configuration only
    keras.config.set_epsilon(eps)
    try:
        return reduce(keras.ops.binary_crossentropy(labels, p), reduction)
    finally:
        keras.config.set_epsilon(before)


def binary_cross_entropy_with_logits(
    x: Tensor, *, labels: Tensor, pos_weight: Tensor | None = None, reduction: str = "mean"
) -> Tensor:
    if pos_weight is None:
        return reduce(tf.nn.sigmoid_cross_entropy_with_logits(labels=labels, logits=x), reduction)
    return reduce(tf.nn.weighted_cross_entropy_with_logits(labels, x, pos_weight), reduction)


def cross_entropy(
    x: Tensor,
    *,
    labels: Tensor,
    weight: Tensor | None = None,
    label_smoothing: float = 0.0,
    ignore_index: int = -100,
    reduction: str = "mean",
) -> Tensor:
    # Neither tf.nn nor keras ignores an index or divides by the sum of class weights: both are composed around the native loss.
    kept = labels != ignore_index
    target = tf.where(kept, labels, tf.zeros_like(labels))
    counted = tf.cast(kept, x.dtype)
    if weight is not None:
        counted *= tf.gather(weight, target)
    if not label_smoothing:
        losses = counted * tf.nn.sparse_softmax_cross_entropy_with_logits(labels=target, logits=x)
    else:
        classes = x.shape[-1]
        q = tf.one_hot(target, classes, dtype=x.dtype) * (1 - label_smoothing) + label_smoothing / classes
        if weight is None:
            losses = tf.nn.softmax_cross_entropy_with_logits(labels=q, logits=x)
        else:  # weighted labels do not sum to one, and the native loss's gradient assumes that they do
            losses = -tf.reduce_sum(weight * q * tf.nn.log_softmax(x), axis=-1)
        losses *= tf.cast(kept, x.dtype)
    if reduction == "mean":
        return tf.reduce_sum(losses) / tf.reduce_sum(counted)
    return reduce(losses, reduction)
