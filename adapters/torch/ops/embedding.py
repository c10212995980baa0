"""The reference's embeddings, positions and the bilinear map in PyTorch."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..layout import Layout


def embedding(weight: Tensor, *, indices: Tensor, padding_idx: int | None = None) -> Tensor:
    return F.embedding(indices, weight, padding_idx)


def positional_embedding(x: Tensor, weight: Tensor) -> Tensor:
    return x + F.embedding(torch.arange(x.shape[-2], device=x.device), weight)


def rotary_embedding(x: Tensor, *, base: float = 10_000.0, offset: int = 0, interleaved: bool = True) -> Tensor:
    # Composed: PyTorch has no rotary embedding.
    length, width = x.shape[-2:]
    frequencies = base ** (torch.arange(0, width, 2, dtype=x.dtype, device=x.device) / -width)
    angles = torch.outer(torch.arange(offset, offset + length, dtype=x.dtype, device=x.device), frequencies)
    a, b = (x[..., ::2], x[..., 1::2]) if interleaved else x.chunk(2, dim=-1)
    turned = a * angles.cos() - b * angles.sin(), a * angles.sin() + b * angles.cos()
    return torch.stack(turned, dim=-1).flatten(-2) if interleaved else torch.cat(turned, dim=-1)


def bilinear(x1: Tensor, x2: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    return F.bilinear(x1, x2, weight, bias)


def _table(params: dict[str, Tensor], *_: Tensor, padding_idx: int | None = None, **_static: object) -> nn.Embedding:
    return nn.Embedding(*params["weight"].shape, padding_idx)


def _bilinear(params: dict[str, Tensor], *_: Tensor) -> nn.Bilinear:
    outputs, *inputs = params["weight"].shape
    return nn.Bilinear(*inputs, outputs)


LAYOUTS = {
    "embedding": Layout.renamed(
        {"weight": "weight"}, layer=_table, call=lambda layer, *, indices, padding_idx=None: layer(indices)
    ),
    # The learned table, as GPT has it: nn.Embedding looked up at 0, 1, 2, ...
    "positional_embedding": Layout.renamed(
        {"weight": "weight"}, layer=_table, call=lambda layer, x: x + layer(torch.arange(x.shape[-2], device=x.device))
    ),
    "bilinear": Layout.renamed({"weight": "weight", "bias": "bias"}, layer=_bilinear),
}
