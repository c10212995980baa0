"""The multi-layer perceptron."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import keras
import tensorflow as tf
from keras import layers
from tensorflow import Tensor

from ...parameters import Layer, numbered
from ..native import NativeModel
from ..ops.layers import LAYOUTS, WITHOUT_BIAS
from ..ops.normalization import LAYOUTS as NORMALIZATION
from .dropout import MaskedDropout


class MLP(keras.Model):
    """Hidden layers (dense, batch normalisation, activation, dropout), and a dense one for the logits, under cross entropy."""

    def __init__(self, widths: Sequence[int], *, dtype: str, activation: str = "relu", rate: float = 0.5) -> None:
        super().__init__(name="mlp", dtype=dtype)
        *hidden, (_, outputs) = pairwise(widths)
        self.hidden = [
            (
                layers.Dense(after, use_bias=False, dtype=dtype, name=f"hidden.{k}.linear"),
                layers.BatchNormalization(momentum=0.9, epsilon=1e-5, dtype=dtype, name=f"hidden.{k}.norm"),
                layers.Activation(activation, dtype=dtype),
                MaskedDropout(rate, dtype=dtype),
            )
            for k, (_, after) in enumerate(hidden)
        ]
        self.output_layer = layers.Dense(outputs, dtype=dtype, name="output")
        # Without dtype a Keras loss casts float64 to float32 and back.
        self.criterion = keras.losses.SparseCategoricalCrossentropy(from_logits=True, dtype=dtype)

    def call(self, x: Tensor, masks: Mapping[str, Tensor] | None = None, training: bool = False) -> Tensor:
        for k, (dense, norm, activation, dropout) in enumerate(self.hidden):
            x = activation(norm(dense(x), training=training))
            x = dropout(x, masks[str(k)] if masks and training else None)
        return self.output_layer(x)


def _build(params: Mapping[str, Any], dtype: str, **config: Any) -> MLP:
    hidden = [params[f"hidden.{k}.linear.weight"] for k in numbered(params, "hidden")]
    last = params["output.weight"]
    model = MLP([*(w.shape[0] for w in (*hidden, last)), last.shape[1]], dtype=dtype, **config)
    model(tf.zeros((1, (hidden or [last])[0].shape[0]), dtype))  # makes the variables
    return model


def _layers(names: Iterable[str], **_: Any) -> dict[str, Layer]:
    linear, norm = Layer(WITHOUT_BIAS), Layer(NORMALIZATION["batch_norm"])
    hidden = {
        f"hidden.{k}.{name}": layer for k in numbered(names, "hidden") for name, layer in (("linear", linear), ("norm", norm))
    }
    return hidden | {"output": Layer(LAYOUTS["linear"])}


def _loss(model: MLP, x: Tensor, labels: Tensor, masks: Mapping[str, Tensor] | None = None) -> Tensor:
    return model.criterion(labels, model(x, masks=masks, training=True))


MODEL = NativeModel(_build, _layers, _loss, conventions={"unbiased": False})
