"""The reference's activations in TensorFlow."""

from __future__ import annotations

import tensorflow as tf
from tensorflow import Tensor


def relu(x: Tensor) -> Tensor:
    return tf.nn.relu(x)


def sigmoid(x: Tensor) -> Tensor:
    return tf.math.sigmoid(x)


def tanh(x: Tensor) -> Tensor:
    return tf.math.tanh(x)


def softmax(x: Tensor, *, axis: int = -1) -> Tensor:
    return tf.nn.softmax(x, axis=axis)
