"""The reference's layers in TensorFlow."""

from __future__ import annotations

import tensorflow as tf
from tensorflow import Tensor

from ...layout import Layout


def linear(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    return tf.tensordot(x, weight, axes=1) + bias  # what keras.layers.Dense computes; tf.nn has no affine map of any rank


LAYOUTS = {"linear": Layout.renamed(weight="kernel", bias="bias")}
WITHOUT_BIAS = Layout.renamed(weight="kernel")
