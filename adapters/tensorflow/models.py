"""The reference's models as a Keras user writes them, and the way of their parameters there and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import tensorflow as tf
from keras import layers

from gradwitness import frameworks


class Spelling:
    """One model. A dense layer called k keeps the reference's k.weight as its kernel, (in, out) in both, and k.bias as its bias."""

    def build(self, params: Mapping[str, Any], dtype: str, **config: Any) -> keras.Model:
        raise TypeError("each model builds itself")

    def from_reference(self, params: Mapping[str, Any], *, device: str = "cpu", **config: Any) -> keras.Model:
        dtype = next(iter(params.values())).dtype.name
        framework = frameworks.load("tensorflow")
        frameworks.require_device("tensorflow", device, framework.devices())
        with tf.device({"cpu": "/CPU:0", "cuda": "/GPU:0"}[device]):
            model = self.build(params, dtype, **config)
            model.set_weights([params[name] for name in self.names(model)])
        model.spelling = self
        return model

    def to_reference(self, model: keras.Model) -> dict[str, Any]:
        return self.rename([v.value for v in model.trainable_variables], model)

    def rename(self, tensors: Any, model: keras.Model) -> dict[str, Any]:
        to_numpy = frameworks.load("tensorflow").to_numpy
        return {name: to_numpy(tensor) for name, tensor in zip(self.names(model), tensors, strict=True)}

    def names(self, model: keras.Model) -> list[str]:
        return [
            f"{layer.name}.{ {'kernel': 'weight', 'bias': 'bias'}[variable.name] }"
            for layer in model.layers
            for variable in layer.trainable_variables
        ]


class _TwoLayer(Spelling):
    def build(
        self, params: Mapping[str, Any], dtype: str, *, loss: str = "binary_cross_entropy"
    ) -> keras.Model:
        inputs, hidden = params["hidden.weight"].shape
        model = keras.Sequential([
            keras.Input((inputs,), dtype=dtype),
            layers.Dense(hidden, activation="relu", dtype=dtype, name="hidden"),
            layers.Dense(params["output.weight"].shape[1], activation="sigmoid", dtype=dtype, name="output"),
        ])
        # Without dtype a keras loss casts float64 to float32 and back.
        criterion = keras.losses.MeanSquaredError if loss == "mse" else keras.losses.BinaryCrossentropy
        model.criterion = criterion(dtype=dtype)
        return model


class _MLP(Spelling):
    def build(self, params: Mapping[str, Any], dtype: str, *, activation: str = "relu") -> keras.Model:
        weights = [params[f"{k}.weight"] for k in range(len(params) // 2)]
        model = keras.Sequential([keras.Input((weights[0].shape[0],), dtype=dtype)])
        for k, weight in enumerate(weights):
            last = k == len(weights) - 1
            model.add(layers.Dense(weight.shape[1], activation=None if last else activation, dtype=dtype, name=str(k)))
        model.criterion = keras.losses.SparseCategoricalCrossentropy(from_logits=True, dtype=dtype)
        return model


MODELS = {"two_layer": _TwoLayer(), "mlp": _MLP()}
