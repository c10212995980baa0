"""The reference's layers in TensorFlow."""

from __future__ import annotations

import keras
import tensorflow as tf
from tensorflow import Tensor

from ...layout import Inexpressible
from ..layout import Layout


def linear(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    return tf.tensordot(x, weight, axes=1) + bias  # what keras.layers.Dense computes; tf.nn has no affine map of any rank


def _dense(params: dict[str, Tensor], x: Tensor) -> keras.Layer:
    if x.shape.rank == 1:
        raise Inexpressible("keras.layers.Dense takes no single vector")
    return keras.layers.Dense(params["bias"].shape[0])


LAYOUTS = {"linear": Layout.renamed({"weight": "kernel", "bias": "bias"}, layer=_dense)}
WITHOUT_BIAS = Layout.renamed({"weight": "kernel"})
