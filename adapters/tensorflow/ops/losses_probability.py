"""The reference's likelihoods and divergences of given distributions in TensorFlow."""

from __future__ import annotations

import math

import keras
import tensorflow as tf
from tensorflow import Tensor

from ..epsilon import keras_epsilon
from ..reduction import elementwise, reduce


def nll(
    log_p: Tensor, *, labels: Tensor, weight: Tensor | None = None, ignore_index: int = -100, reduction: str = "mean"
) -> Tensor:
    # Composed: keras.losses.sparse_categorical_crossentropy normalises what it is given, which is another gradient.
    kept = labels != ignore_index
    target = tf.where(kept, labels, tf.zeros_like(labels))
    counted = tf.cast(kept, log_p.dtype)
    if weight is not None:
        counted *= tf.gather(weight, target)
    picked = tf.gather(log_p, target, batch_dims=1)
    losses = -counted * tf.where(kept, picked, tf.zeros_like(picked))
    if reduction == "mean":
        return tf.reduce_sum(losses) / tf.reduce_sum(counted)
    return reduce(losses, reduction)


def kl_div(log_p: Tensor, target: Tensor, *, log_target: bool = False, reduction: str = "mean") -> Tensor:
    # keras takes probabilities, and clips them at its epsilon: at 1e-7 unless it is set.
    with keras_epsilon(1e-30):
        losses = elementwise(keras.losses.kl_divergence, tf.exp(log_p), tf.exp(target) if log_target else target)
    if reduction == "batchmean":
        return tf.reduce_sum(losses) / log_p.shape[0]
    return reduce(losses, reduction)


def poisson_nll(
    x: Tensor, target: Tensor, *, log_input: bool = True, full: bool = False, eps: float = 1e-8, reduction: str = "mean"
) -> Tensor:
    if log_input:
        return reduce(tf.nn.log_poisson_loss(target, x, compute_full_loss=full), reduction)
    with keras_epsilon(eps):
        losses = elementwise(keras.losses.poisson, x, target)
    if full:  # keras.losses.poisson lacks Stirling's term; here it is, above exp(0)
        losses += tf.nn.log_poisson_loss(target, tf.zeros_like(target), compute_full_loss=True) - 1
    return reduce(losses, reduction)


def gaussian_nll(
    x: Tensor, target: Tensor, var: Tensor, *, full: bool = False, eps: float = 1e-6, reduction: str = "mean"
) -> Tensor:
    # Composed: neither tf.nn nor keras has it.
    v = tf.maximum(var, eps)
    losses = (tf.math.log(v) + tf.math.squared_difference(x, target) / v) / 2
    return reduce(losses + math.log(2 * math.pi) / 2 if full else losses, reduction)
