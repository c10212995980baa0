"""The reference's layers in JAX."""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array


def linear(x: Array, weight: Array, bias: Array) -> Array:
    return jnp.dot(x, weight) + bias
