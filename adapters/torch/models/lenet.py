"""LeNet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...parameters import Layer
from ..native import NativeModel
from ..ops import convolution, layers


class LeNet(nn.Module):
    """Two stages of convolution, tanh and average pooling, and a linear layer for the logits, under cross entropy."""

    def __init__(self, channels: int, maps: tuple[int, int], kernels: tuple[Any, Any], features: int, classes: int) -> None:
        super().__init__()
        first, second = maps
        self.conv1 = nn.Conv2d(channels, first, kernels[0], padding="same")
        self.conv2 = nn.Conv2d(first, second, kernels[1], padding="same")
        self.pool = nn.AvgPool2d(2)
        self.output = nn.Linear(features, classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.pool(torch.tanh(self.conv1(x)))
        x = self.pool(torch.tanh(self.conv2(x)))
        return self.output(torch.flatten(x, 1))

    def loss(self, x: Tensor, labels: Tensor) -> Tensor:
        return F.cross_entropy(self(x), labels)


def _build(params: Mapping[str, Any]) -> LeNet:
    first, second = (params[f"{name}.weight"] for name in ("conv1", "conv2"))
    maps, kernels = (len(first), len(second)), (first.shape[2:], second.shape[2:])
    return LeNet(first.shape[1], maps, kernels, *params["output.weight"].shape)


LAYERS = {
    "conv1": Layer(convolution.LAYOUTS["conv2d"]),
    "conv2": Layer(convolution.LAYOUTS["conv2d"]),
    "output": Layer(layers.LAYOUTS["linear"]),
}
MODEL = NativeModel(_build, lambda names, **_: LAYERS)
