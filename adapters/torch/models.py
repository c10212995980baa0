"""The reference's models as a PyTorch user writes them, and the way of their parameters there and back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gradwitness import frameworks

ACTIVATIONS = {
    "relu": F.relu,
    "sigmoid": torch.sigmoid,
    "softmax": lambda x: F.softmax(x, dim=-1),
    "tanh": torch.tanh,
}


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


class MLP(nn.Module):
    """Linear layers with an activation between them, cross entropy on the logits."""

    def __init__(self, widths: Sequence[int], *, activation: str = "relu") -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(inputs, outputs) for inputs, outputs in pairwise(widths))
        self.activation = ACTIVATIONS[activation]

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers[:-1]:
            x = self.activation(layer(x))
        return self.layers[-1](x)

    def loss(self, x: Tensor, labels: Tensor) -> Tensor:
        return F.cross_entropy(self(x), labels)


@dataclass
class Spelling:
    """One model: how to build it for the reference's parameters, and what stands before their names in the module's own."""

    build: Callable[..., nn.Module]
    prefix: str = ""

    def from_reference(self, params: Mapping[str, Any], *, device: str = "cpu", **config: Any) -> nn.Module:
        """The module with the reference's parameters, in their dtype."""
        put = frameworks.load("torch").from_numpy
        tensors = {self.prefix + name: self.layout(name, put(value, device)) for name, value in params.items()}
        model = self.build(params, **config).to(device=device, dtype=next(iter(tensors.values())).dtype)
        model.load_state_dict(tensors)
        model.spelling = self
        return model

    def to_reference(self, model: nn.Module) -> dict[str, Any]:
        """The module's parameters under the reference's names and in its layouts."""
        return self.rename(dict(model.named_parameters()))

    def rename(self, tensors: Mapping[str, Tensor]) -> dict[str, Any]:
        """Tensors by the module's names as arrays by the reference's."""
        take = frameworks.load("torch").to_numpy
        names = {name: name.removeprefix(self.prefix) for name in tensors}
        return {names[name]: take(self.layout(names[name], tensor)) for name, tensor in tensors.items()}

    def layout(self, name: str, tensor: Tensor) -> Tensor:
        """nn.Linear keeps its weight as (out, in), the reference as (in, out): the same transposition both ways."""
        return tensor.T if name.endswith("weight") else tensor


def _two_layer(params: Mapping[str, Any], **config: Any) -> TwoLayer:
    inputs, hidden = params["hidden.weight"].shape
    return TwoLayer(inputs, hidden, params["output.weight"].shape[1], **config)


def _mlp(params: Mapping[str, Any], **config: Any) -> MLP:
    weights = [params[f"{k}.weight"] for k in range(len(params) // 2)]
    return MLP([weights[0].shape[0], *(w.shape[1] for w in weights)], **config)


MODELS = {"two_layer": Spelling(_two_layer), "mlp": Spelling(_mlp, prefix="layers.")}
