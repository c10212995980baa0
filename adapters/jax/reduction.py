"""The reductions of losses that the framework leaves elementwise."""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array


def reduce(losses: Array, reduction: str) -> Array:
    return {"none": jnp.asarray, "mean": jnp.mean, "sum": jnp.sum}[reduction](losses)
