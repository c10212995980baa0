"""The reference's activations in TensorFlow."""

from __future__ import annotations

import keras
import tensorflow as tf
from tensorflow import Tensor

from ..layout import Layout


def relu(x: Tensor) -> Tensor:
    return tf.nn.relu(x)


def sigmoid(x: Tensor) -> Tensor:
    return tf.math.sigmoid(x)


def tanh(x: Tensor) -> Tensor:
    return tf.math.tanh(x)


def softmax(x: Tensor, *, axis: int = -1) -> Tensor:
    return tf.nn.softmax(x, axis=axis)


def relu6(x: Tensor) -> Tensor:
    return tf.nn.relu6(x)


def leaky_relu(x: Tensor, *, negative_slope: float = 0.01) -> Tensor:
    return tf.nn.leaky_relu(x, alpha=negative_slope)


def prelu(x: Tensor, weight: Tensor) -> Tensor:
    # keras.layers.PReLU on given weights: it is written relu(x) - weight relu(-x), with one slope for each channel.
    slope = tf.reshape(weight, (1, -1, *[1] * (x.shape.rank - 2)))
    return tf.nn.relu(x) - slope * tf.nn.relu(-x)


def threshold(x: Tensor, *, threshold: float, value: float) -> Tensor:
    return keras.ops.threshold(x, threshold, value)


def elu(x: Tensor, *, alpha: float = 1.0) -> Tensor:
    return keras.ops.elu(x, alpha)  # tf.nn.elu has no alpha


def selu(x: Tensor) -> Tensor:
    return tf.nn.selu(x)


def celu(x: Tensor, *, alpha: float = 1.0) -> Tensor:
    return keras.ops.celu(x, alpha)


def gelu(x: Tensor) -> Tensor:
    return tf.nn.gelu(x)


def gelu_tanh(x: Tensor) -> Tensor:
    return tf.nn.gelu(x, approximate=True)


def silu(x: Tensor) -> Tensor:
    return tf.nn.silu(x)


def mish(x: Tensor) -> Tensor:
    return keras.activations.mish(x)


def softplus(x: Tensor, *, beta: float = 1.0) -> Tensor:
    return tf.math.softplus(beta * x) / beta  # tf.math.softplus has no beta


def softsign(x: Tensor) -> Tensor:
    return tf.nn.softsign(x)


def log_sigmoid(x: Tensor) -> Tensor:
    return tf.math.log_sigmoid(x)


def hard_sigmoid(x: Tensor) -> Tensor:
    return keras.ops.hard_sigmoid(x)


def hard_tanh(x: Tensor, *, min_value: float = -1.0, max_value: float = 1.0) -> Tensor:
    return tf.clip_by_value(x, min_value, max_value)  # keras.ops.hard_tanh has no other range than [-1, 1]


def hard_swish(x: Tensor) -> Tensor:
    return keras.ops.hard_silu(x)


def glu(x: Tensor, *, axis: int = -1) -> Tensor:
    return keras.ops.glu(x, axis=axis)


def log_softmax(x: Tensor, *, axis: int = -1) -> Tensor:
    return tf.nn.log_softmax(x, axis=axis)


def _prelu(params: dict[str, Tensor], x: Tensor) -> keras.Layer:
    return keras.layers.PReLU(shared_axes=[1] if params["weight"].shape[0] < x.shape[1] else None)


def _by_channel(layer: keras.Layer, x: Tensor) -> Tensor:
    """The layer has a slope for each element of an image, or shares it along axes. Rows (N..., C) need no sharing."""
    images = keras.ops.moveaxis(x, 1, -1)
    rows = layer(keras.ops.reshape(images, (-1, x.shape[1])))
    return keras.ops.moveaxis(keras.ops.reshape(rows, images.shape), -1, 1)


LAYOUTS = {"prelu": Layout.renamed({"weight": "alpha"}, layer=_prelu, call=_by_channel)}
