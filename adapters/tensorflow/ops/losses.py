"""The reference's losses in TensorFlow."""

from __future__ import annotations

import keras
import tensorflow as tf
from tensorflow import Tensor

from ..epsilon import keras_epsilon
from ..fused import softmax_cross_entropy, sparse_softmax_cross_entropy
from ..reduction import elementwise, reduce


def mse(x: Tensor, target: Tensor, *, reduction: str = "mean") -> Tensor:
    return reduce(tf.math.squared_difference(x, target), reduction)


def l1(x: Tensor, target: Tensor, *, reduction: str = "mean") -> Tensor:
    return reduce(elementwise(keras.losses.mean_absolute_error, x, target), reduction)


def huber(x: Tensor, target: Tensor, *, delta: float = 1.0, reduction: str = "mean") -> Tensor:
    return reduce(elementwise(keras.losses.huber, x, target, delta=delta), reduction)


def smooth_l1(x: Tensor, target: Tensor, *, beta: float = 1.0, reduction: str = "mean") -> Tensor:
    if beta == 0:
        return l1(x, target, reduction=reduction)
    return huber(x, target, delta=beta, reduction=reduction) / beta  # keras has the Huber loss only


def log_cosh(x: Tensor, target: Tensor, *, reduction: str = "mean") -> Tensor:
    return reduce(elementwise(keras.losses.log_cosh, x, target), reduction)


def binary_cross_entropy(p: Tensor, *, labels: Tensor, eps: float = 1e-7, reduction: str = "mean") -> Tensor:
    with keras_epsilon(eps):
        return reduce(keras.ops.binary_crossentropy(labels, p), reduction)


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
        losses = counted * sparse_softmax_cross_entropy(target, x)
    else:
        classes = x.shape[-1]
        q = tf.one_hot(target, classes, dtype=x.dtype) * (1 - label_smoothing) + label_smoothing / classes
        # Weighted labels do not sum to 1, and the derivative of the fused op is for those that do.
        losses = -tf.reduce_sum(weight * q * tf.nn.log_softmax(x), axis=-1) if weight is not None else softmax_cross_entropy(q, x)
        losses *= tf.cast(kept, x.dtype)
    if reduction == "mean":
        return tf.reduce_sum(losses) / tf.reduce_sum(counted)
    return reduce(losses, reduction)


def soft_cross_entropy(x: Tensor, target: Tensor, *, reduction: str = "mean") -> Tensor:
    return reduce(softmax_cross_entropy(target, x), reduction)
