"""TensorFlow's fused softmax cross entropies, which have derivatives of their own.

tf.nn runs them, unless deterministic ops are asked for, as they are here: then it composes them of log_softmax. Users meet the
former, so it is called where it runs, which is not on a GPU. The device is known in eager mode only; the compiled
modes verify the latter.
"""

from __future__ import annotations

import tensorflow as tf
from tensorflow import Tensor


def softmax_cross_entropy(target: Tensor, x: Tensor) -> Tensor:
    """Target distributions (N, C) and logits (N, C) -> losses (N,)."""
    if "CPU" in x.device:
        return tf.raw_ops.SoftmaxCrossEntropyWithLogits(features=x, labels=target).loss
    return tf.nn.softmax_cross_entropy_with_logits(labels=target, logits=x)


def sparse_softmax_cross_entropy(labels: Tensor, x: Tensor) -> Tensor:
    """Integer labels (N,) and logits (N, C) -> losses (N,)."""
    if "CPU" in x.device:
        return tf.raw_ops.SparseSoftmaxCrossEntropyWithLogits(features=x, labels=labels).loss
    return tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=x)
