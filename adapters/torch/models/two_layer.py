"""The network of the lesson."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...parameters import Layer
from ..native import NativeModel
from ..ops import layers


class TwoLayer(nn.Module):
    """x -> Linear -> relu -> Linear -> sigmoid, with a loss on the probabilities."""

    def __init__(self, inputs: int, hidden: int, outputs: int, *, loss: str = "binary_cross_entropy") -> None:
        super().__init__()
        self.hidden = nn.Linear(inputs, hidden)
        self.output = nn.Linear(hidden, outputs)
        self.criterion = loss

    def forward(self, x: Tensor) -> Tensor:
        return torch.sigmoid(self.output(F.relu(self.hidden(x))))

    def loss(self, x: Tensor, labels: Tensor) -> Tensor:
        p = self(x)
        if self.criterion == "mse":
            return F.mse_loss(p, labels)
        return F.binary_cross_entropy(p.clamp(1e-7, 1 - 1e-7), labels)


def _build(params: Mapping[str, Any], **config: Any) -> TwoLayer:
    inputs, hidden = params["hidden.weight"].shape
    return TwoLayer(inputs, hidden, params["output.weight"].shape[1], **config)


MODEL = NativeModel(_build, lambda names, **_: dict.fromkeys(("hidden", "output"), Layer(layers.LAYOUTS["linear"])))
