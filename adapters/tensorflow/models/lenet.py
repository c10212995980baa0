"""LeNet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import tensorflow as tf
from keras import layers
from tensorflow import Tensor

from ...parameters import Layer
from ..layouts.convolution import LAYOUTS as CONVOLUTION
from ..native import NativeModel
from ..ops.layers import LAYOUTS


class LeNet(keras.Model):
    """Two stages of convolution, tanh and average pooling, and a dense layer for the logits, under cross entropy."""

    def __init__(self, maps: tuple[int, int], kernels: tuple[Any, Any], classes: int, *, dtype: str) -> None:
        super().__init__(name="lenet", dtype=dtype)
        self.conv1, self.conv2 = (
            layers.Conv2D(width, kernel, padding="same", activation="tanh", dtype=dtype, name=f"conv{k}")
            for k, (width, kernel) in enumerate(zip(maps, kernels, strict=True), start=1)
        )
        self.pool = layers.AveragePooling2D(2, dtype=dtype)
        self.flatten = layers.Flatten(dtype=dtype)
        self.output_layer = layers.Dense(classes, dtype=dtype, name="output")
        # Without dtype a Keras loss casts float64 to float32 and back.
        self.criterion = keras.losses.SparseCategoricalCrossentropy(from_logits=True, dtype=dtype)

    def call(self, x: Tensor) -> Tensor:
        x = tf.transpose(x, (0, 2, 3, 1))  # on a CPU Keras convolves with channels last
        x = self.pool(self.conv1(x))
        x = self.pool(self.conv2(x))
        return self.output_layer(self.flatten(tf.transpose(x, (0, 3, 1, 2))))  # the reference's features have channels first


def _build(params: Mapping[str, Any], dtype: str) -> LeNet:
    first, second = (params[f"{name}.weight"] for name in ("conv1", "conv2"))
    features, classes = params["output.weight"].shape
    model = LeNet((len(first), len(second)), (first.shape[2:], second.shape[2:]), classes, dtype=dtype)
    # Makes the variables: a call would, of an image of the right size, which only its product with the channels is known of.
    model.conv1.build((None, None, None, first.shape[1]))
    model.conv2.build((None, None, None, second.shape[1]))
    model.output_layer.build((None, features))
    return model


def _loss(model: LeNet, x: Tensor, labels: Tensor) -> Tensor:
    return model.criterion(labels, model(x, training=True))


LAYERS = {"conv1": Layer(CONVOLUTION["conv2d"]), "conv2": Layer(CONVOLUTION["conv2d"]), "output": Layer(LAYOUTS["linear"])}
MODEL = NativeModel(_build, lambda names, **_: LAYERS, _loss)
