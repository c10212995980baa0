"""The reference's attention in TensorFlow: Keras's function and layer."""

from __future__ import annotations

from functools import cache, partial
from typing import Any

import keras
import tensorflow as tf
from tensorflow import Tensor

from ..layout import Layout

_PARTS = ("query", "key", "value", "output")
_PARAMETERS = tuple(f"{part}_{kind}" for part in _PARTS for kind in ("weight", "bias"))


def scaled_dot_product_attention(
    query: Tensor, key: Tensor, value: Tensor, *, mask: Tensor | None = None, causal: bool = False, scale: float | None = None
) -> Tensor:
    if query.shape.rank == 3:  # Keras takes four axes
        query, key, value, mask = (None if x is None else x[tf.newaxis] for x in (query, key, value, mask))
        return scaled_dot_product_attention(query, key, value, mask=mask, causal=causal, scale=scale)[0]
    query, key, value = (tf.transpose(x, (0, 2, 1, 3)) for x in (query, key, value))  # Keras: (N, L, H, E)
    y = keras.ops.dot_product_attention(query, key, value, mask=mask, is_causal=causal, scale=scale)
    return tf.transpose(y, (0, 2, 1, 3))


def multi_head_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    query_weight: Tensor,
    query_bias: Tensor,
    key_weight: Tensor,
    key_bias: Tensor,
    value_weight: Tensor,
    value_bias: Tensor,
    output_weight: Tensor,
    output_bias: Tensor,
    /,
    *,
    heads: int,
    mask: Tensor | None = None,
    causal: bool = False,
) -> Tensor:
    pairs = (query_weight, query_bias, key_weight, key_bias, value_weight, value_bias, output_weight, output_bias)
    stored = _by_head(dict(zip(_PARAMETERS, pairs, strict=True)), heads=heads)
    layer = _layer(query.shape[-1], heads, query.dtype.name)
    y, _ = _attend(partial(layer.stateless_call, list(stored.values()), []), query, key, value, mask=mask, causal=causal)
    return y


def _attend(
    native: Any, query: Tensor, key: Tensor, value: Tensor, *, mask: Tensor | None = None, causal: bool = False, **_: int
) -> Any:
    if mask is not None and mask.shape.rank == 2:
        mask = mask[tf.newaxis]  # Keras: (N, L, S)
    return native(query, value, key=key, attention_mask=mask, use_causal_mask=causal)


@cache
def _layer(width: int, heads: int, dtype: str) -> keras.layers.MultiHeadAttention:
    with tf.init_scope():  # also when the first call is inside of a tf.function
        layer = keras.layers.MultiHeadAttention(heads, width // heads, dtype=dtype)
        layer.build((None, None, width), (None, None, width))
    return layer


def _by_head(params: dict[str, Tensor], *, heads: int, **_: object) -> dict[str, Tensor]:
    width = params["query_bias"].shape[0]
    size = width // heads
    stored = {}
    for part in _PARTS[:3]:
        stored[f"{part}/kernel"] = tf.reshape(params[f"{part}_weight"], (width, heads, size))
        stored[f"{part}/bias"] = tf.reshape(params[f"{part}_bias"], (heads, size))
    stored["attention_output/kernel"] = tf.reshape(params["output_weight"], (heads, size, width))
    stored["attention_output/bias"] = params["output_bias"]
    return stored


def _flat(stored: dict[str, Tensor], **_: object) -> dict[str, Tensor]:
    width = stored["attention_output/bias"].shape[0]
    shapes = [(width, width), (width,)] * 4
    rows = zip(_PARAMETERS, stored.values(), shapes, strict=True)
    return {name: tf.reshape(array, shape) for name, array, shape in rows}


LAYOUTS = {
    "multi_head_attention": Layout(
        _PARAMETERS,
        _by_head,
        _flat,
        layer=lambda params, query, *_, heads, **_static: keras.layers.MultiHeadAttention(heads, query.shape[-1] // heads),
        call=_attend,
    )
}
