"""The reference's attention in JAX: its own function, and flax's layer."""

from __future__ import annotations

from functools import partial
from typing import Any

import flax.linen
import jax
import jax.numpy as jnp
from jax import Array

from ..layout import Layout

_PARTS = ("query", "key", "value", "output")
_PARAMETERS = tuple(f"{part}_{kind}" for part in _PARTS for kind in ("weight", "bias"))


def scaled_dot_product_attention(
    query: Array, key: Array, value: Array, *, mask: Array | None = None, causal: bool = False, scale: float | None = None
) -> Array:
    query, key, value = (x.swapaxes(-3, -2) for x in (query, key, value))  # JAX: (N, L, H, E) or (L, H, E)
    return jax.nn.dot_product_attention(query, key, value, mask=mask, is_causal=causal, scale=scale).swapaxes(-3, -2)


def multi_head_attention(
    query: Array,
    key: Array,
    value: Array,
    query_weight: Array,
    query_bias: Array,
    key_weight: Array,
    key_bias: Array,
    value_weight: Array,
    value_bias: Array,
    output_weight: Array,
    output_bias: Array,
    /,
    *,
    heads: int,
    mask: Array | None = None,
    causal: bool = False,
) -> Array:
    pairs = (query_weight, query_bias, key_weight, key_bias, value_weight, value_bias, output_weight, output_bias)
    stored = _by_head(dict(zip(_PARAMETERS, pairs, strict=True)), heads=heads)
    layer = flax.linen.MultiHeadDotProductAttention(heads, param_dtype=query.dtype)
    return _attend(partial(layer.apply, {"params": stored}), query, key, value, mask=mask, causal=causal)


def _attend(
    native: Any, query: Array, key: Array, value: Array, *, mask: Array | None = None, causal: bool = False, **_: int
) -> Array:
    if mask is not None:
        mask = mask.reshape(-1, 1, *mask.shape[-2:])  # flax: (N or 1, H or 1, L, S)
    if causal:
        order = jnp.tri(query.shape[1], key.shape[1], dtype=bool)
        mask = order[None, None] if mask is None else mask & order
    return native(query, key, value, mask=mask)


def _by_head(params: dict[str, Array], *, heads: int, **_: object) -> dict[str, dict[str, Array]]:
    width = params["query_bias"].shape[0]
    stored = {
        part: {
            "kernel": params[f"{part}_weight"].reshape(width, heads, width // heads),
            "bias": params[f"{part}_bias"].reshape(heads, width // heads),
        }
        for part in _PARTS[:3]
    }
    output = {"kernel": params["output_weight"].reshape(heads, width // heads, width), "bias": params["output_bias"]}
    return stored | {"out": output}


def _flat(stored: dict[str, dict[str, Array]], **_: object) -> dict[str, Array]:
    width = stored["out"]["bias"].shape[0]
    params = {}
    for part, name in zip(_PARTS, ("query", "key", "value", "out"), strict=True):
        params[f"{part}_weight"] = stored[name]["kernel"].reshape(width, width)
        params[f"{part}_bias"] = stored[name]["bias"].reshape(width)
    return params


LAYOUTS = {
    "multi_head_attention": Layout(
        _PARAMETERS,
        _by_head,
        _flat,
        layer=lambda params, *_, heads, **_static: flax.linen.MultiHeadDotProductAttention(heads),
        call=_attend,
    )
}
