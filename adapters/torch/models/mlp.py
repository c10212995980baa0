"""The multi-layer perceptron."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...parameters import Layer, numbered
from ..native import NativeModel
from ..ops import layers, normalization
from .dropout import MaskedDropout

ACTIVATIONS = {
    "relu": F.relu,
    "sigmoid": torch.sigmoid,
    "softmax": lambda x: F.softmax(x, dim=-1),
    "tanh": torch.tanh,
}


class Hidden(nn.Module):
    """Linear -> batch normalisation -> activation -> dropout."""

    def __init__(self, inputs: int, outputs: int, activation: str, rate: float) -> None:
        super().__init__()
        self.linear = nn.Linear(inputs, outputs, bias=False)
        self.norm = nn.BatchNorm1d(outputs)
        self.activation = ACTIVATIONS[activation]
        self.dropout = MaskedDropout(rate)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        return self.dropout(self.activation(self.norm(self.linear(x))), mask)


class MLP(nn.Module):
    """Hidden layers, and a linear one for the logits, under cross entropy."""

    def __init__(self, widths: Sequence[int], *, activation: str = "relu", rate: float = 0.5) -> None:
        super().__init__()
        *hidden, (inputs, outputs) = pairwise(widths)
        self.hidden = nn.ModuleList(Hidden(*pair, activation, rate) for pair in hidden)
        self.output = nn.Linear(inputs, outputs)

    def forward(self, x: Tensor, masks: Mapping[str, Tensor] | None = None) -> Tensor:
        for k, layer in enumerate(self.hidden):
            x = layer(x, masks[str(k)] if masks else None)
        return self.output(x)

    def loss(self, x: Tensor, labels: Tensor, masks: Mapping[str, Tensor] | None = None) -> Tensor:
        return F.cross_entropy(self(x, masks), labels)


def _build(params: Mapping[str, Any], **config: Any) -> MLP:
    hidden = [params[f"hidden.{k}.linear.weight"] for k in numbered(params, "hidden")]
    last = params["output.weight"]
    return MLP([*(w.shape[0] for w in (*hidden, last)), last.shape[1]], **config)


def _layers(names: Iterable[str], **_: Any) -> dict[str, Layer]:
    linear, norm = Layer(layers.WITHOUT_BIAS), Layer(normalization.LAYOUTS["batch_norm"])
    hidden = {
        f"hidden.{k}.{name}": layer for k in numbered(names, "hidden") for name, layer in (("linear", linear), ("norm", norm))
    }
    return hidden | {"output": Layer(layers.LAYOUTS["linear"])}


MODEL = NativeModel(_build, _layers, conventions={"unbiased": True})
