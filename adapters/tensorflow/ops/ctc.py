"""Connectionist temporal classification in TensorFlow.

TensorFlow has two: a kernel for the CPU that takes sparse labels, in float32 and float64, and a composition for everything
else, XLA among it, that takes dense ones and float32 alone. The device is known in eager mode only: it verifies the
former, the compiled modes the latter.
"""

from __future__ import annotations

import keras
import tensorflow as tf
from tensorflow import Tensor

from ..reduction import reduce


def ctc(
    x: Tensor,
    *,
    labels: Tensor,
    input_lengths: Tensor,
    label_lengths: Tensor,
    blank: int = 0,
    zero_infinity: bool = False,
    reduction: str = "mean",
) -> Tensor:
    if "CPU" in x.device and tf.reduce_all(label_lengths > 0):  # the kernel refuses a sample without labels
        losses = _sparse(x, labels, input_lengths, label_lengths, blank, zero_infinity)
    else:
        losses = keras.ops.ctc_loss(labels, x, label_lengths, input_lengths, mask_index=blank)
    if zero_infinity:  # composed: one has no such option and -log(1e-307) for infinity, the other forgets about equal neighbours
        losses = tf.where(losses < 700, losses, tf.zeros_like(losses))
    counted = tf.cast(tf.maximum(label_lengths, 1), x.dtype) if reduction == "mean" else 1
    return reduce(losses / counted, reduction)


def _sparse(x: Tensor, labels: Tensor, input_lengths: Tensor, label_lengths: Tensor, blank: int, zero_infinity: bool) -> Tensor:
    """Losses (N,). The kernel's blank is the last class: the logits and labels beyond the blank move down by one."""
    places = tf.where(tf.sequence_mask(label_lengths, labels.shape[1]))
    values = tf.cast(tf.gather_nd(labels, places), tf.int32)
    values = tf.where(values > blank, values - 1, values)
    return tf.compat.v1.nn.ctc_loss(
        tf.SparseTensor(places, values, labels.shape),
        tf.concat([x[..., :blank], x[..., blank + 1 :], x[..., blank : blank + 1]], axis=-1),
        tf.cast(input_lengths, tf.int32),
        ignore_longer_outputs_than_inputs=zero_infinity,
        time_major=False,
    )
