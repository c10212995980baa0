"""The siamese network."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import keras
import tensorflow as tf
from keras import layers
from tensorflow import Tensor

from ...parameters import Layer
from ..native import NativeModel
from ..ops.layers import LAYOUTS, WITHOUT_BIAS
from ..ops.losses_metric import triplet_margin


class Siamese(keras.Model):
    """Dense -> relu -> Dense, called three times, under the triplet margin loss."""

    def __init__(self, hidden: int, embedding: int, *, dtype: str, margin: float = 1.0) -> None:
        super().__init__(name="siamese", dtype=dtype)
        self.hidden = layers.Dense(hidden, activation="relu", dtype=dtype, name="hidden")
        self.embedding = layers.Dense(embedding, use_bias=False, dtype=dtype, name="embedding")
        self.margin = margin

    def call(self, x: Tensor) -> Tensor:
        return self.embedding(self.hidden(x))


def _build(params: Mapping[str, Any], dtype: str, **config: Any) -> Siamese:
    inputs, hidden = params["hidden.weight"].shape
    model = Siamese(hidden, params["embedding.weight"].shape[1], dtype=dtype, **config)
    model(tf.zeros((1, inputs), dtype))  # makes the variables
    return model


def _layers(_names: Iterable[str], **_: Any) -> dict[str, Layer]:
    return {"hidden": Layer(LAYOUTS["linear"]), "embedding": Layer(WITHOUT_BIAS)}


def _loss(model: Siamese, x: Tensor) -> Tensor:
    anchor, positive, negative = tf.unstack(x)
    return triplet_margin(model(anchor), model(positive), model(negative), margin=model.margin)  # Keras has no triplet loss


MODEL = NativeModel(_build, _layers, _loss)
