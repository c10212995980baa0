"""The GPT, in the manner of nanoGPT."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...parameters import Layer, numbered
from ..native import NativeModel
from ..ops import embedding, layers, normalization


class Attention(nn.Module):
    """Causal self-attention in several heads, without biases."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query, self.key, self.value, self.output = (nn.Linear(width, width, bias=False) for _ in range(4))

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = (layer(x).unflatten(-1, (self.heads, -1)).transpose(1, 2) for layer in (self.query, self.key, self.value))
        return self.output(F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).flatten(2))


class Block(nn.Module):
    """Attention and a multi-layer perceptron, each behind a norm and added to what it was given."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = Attention(width, heads)
        self.expand, self.contract = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, h: Tensor) -> Tensor:
        a = h + self.attention(self.norm1(h))
        return a + self.contract(F.gelu(self.expand(self.norm2(a))))


class GPT(nn.Module):
    """Blocks between a table of tokens and the same table again, under cross entropy."""

    def __init__(self, vocabulary: int, context: int, width: int, depth: int, *, heads: int = 4) -> None:
        super().__init__()
        self.token, self.position = nn.Embedding(vocabulary, width), nn.Embedding(context, width)
        self.block = nn.ModuleList(Block(width, heads) for _ in range(depth))
        self.norm = nn.LayerNorm(width)

    def forward(self, tokens: Tensor) -> Tensor:
        h = self.token(tokens) + self.position(torch.arange(tokens.shape[1], device=tokens.device))
        for block in self.block:
            h = block(h)
        return F.linear(self.norm(h), self.token.weight)

    def loss(self, tokens: Tensor, labels: Tensor) -> Tensor:
        return F.cross_entropy(self(tokens).flatten(0, 1), labels.flatten())


def _build(params: Mapping[str, Any], **config: Any) -> GPT:
    context, width = params["position.weight"].shape
    return GPT(len(params["token.weight"]), context, width, len(numbered(params, "block")), **config)


def _layers(names: Iterable[str], **_: Any) -> dict[str, Layer]:
    table, norm = Layer(embedding.LAYOUTS["embedding"]), Layer(normalization.LAYOUTS["layer_norm"])
    linear, projection = Layer(layers.LAYOUTS["linear"]), Layer(layers.WITHOUT_BIAS)
    block = {"norm1": norm, "norm2": norm, "expand": linear, "contract": linear}
    block |= {f"attention.{part}": projection for part in ("query", "key", "value", "output")}
    blocks = {f"block.{k}.{name}": layer for k in numbered(names, "block") for name, layer in block.items()}
    return {"token": table, "position": table, **blocks, "norm": norm}


MODEL = NativeModel(_build, _layers)
