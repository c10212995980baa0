"""The sequence classifier with a GRU."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import keras
import tensorflow as tf
from keras import layers
from tensorflow import Tensor

from ...layout import input_bias_alone
from ...parameters import Layer
from ..layouts.recurrent import LAYOUTS as RECURRENT
from ..native import NativeModel
from ..ops.layers import LAYOUTS


class InputBiasAlone(keras.constraints.Constraint):
    """Of a GRU's bias (2, 3H), one variable, the second row, the hidden state's, is put back to zero after each update."""

    def __call__(self, bias: Tensor) -> Tensor:
        return tf.stack([bias[0], tf.zeros_like(bias[1])])


class GRUClassifier(keras.Model):
    """A GRU, and a dense layer on its last hidden state for the logits, under cross entropy."""

    def __init__(self, hidden: int, classes: int, *, dtype: str) -> None:
        super().__init__(name="gru_classifier", dtype=dtype)
        options = {"use_cudnn": False, "dtype": dtype}  # cuDNN is not deterministic
        self.gru = layers.GRU(hidden, bias_constraint=InputBiasAlone(), name="gru", **options)
        self.output_layer = layers.Dense(classes, dtype=dtype, name="output")
        self.criterion = keras.losses.SparseCategoricalCrossentropy(from_logits=True, dtype=dtype)

    def call(self, x: Tensor) -> Tensor:
        return self.output_layer(self.gru(x))


def _build(params: Mapping[str, Any], dtype: str) -> GRUClassifier:
    inputs, (hidden, classes) = params["gru.weight_input"].shape[0], params["output.weight"].shape
    model = GRUClassifier(hidden, classes, dtype=dtype)
    model(tf.zeros((1, 1, inputs), dtype))  # makes the variables
    return model


def _layers(_names: Iterable[str]) -> dict[str, Layer]:
    gru = input_bias_alone(RECURRENT["gru"], tf.zeros_like)
    return {"gru": Layer(gru), "output": Layer(LAYOUTS["linear"])}


def _loss(model: GRUClassifier, x: Tensor, labels: Tensor) -> Tensor:
    return model.criterion(labels, model(x, training=True))


MODEL = NativeModel(_build, _layers, _loss)
