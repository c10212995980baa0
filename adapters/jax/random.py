"""Dropout of flax, which draws its mask; JAX itself has none."""

from __future__ import annotations

import jax
from flax import linen
from jax import Array


def dropout(x: Array, *, rate: float, seed: int) -> Array:
    """The same mask for the same seed, shape and dtype."""
    return linen.Dropout(rate, deterministic=False).apply({}, x, rngs={"dropout": jax.random.key(seed)})
