"""Connectionist temporal classification in JAX."""

from __future__ import annotations

import jax.numpy as jnp
import optax
from jax import Array

from ..reduction import reduce


def ctc(
    x: Array,
    *,
    labels: Array,
    input_lengths: Array,
    label_lengths: Array,
    blank: int = 0,
    zero_infinity: bool = False,
    reduction: str = "mean",
) -> Array:
    # optax wants lengths as masks, and with 64-bit floats enabled promotes float32 logits to float64 within.
    frames, spoken = jnp.arange(x.shape[1]), jnp.arange(labels.shape[1])
    padded_frames = (frames >= input_lengths[:, None]).astype(x.dtype)
    padded_labels = (spoken >= label_lengths[:, None]).astype(x.dtype)
    losses = optax.ctc_loss(x, padded_frames, labels, padded_labels, blank_id=blank).astype(x.dtype)
    if zero_infinity:  # composed: optax has no such option, and its infinity is 1e5
        losses = jnp.where(losses < 1e4, losses, 0)
    return reduce(losses / jnp.maximum(label_lengths, 1) if reduction == "mean" else losses, reduction)
