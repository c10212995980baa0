"""The reference's embeddings, positions and the bilinear map in JAX."""

from __future__ import annotations

import flax.linen
import jax.numpy as jnp
from jax import Array

from ...layout import Inexpressible
from ..layout import Layout


def embedding(weight: Array, *, indices: Array, padding_idx: int | None = None) -> Array:
    y = _look_up(weight, indices)
    if padding_idx is None:
        return y
    return jnp.where((indices == padding_idx)[..., None], 0, y)  # composed: the layer has none


def positional_embedding(x: Array, weight: Array) -> Array:
    return x + _look_up(weight, jnp.arange(x.shape[-2]))


def _look_up(weight: Array, indices: Array) -> Array:
    layer = flax.linen.Embed(*weight.shape, param_dtype=weight.dtype)
    return layer.apply({"params": {"embedding": weight}}, indices)


def rotary_embedding(x: Array, *, base: float = 10_000.0, offset: int = 0, interleaved: bool = True) -> Array:
    # Composed: neither JAX nor flax has a rotary embedding.
    length, width = x.shape[-2:]
    frequencies = base ** (jnp.arange(0, width, 2, dtype=x.dtype) / -width)
    angles = jnp.arange(offset, offset + length, dtype=x.dtype)[:, None] * frequencies
    a, b = (x[..., ::2], x[..., 1::2]) if interleaved else jnp.split(x, 2, axis=-1)
    turned = a * jnp.cos(angles) - b * jnp.sin(angles), a * jnp.sin(angles) + b * jnp.cos(angles)
    return jnp.stack(turned, axis=-1).reshape(x.shape) if interleaved else jnp.concatenate(turned, axis=-1)


def bilinear(x1: Array, x2: Array, weight: Array, bias: Array) -> Array:
    return jnp.einsum("ni,oij,nj->no", x1, weight, x2) + bias  # composed: neither JAX nor flax has the layer


def _table(params: dict[str, Array], *_: Array, padding_idx: int | None = None, **_static: object) -> flax.linen.Embed:
    if padding_idx is not None:
        raise Inexpressible("linen.Embed has no padding_idx")
    return flax.linen.Embed(*params["weight"].shape)


LAYOUTS = {
    "embedding": Layout.renamed({"weight": "embedding"}, layer=_table, call=lambda layer, *, indices: layer(indices)),
    # flax has no layer for positions: this is an Embed that is looked up at 0, 1, 2, ...
    "positional_embedding": Layout.renamed(
        {"weight": "embedding"}, layer=_table, call=lambda layer, x: x + layer(jnp.arange(x.shape[-2]))
    ),
    "bilinear": Layout.without_layer("weight", "bias", reason="flax has no bilinear layer"),
}
