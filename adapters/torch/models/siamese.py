"""The siamese network."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import torch.nn.functional as F
from torch import Tensor, nn

from ...parameters import Layer
from ..native import NativeModel
from ..ops.layers import LAYOUTS, WITHOUT_BIAS


class Siamese(nn.Module):
    """Linear -> relu -> Linear, called three times, under the triplet margin loss."""

    def __init__(self, inputs: int, hidden: int, embedding: int, *, margin: float = 1.0) -> None:
        super().__init__()
        self.hidden = nn.Linear(inputs, hidden)
        self.embedding = nn.Linear(hidden, embedding, bias=False)
        self.criterion = nn.TripletMarginLoss(margin)

    def forward(self, x: Tensor) -> Tensor:
        return self.embedding(F.relu(self.hidden(x)))

    def loss(self, x: Tensor) -> Tensor:
        anchor, positive, negative = x
        return self.criterion(self(anchor), self(positive), self(negative))


def _build(params: Mapping[str, Any], **config: Any) -> Siamese:
    features, hidden = params["hidden.weight"].shape
    return Siamese(features, hidden, params["embedding.weight"].shape[1], **config)


def _layers(_names: Iterable[str], **_: Any) -> dict[str, Layer]:
    return {"hidden": Layer(LAYOUTS["linear"]), "embedding": Layer(WITHOUT_BIAS)}


MODEL = NativeModel(_build, _layers)
