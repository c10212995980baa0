"""The residual network of basic blocks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import keras
import tensorflow as tf
from keras import layers
from tensorflow import Tensor

from ...parameters import Layer, numbered
from ..layouts.convolution import WITHOUT_BIAS
from ..native import NativeModel
from ..ops.layers import LAYOUTS
from ..ops.normalization import LAYOUTS as NORMALIZATION


class ConvNorm(layers.Layer):
    """Convolution without a bias -> batch normalisation."""

    def __init__(self, after: int, kernel: int = 3, stride: int = 1, *, dtype: str, name: str) -> None:
        super().__init__(dtype=dtype, name=name.replace(".", "_"))
        # padding="same" would pad the end alone at stride 2.
        self.pad = layers.ZeroPadding2D(kernel // 2, dtype=dtype)
        self.conv = layers.Conv2D(after, kernel, stride, use_bias=False, dtype=dtype, name=f"{name}.conv")
        self.norm = layers.BatchNormalization(momentum=0.9, epsilon=1e-5, dtype=dtype, name=f"{name}.norm")

    def call(self, x: Tensor, training: bool = False) -> Tensor:
        return self.norm(self.conv(self.pad(x)), training=training)


class BasicBlock(layers.Layer):
    """Two convolutions and a skip, which is the identity unless the channels change."""

    def __init__(self, before: int, after: int, *, dtype: str, name: str) -> None:
        super().__init__(dtype=dtype, name=name.replace(".", "_"))
        stride = 1 if before == after else 2
        self.first = ConvNorm(after, stride=stride, dtype=dtype, name=f"{name}.first")
        self.second = ConvNorm(after, dtype=dtype, name=f"{name}.second")
        self.projection = None if before == after else ConvNorm(after, 1, stride, dtype=dtype, name=f"{name}.projection")

    def call(self, x: Tensor, training: bool = False) -> Tensor:
        branch = self.second(tf.nn.relu(self.first(x, training=training)), training=training)
        skip = self.projection(x, training=training) if self.projection else x
        return tf.nn.relu(branch + skip)


class ResNet(keras.Model):
    """A stem, blocks, global average pooling, and a dense layer for the logits, under cross entropy."""

    def __init__(self, channels: Sequence[int], classes: int, *, dtype: str) -> None:
        super().__init__(name="resnet", dtype=dtype)
        self.stem = ConvNorm(channels[0], dtype=dtype, name="stem")
        self.blocks = [BasicBlock(*pair, dtype=dtype, name=f"block.{k}") for k, pair in enumerate(pairwise(channels))]
        self.pool = layers.GlobalAveragePooling2D(dtype=dtype)
        self.output_layer = layers.Dense(classes, dtype=dtype, name="output")
        # Without dtype a Keras loss casts float64 to float32 and back.
        self.criterion = keras.losses.SparseCategoricalCrossentropy(from_logits=True, dtype=dtype)

    def call(self, x: Tensor, training: bool = False) -> Tensor:
        x = tf.transpose(x, (0, 2, 3, 1))  # on a CPU Keras convolves with channels last
        x = tf.nn.relu(self.stem(x, training=training))
        for block in self.blocks:
            x = block(x, training=training)
        return self.output_layer(self.pool(x))


def _build(params: Mapping[str, Any], dtype: str) -> ResNet:
    stem = params["stem.conv.weight"]
    channels = [len(stem), *(len(params[f"block.{k}.first.conv.weight"]) for k in numbered(params, "block"))]
    model = ResNet(channels, params["output.weight"].shape[1], dtype=dtype)
    model(tf.zeros((1, stem.shape[1], 8, 8), dtype))  # makes the variables; images of any size do
    return model


def _layers(names: Iterable[str], **_: Any) -> dict[str, Layer]:
    conv, norm = Layer(WITHOUT_BIAS), Layer(NORMALIZATION["batch_norm"])
    units = [name.removesuffix(".conv.weight") for name in names if name.endswith(".conv.weight")]
    both = {f"{unit}.{part}": layer for unit in units for part, layer in (("conv", conv), ("norm", norm))}
    return both | {"output": Layer(LAYOUTS["linear"])}


def _loss(model: ResNet, x: Tensor, labels: Tensor) -> Tensor:
    return model.criterion(labels, model(x, training=True))


MODEL = NativeModel(_build, _layers, _loss, conventions={"unbiased": False})
