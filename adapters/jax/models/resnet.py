"""The residual network of basic blocks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any

import jax
import jax.numpy as jnp
import optax
from flax import linen
from jax import Array

from ...parameters import Layer, numbered
from ..layouts.convolution import WITHOUT_BIAS
from ..native import NativeModel
from ..ops.layers import LAYOUTS
from ..ops.normalization import LAYOUTS as NORMALIZATION


class ConvNorm(linen.Module):
    """Convolution without a bias -> batch normalisation."""

    after: int
    kernel: int = 3
    stride: int = 1

    def setup(self) -> None:
        # padding="SAME" would pad the end alone at stride 2.
        sizes, pad = (self.kernel, self.kernel), self.kernel // 2
        self.conv = linen.Conv(self.after, sizes, self.stride, padding=pad, use_bias=False)
        self.norm = linen.BatchNorm(momentum=0.9, epsilon=1e-5, use_fast_variance=False)

    def __call__(self, x: Array, training: bool) -> Array:
        return self.norm(self.conv(x), use_running_average=not training)


class BasicBlock(linen.Module):
    """Two convolutions and a skip, which is the identity unless the channels change."""

    before: int
    after: int

    def setup(self) -> None:
        stride = 1 if self.before == self.after else 2
        self.first = ConvNorm(self.after, stride=stride)
        self.second = ConvNorm(self.after)
        self.projection = None if self.before == self.after else ConvNorm(self.after, 1, stride)

    def __call__(self, x: Array, training: bool) -> Array:
        branch = self.second(jax.nn.relu(self.first(x, training)), training)
        skip = self.projection(x, training) if self.projection else x
        return jax.nn.relu(branch + skip)


class ResNet(linen.Module):
    """A stem, blocks, global average pooling, and a dense layer for the logits, under cross entropy."""

    channels: tuple[int, ...]
    classes: int

    def setup(self) -> None:
        self.stem = ConvNorm(self.channels[0])
        self.block = [BasicBlock(*pair) for pair in pairwise(self.channels)]
        self.output = linen.Dense(self.classes)

    def __call__(self, x: Array, *, training: bool = False) -> Array:
        x = x.transpose(0, 2, 3, 1)  # flax has channels last
        x = jax.nn.relu(self.stem(x, training))
        for block in self.block:
            x = block(x, training)
        return self.output(x.mean(axis=(1, 2)))

    def loss(self, x: Array, labels: Array) -> Array:
        return jnp.mean(optax.softmax_cross_entropy_with_integer_labels(self(x, training=True), labels))


def _build(params: Mapping[str, Any]) -> ResNet:
    channels = (len(params[f"{unit}.conv.weight"]) for unit in ("stem", *(f"block.{k}.first" for k in numbered(params, "block"))))
    return ResNet(tuple(channels), params["output.weight"].shape[1])


def _layers(names: Iterable[str], **_: Any) -> dict[str, Layer]:
    layers = {}
    for unit in (name.removesuffix(".conv.weight") for name in names if name.endswith(".conv.weight")):
        own = unit.replace("block.", "block_")  # flax calls the k-th module of a list name_k
        layers[f"{unit}.conv"], layers[f"{unit}.norm"] = (
            Layer(WITHOUT_BIAS, f"{own}.conv"),
            Layer(NORMALIZATION["batch_norm"], f"{own}.norm"),
        )
    return layers | {"output": Layer(LAYOUTS["linear"])}


MODEL = NativeModel(_build, _layers, conventions={"unbiased": False})
