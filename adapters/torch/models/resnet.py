"""The residual network of basic blocks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import torch.nn.functional as F
from torch import Tensor, nn

from ...parameters import Layer, numbered
from ..native import NativeModel
from ..ops import convolution, layers, normalization


class ConvNorm(nn.Module):
    """Convolution without a bias -> batch normalisation."""

    def __init__(self, before: int, after: int, kernel: int = 3, stride: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(before, after, kernel, stride, padding=kernel // 2, bias=False)
        self.norm = nn.BatchNorm2d(after)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(self.conv(x))


class BasicBlock(nn.Module):
    """Two convolutions and a skip, which is the identity unless the channels change."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        stride = 1 if before == after else 2
        self.first = ConvNorm(before, after, stride=stride)
        self.second = ConvNorm(after, after)
        self.projection = nn.Identity() if before == after else ConvNorm(before, after, 1, stride)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.second(F.relu(self.first(x))) + self.projection(x))


class ResNet(nn.Module):
    """A stem, blocks, global average pooling, and a linear layer for the logits, under cross entropy."""

    def __init__(self, inputs: int, channels: Sequence[int], classes: int) -> None:
        super().__init__()
        self.stem = ConvNorm(inputs, channels[0])
        self.block = nn.Sequential(*(BasicBlock(*pair) for pair in pairwise(channels)))
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.output = nn.Linear(channels[-1], classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.block(F.relu(self.stem(x)))
        return self.output(self.pool(x).flatten(1))

    def loss(self, x: Tensor, labels: Tensor) -> Tensor:
        return F.cross_entropy(self(x), labels)


def _build(params: Mapping[str, Any]) -> ResNet:
    stem = params["stem.conv.weight"]
    channels = [len(stem), *(len(params[f"block.{k}.first.conv.weight"]) for k in numbered(params, "block"))]
    return ResNet(stem.shape[1], channels, params["output.weight"].shape[1])


def _layers(names: Iterable[str], **_: Any) -> dict[str, Layer]:
    conv, norm = Layer(convolution.WITHOUT_BIAS), Layer(normalization.LAYOUTS["batch_norm"])
    units = [name.removesuffix(".conv.weight") for name in names if name.endswith(".conv.weight")]
    both = {f"{unit}.{part}": layer for unit in units for part, layer in (("conv", conv), ("norm", norm))}
    return both | {"output": Layer(layers.LAYOUTS["linear"])}


MODEL = NativeModel(_build, _layers, conventions={"unbiased": True})
