"""The reference's embeddings, positions and the bilinear map in TensorFlow."""

from __future__ import annotations

from functools import cache

import keras
import tensorflow as tf
from tensorflow import Tensor

from ...layout import Inexpressible
from ..layout import Layout


def embedding(weight: Tensor, *, indices: Tensor, padding_idx: int | None = None) -> Tensor:
    y, _ = _layer(*weight.shape, weight.dtype.name).stateless_call([weight], [], indices)
    if padding_idx is None:
        return y
    return tf.where((indices == padding_idx)[..., tf.newaxis], tf.zeros_like(y), y)  # composed: the layer has none


@cache
def _layer(rows: int, width: int, dtype: str) -> keras.layers.Embedding:
    with tf.init_scope():  # also when the first call is inside of a tf.function
        layer = keras.layers.Embedding(rows, width, dtype=dtype)
        layer.build()
    return layer


def positional_embedding(x: Tensor, weight: Tensor) -> Tensor:
    return x + tf.nn.embedding_lookup(weight, tf.range(x.shape[-2]))


def rotary_embedding(x: Tensor, *, base: float = 10_000.0, offset: int = 0, interleaved: bool = True) -> Tensor:
    # Composed: neither TensorFlow nor Keras has a rotary embedding.
    length, width = x.shape[-2:]
    frequencies = tf.cast(base, x.dtype) ** (tf.range(0, width, 2, dtype=x.dtype) / -width)
    angles = tf.range(offset, offset + length, dtype=x.dtype)[:, tf.newaxis] * frequencies
    cos, sin = tf.cos(angles), tf.sin(angles)
    a, b = (x[..., ::2], x[..., 1::2]) if interleaved else tf.split(x, 2, axis=-1)
    turned = a * cos - b * sin, a * sin + b * cos
    return tf.reshape(tf.stack(turned, axis=-1), x.shape) if interleaved else tf.concat(turned, axis=-1)


def bilinear(x1: Tensor, x2: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    return tf.einsum("ni,oij,nj->no", x1, weight, x2) + bias  # composed: neither TensorFlow nor Keras has the layer


def _table(params: dict[str, Tensor], *_: Tensor, padding_idx: int | None = None, **_static: object) -> keras.Layer:
    if padding_idx is not None:
        raise Inexpressible("keras.layers.Embedding has no padding_idx")
    return keras.layers.Embedding(*params["weight"].shape)


LAYOUTS = {
    "embedding": Layout.renamed({"weight": "embeddings"}, layer=_table, call=lambda layer, *, indices: layer(indices)),
    # Keras has no layer for positions: this is an Embedding that is looked up at 0, 1, 2, ...
    "positional_embedding": Layout.renamed(
        {"weight": "embeddings"}, layer=_table, call=lambda layer, x: x + layer(tf.range(x.shape[-2]))
    ),
    "bilinear": Layout.without_layer("weight", "bias", reason="Keras has no bilinear layer"),
}
