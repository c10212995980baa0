"""LeNet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax.numpy as jnp
import optax
from flax import linen
from jax import Array

from ...parameters import Layer
from ..layouts.convolution import LAYOUTS as CONVOLUTION
from ..native import NativeModel
from ..ops.layers import LAYOUTS


class LeNet(linen.Module):
    """Two stages of convolution, tanh and average pooling, and a dense layer for the logits, under cross entropy."""

    maps: tuple[int, int]
    kernels: tuple[tuple[int, int], tuple[int, int]]
    classes: int

    def setup(self) -> None:
        self.conv1 = linen.Conv(self.maps[0], self.kernels[0], padding="SAME")
        self.conv2 = linen.Conv(self.maps[1], self.kernels[1], padding="SAME")
        self.output = linen.Dense(self.classes)

    def __call__(self, x: Array) -> Array:
        x = x.transpose(0, 2, 3, 1)  # flax has channels last
        x = linen.avg_pool(jnp.tanh(self.conv1(x)), (2, 2), strides=(2, 2))
        x = linen.avg_pool(jnp.tanh(self.conv2(x)), (2, 2), strides=(2, 2))
        features = x.transpose(0, 3, 1, 2).reshape(len(x), -1)  # the reference's have channels first
        return self.output(features)

    def loss(self, x: Array, labels: Array) -> Array:
        return jnp.mean(optax.softmax_cross_entropy_with_integer_labels(self(x), labels))


def _build(params: Mapping[str, Any]) -> LeNet:
    first, second = (params[f"{name}.weight"] for name in ("conv1", "conv2"))
    maps, kernels = (len(first), len(second)), (first.shape[2:], second.shape[2:])
    return LeNet(maps, kernels, params["output.weight"].shape[1])


LAYERS = {"conv1": Layer(CONVOLUTION["conv2d"]), "conv2": Layer(CONVOLUTION["conv2d"]), "output": Layer(LAYOUTS["linear"])}
MODEL = NativeModel(_build, lambda names, **_: LAYERS)
