"""The reference's activations in JAX."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import Array


def relu(x: Array) -> Array:
    return jax.nn.relu(x)


def sigmoid(x: Array) -> Array:
    return jax.nn.sigmoid(x)


def tanh(x: Array) -> Array:
    return jnp.tanh(x)


def softmax(x: Array, *, axis: int = -1) -> Array:
    return jax.nn.softmax(x, axis=axis)
