"""The variational auto-encoder."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...parameters import Layer
from ..native import NativeModel
from ..ops.layers import LAYOUTS


class Encoder(nn.Module):
    """x -> mean and log-variance of its codes."""

    def __init__(self, inputs: int, hidden: int, codes: int) -> None:
        super().__init__()
        self.hidden = nn.Linear(inputs, hidden)
        self.mean = nn.Linear(hidden, codes)
        self.logvar = nn.Linear(hidden, codes)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        a = torch.tanh(self.hidden(x))
        return self.mean(a), self.logvar(a)


class Decoder(nn.Module):
    """z -> logits of the pixels."""

    def __init__(self, codes: int, hidden: int, outputs: int) -> None:
        super().__init__()
        self.hidden = nn.Linear(codes, hidden)
        self.output = nn.Linear(hidden, outputs)

    def forward(self, z: Tensor) -> Tensor:
        return self.output(torch.tanh(self.hidden(z)))


class VAE(nn.Module):
    """Encoder and decoder, under the reconstruction of the images and the divergence of the codes from N(0, 1)."""

    def __init__(self, inputs: int, hidden: int, codes: int, *, beta: float = 1.0) -> None:
        super().__init__()
        self.encoder = Encoder(inputs, hidden, codes)
        self.decoder = Decoder(codes, hidden, inputs)
        self.beta = beta

    def forward(self, x: Tensor) -> Tensor:
        mean, _ = self.encoder(x)
        return self.decoder(mean)

    def loss(self, x: Tensor, noise: Tensor) -> Tensor:
        mean, logvar = self.encoder(x)
        logits = self.decoder(mean + torch.exp(logvar / 2) * noise)
        reconstruction = F.binary_cross_entropy_with_logits(logits, x, reduction="sum")
        divergence = -0.5 * torch.sum(1 + logvar - mean.pow(2) - logvar.exp())
        return (reconstruction + self.beta * divergence) / len(x)


def _build(params: Mapping[str, Any], **config: Any) -> VAE:
    hidden, codes = params["encoder.mean.weight"].shape
    return VAE(params["encoder.hidden.weight"].shape[0], hidden, codes, **config)


def _layers(_names: Iterable[str], **_: Any) -> dict[str, Layer]:
    names = ("encoder.hidden", "encoder.mean", "encoder.logvar", "decoder.hidden", "decoder.output")
    return dict.fromkeys(names, Layer(LAYOUTS["linear"]))


MODEL = NativeModel(_build, _layers)
