"""The sequence classifier with an LSTM."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import keras
import tensorflow as tf
from keras import layers
from tensorflow import Tensor

from ...parameters import Layer
from ..layouts.recurrent import LAYOUTS as RECURRENT
from ..native import NativeModel
from ..ops.layers import LAYOUTS


class LSTMClassifier(keras.Model):
    """An LSTM, and a dense layer on its last hidden state for the logits, under cross entropy."""

    def __init__(self, hidden: int, classes: int, *, dtype: str) -> None:
        super().__init__(name="lstm_classifier", dtype=dtype)
        self.lstm = layers.LSTM(hidden, use_cudnn=False, dtype=dtype, name="lstm")  # cuDNN is not deterministic
        self.output_layer = layers.Dense(classes, dtype=dtype, name="output")
        self.criterion = keras.losses.SparseCategoricalCrossentropy(from_logits=True, dtype=dtype)

    def call(self, x: Tensor) -> Tensor:
        return self.output_layer(self.lstm(x))


def _build(params: Mapping[str, Any], dtype: str) -> LSTMClassifier:
    inputs, (hidden, classes) = params["lstm.weight_input"].shape[0], params["output.weight"].shape
    model = LSTMClassifier(hidden, classes, dtype=dtype)
    model(tf.zeros((1, 1, inputs), dtype))  # makes the variables
    return model


def _layers(_names: Iterable[str]) -> dict[str, Layer]:
    return {"lstm": Layer(RECURRENT["lstm"]), "output": Layer(LAYOUTS["linear"])}


def _loss(model: LSTMClassifier, x: Tensor, labels: Tensor) -> Tensor:
    return model.criterion(labels, model(x, training=True))


MODEL = NativeModel(_build, _layers, _loss)
