"""The GPT."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import optax
from flax import linen
from jax import Array

from ...parameters import Layer, numbered
from ..layout import Layout
from ..native import NativeModel
from ..ops.embedding import LAYOUTS as EMBEDDING
from ..ops.layers import LAYOUTS
from ..ops.normalization import LAYOUTS as NORMALIZATION


class Block(linen.Module):
    """Causal attention and a multi-layer perceptron, each behind a norm and added to what it was given."""

    width: int
    heads: int

    def setup(self) -> None:
        self.norm1, self.norm2 = (linen.LayerNorm(epsilon=1e-5, use_fast_variance=False) for _ in range(2))
        self.attention = linen.MultiHeadDotProductAttention(self.heads, use_bias=False)
        self.expand, self.contract = linen.Dense(4 * self.width), linen.Dense(self.width)

    def __call__(self, h: Array, mask: Array) -> Array:
        a = h + self.attention(self.norm1(h), mask=mask)
        return a + self.contract(jax.nn.gelu(self.expand(self.norm2(a)), approximate=False))


class GPT(linen.Module):
    """Blocks between a table of tokens and the same table again, under cross entropy."""

    vocabulary: int
    context: int
    width: int
    depth: int
    heads: int = 4

    def setup(self) -> None:
        self.token, self.position = linen.Embed(self.vocabulary, self.width), linen.Embed(self.context, self.width)
        self.block = [Block(self.width, self.heads) for _ in range(self.depth)]
        self.norm = linen.LayerNorm(epsilon=1e-5, use_fast_variance=False)

    def __call__(self, tokens: Array) -> Array:
        h = self.token(tokens) + self.position(jnp.arange(tokens.shape[1]))
        mask = linen.make_causal_mask(tokens)
        for block in self.block:
            h = block(h, mask)
        return self.token.attend(self.norm(h))

    def loss(self, tokens: Array, labels: Array) -> Array:
        return jnp.mean(optax.softmax_cross_entropy_with_integer_labels(self(tokens), labels))


def _build(params: Mapping[str, Any], **config: Any) -> GPT:
    (vocabulary, width), (context, _) = params["token.weight"].shape, params["position.weight"].shape
    return GPT(vocabulary, context, width, len(numbered(params, "block")), **config)


def _by_head(part: str) -> Layout:
    """A projection's kernel, which flax keeps as (D, H, D/H) or, for the output, (H, D/H, D)."""

    def stored(params: dict[str, Array], *, heads: int) -> dict[str, Array]:
        width = params["weight"].shape[0]
        inner = (heads, width // heads)
        return {"kernel": params["weight"].reshape((*inner, width) if part == "output" else (width, *inner))}

    def restored(kept: dict[str, Array], **_: Any) -> dict[str, Array]:
        width = kept["kernel"].shape[-1 if part == "output" else 0]
        return {"weight": kept["kernel"].reshape(width, width)}

    return Layout(("weight",), stored, restored)


def _layers(names: Iterable[str], heads: int = 4) -> dict[str, Layer]:
    norm, linear, table = NORMALIZATION["layer_norm"], LAYOUTS["linear"], Layer(EMBEDDING["embedding"])
    places = {"token": table, "position": table}
    for k in numbered(names, "block"):
        block, own = f"block.{k}", f"block_{k}"  # flax calls the k-th module of a list name_k
        for name, layout in (("norm1", norm), ("norm2", norm), ("expand", linear), ("contract", linear)):
            places[f"{block}.{name}"] = Layer(layout, f"{own}.{name}")
        for part in ("query", "key", "value", "output"):
            path = f"{own}.attention.{'out' if part == 'output' else part}"
            places[f"{block}.attention.{part}"] = Layer(_by_head(part), path, {"heads": heads})
    return places | {"norm": Layer(norm)}


MODEL = NativeModel(_build, _layers)
