"""The sequence classifier with a GRU."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...layout import input_bias_alone
from ...parameters import Layer
from ..layouts import recurrent
from ..native import NativeModel
from ..ops import layers


class GRUClassifier(nn.Module):
    """A GRU, and a linear layer on its last hidden state for the logits, under cross entropy."""

    def __init__(self, inputs: int, hidden: int, classes: int) -> None:
        super().__init__()
        self.gru = nn.GRU(inputs, hidden, batch_first=True)
        # One bias, see the reference.
        self.gru.bias_hh_l0.requires_grad_(False)
        self.output = nn.Linear(hidden, classes)

    def forward(self, x: Tensor) -> Tensor:
        _, h_last = self.gru(x)
        return self.output(h_last[0])

    def loss(self, x: Tensor, labels: Tensor) -> Tensor:
        return F.cross_entropy(self(x), labels)


def _build(params: Mapping[str, Any]) -> GRUClassifier:
    inputs, (hidden, classes) = params["gru.weight_input"].shape[0], params["output.weight"].shape
    return GRUClassifier(inputs, hidden, classes)


def _layers(_names: Iterable[str]) -> dict[str, Layer]:
    gru = input_bias_alone(recurrent.LAYOUTS["gru"], torch.zeros_like)
    return {"gru": Layer(gru), "output": Layer(layers.LAYOUTS["linear"])}


MODEL = NativeModel(_build, _layers)
