"""The reference's dropout and residual connections in JAX."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
from jax import Array

from ... import load


def dropout(x: Array, *, mask: Array, rate: float) -> Array:
    # Composed: flax.linen.Dropout draws its own mask. tests/test_dropout.py verifies that one, under the mask it drew.
    return jnp.where(mask, x / (1 - rate), 0)


def residual(x: Array, *params: Array, f: Any, **static: Any) -> Array:
    return x + load("jax").ops[f.name](x, *params, **static)
