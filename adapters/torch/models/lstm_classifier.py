"""The sequence classifier with an LSTM."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import torch.nn.functional as F
from torch import Tensor, nn

from ...parameters import Layer
from ..layouts import recurrent
from ..native import NativeModel
from ..ops import layers


class LSTMClassifier(nn.Module):
    """An LSTM, and a linear layer on its last hidden state for the logits, under cross entropy."""

    def __init__(self, inputs: int, hidden: int, classes: int) -> None:
        super().__init__()
        self.lstm = nn.LSTM(inputs, hidden, batch_first=True)
        # Only the sum of the two biases acts. Trained together they would double its step, see the reference.
        self.lstm.bias_hh_l0.requires_grad_(False)
        self.output = nn.Linear(hidden, classes)

    def forward(self, x: Tensor) -> Tensor:
        _, (h_last, _) = self.lstm(x)
        return self.output(h_last[0])

    def loss(self, x: Tensor, labels: Tensor) -> Tensor:
        return F.cross_entropy(self(x), labels)


def _build(params: Mapping[str, Any]) -> LSTMClassifier:
    inputs, (hidden, classes) = params["lstm.weight_input"].shape[0], params["output.weight"].shape
    return LSTMClassifier(inputs, hidden, classes)


def _layers(_names: Iterable[str]) -> dict[str, Layer]:
    return {"lstm": Layer(recurrent.LAYOUTS["lstm"]), "output": Layer(layers.LAYOUTS["linear"])}


MODEL = NativeModel(_build, _layers)
