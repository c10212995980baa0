"""The network of the lesson."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
from keras import layers
from tensorflow import Tensor

from ...parameters import Layer
from ..native import NativeModel
from ..ops.layers import LAYOUTS

LOSSES = {"binary_cross_entropy": keras.losses.BinaryCrossentropy, "mse": keras.losses.MeanSquaredError}


def _build(params: Mapping[str, Any], dtype: str, *, loss: str = "binary_cross_entropy") -> keras.Model:
    inputs, hidden = params["hidden.weight"].shape
    outputs = params["output.weight"].shape[1]
    model = keras.Sequential(
        [
            keras.Input((inputs,), dtype=dtype),
            layers.Dense(hidden, activation="relu", dtype=dtype, name="hidden"),
            layers.Dense(outputs, activation="sigmoid", dtype=dtype, name="output"),
        ]
    )
    model.criterion = LOSSES[loss](dtype=dtype)  # without dtype a keras loss casts float64 to float32 and back
    return model


def _loss(model: keras.Model, x: Tensor, labels: Tensor) -> Tensor:
    return model.criterion(labels, model(x, training=True))


MODEL = NativeModel(_build, lambda names, **_: dict.fromkeys(("hidden", "output"), Layer(LAYOUTS["linear"])), _loss)
