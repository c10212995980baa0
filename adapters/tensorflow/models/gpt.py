"""The GPT."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import keras
import tensorflow as tf
from keras import layers
from tensorflow import Tensor

from ...parameters import Layer, numbered
from ..layout import Layout
from ..native import NativeModel
from ..ops.embedding import LAYOUTS as EMBEDDING
from ..ops.layers import LAYOUTS
from ..ops.normalization import LAYOUTS as NORMALIZATION


def _gelu(x: Tensor) -> Tensor:
    # Keras's own is tf.nn.gelu, which takes sqrt(1/2) from float32 in float64 too (known_differences.toml, op gelu).
    return x * tf.math.erfc(-x * math.sqrt(0.5)) / 2


class Block(layers.Layer):
    """Causal attention and a multi-layer perceptron, each behind a norm and added to what it was given."""

    def __init__(self, width: int, heads: int, *, name: str, dtype: str) -> None:
        super().__init__(name=name, dtype=dtype)
        self.norm1, self.norm2 = (layers.LayerNormalization(epsilon=1e-5, dtype=dtype, name=f"norm{i}") for i in (1, 2))
        self.attention = layers.MultiHeadAttention(heads, width // heads, use_bias=False, dtype=dtype, name="attention")
        self.expand = layers.Dense(4 * width, activation=_gelu, dtype=dtype, name="expand")
        self.contract = layers.Dense(width, dtype=dtype, name="contract")

    def call(self, h: Tensor) -> Tensor:
        n = self.norm1(h)
        a = h + self.attention(n, n, use_causal_mask=True)
        return a + self.contract(self.expand(self.norm2(a)))


class GPT(keras.Model):
    """Blocks between a table of tokens and the same table again, under cross entropy."""

    def __init__(self, vocabulary: int, context: int, width: int, depth: int, *, dtype: str, heads: int = 4) -> None:
        super().__init__(name="gpt", dtype=dtype)
        self.token = layers.Embedding(vocabulary, width, dtype=dtype, name="token")
        self.position = layers.Embedding(context, width, dtype=dtype, name="position")
        self.blocks = [Block(width, heads, name=f"block.{k}", dtype=dtype) for k in range(depth)]
        self.norm = layers.LayerNormalization(epsilon=1e-5, dtype=dtype, name="norm")
        self.criterion = keras.losses.SparseCategoricalCrossentropy(from_logits=True, dtype=dtype)

    def call(self, tokens: Tensor) -> Tensor:
        h = self.token(tokens) + self.position(tf.range(tokens.shape[1]))
        for block in self.blocks:
            h = block(h)
        return tf.linalg.matmul(self.norm(h), self.token.embeddings.value, transpose_b=True)


def _build(params: Mapping[str, Any], dtype: str, **config: Any) -> GPT:
    (vocabulary, width), (context, _) = params["token.weight"].shape, params["position.weight"].shape
    model = GPT(vocabulary, context, width, len(numbered(params, "block")), dtype=dtype, **config)
    model(tf.zeros((1, 1), tf.int64))  # makes the variables
    return model


def _by_head(part: str) -> Layout:
    """A projection's kernel, which Keras keeps as (D, H, D/H) or, for the output, (H, D/H, D)."""

    def stored(params: dict[str, Tensor], *, heads: int) -> dict[str, Tensor]:
        width = params["weight"].shape[0]
        inner = (heads, width // heads)
        return {"kernel": tf.reshape(params["weight"], (*inner, width) if part == "output" else (width, *inner))}

    def restored(kept: dict[str, Tensor], **_: Any) -> dict[str, Tensor]:
        width = kept["kernel"].shape[-1 if part == "output" else 0]
        return {"weight": tf.reshape(kept["kernel"], (width, width))}

    return Layout(("weight",), stored, restored)


def _layers(names: Iterable[str], heads: int = 4) -> dict[str, Layer]:
    norm, linear, table = NORMALIZATION["layer_norm"], LAYOUTS["linear"], Layer(EMBEDDING["embedding"])
    places = {"token": table, "position": table}
    for k in numbered(names, "block"):
        block = f"block.{k}"
        for name, layout in (("norm1", norm), ("norm2", norm), ("expand", linear), ("contract", linear)):
            places[f"{block}.{name}"] = Layer(layout, f"{block}/{name}")
        for part in ("query", "key", "value", "output"):
            own = f"{block}/attention/{'attention_output' if part == 'output' else part}"
            places[f"{block}.attention.{part}"] = Layer(_by_head(part), own, {"heads": heads})
    return places | {"norm": Layer(norm)}


def _loss(model: GPT, tokens: Tensor, labels: Tensor) -> Tensor:
    return model.criterion(labels, model(tokens, training=True))


MODEL = NativeModel(_build, _layers, _loss)
