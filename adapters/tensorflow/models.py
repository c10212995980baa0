"""The reference's models as a Keras user writes them, and the way of their parameters there and back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import keras
import tensorflow as tf
from keras import layers

from gradwitness import frameworks


@dataclass
class Spelling:
    """One model: how to build it for the reference's parameters and dtype.

    A dense layer called k keeps the reference's k.weight as its kernel, (in, out) in both, and k.bias as its bias.
    """

    build: Callable[..., keras.Model]

    def from_reference(self, params: Mapping[str, Any], *, device: str = "cpu", **config: Any) -> keras.Model:
        """The model with the reference's parameters, in their dtype."""
        framework = frameworks.load("tensorflow")
        frameworks.require_device("tensorflow", device, framework.devices())
        with tf.device({"cpu": "/CPU:0", "cuda": "/GPU:0"}[device]):
            model = self.build(params, next(iter(params.values())).dtype.name, **config)
            model.set_weights([params[name] for name in self.names(model)])
        model.spelling = self
        return model

    def to_reference(self, model: keras.Model) -> dict[str, Any]:
        """The model's parameters under the reference's names and in its layouts."""
        return self.rename([variable.value for variable in model.trainable_variables], model)

    def rename(self, tensors: Any, model: keras.Model) -> dict[str, Any]:
        """Tensors in the order of model.trainable_variables as arrays by the reference's names."""
        take = frameworks.load("tensorflow").to_numpy
        return {name: take(tensor) for name, tensor in zip(self.names(model), tensors, strict=True)}

    def names(self, model: keras.Model) -> list[str]:
        """The reference's names of model.trainable_variables, in order."""
        leaf = {"kernel": "weight", "bias": "bias"}
        return [f"{layer.name}.{leaf[v.name]}" for layer in model.layers for v in layer.trainable_variables]


def _two_layer(params: Mapping[str, Any], dtype: str, *, loss: str = "binary_cross_entropy") -> keras.Model:
    inputs, hidden = params["hidden.weight"].shape
    outputs = params["output.weight"].shape[1]
    model = keras.Sequential(
        [
            keras.Input((inputs,), dtype=dtype),
            layers.Dense(hidden, activation="relu", dtype=dtype, name="hidden"),
            layers.Dense(outputs, activation="sigmoid", dtype=dtype, name="output"),
        ]
    )
    criterion = keras.losses.MeanSquaredError if loss == "mse" else keras.losses.BinaryCrossentropy
    model.criterion = criterion(dtype=dtype)  # without dtype a keras loss casts float64 to float32 and back
    return model


def _mlp(params: Mapping[str, Any], dtype: str, *, activation: str = "relu") -> keras.Model:
    weights = [params[f"{k}.weight"] for k in range(len(params) // 2)]
    model = keras.Sequential([keras.Input((weights[0].shape[0],), dtype=dtype)])
    for k, weight in enumerate(weights):
        last = k == len(weights) - 1
        model.add(layers.Dense(weight.shape[1], activation=None if last else activation, dtype=dtype, name=str(k)))
    model.criterion = keras.losses.SparseCategoricalCrossentropy(from_logits=True, dtype=dtype)
    return model


MODELS = {"two_layer": Spelling(_two_layer), "mlp": Spelling(_mlp)}
