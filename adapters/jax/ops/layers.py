"""The reference's layers in JAX."""

from __future__ import annotations

import jax.numpy as jnp
from flax import linen
from jax import Array

from ..layout import Layout


def linear(x: Array, weight: Array, bias: Array) -> Array:
    return jnp.dot(x, weight) + bias


LAYOUTS = {
    "linear": Layout.renamed({"weight": "kernel", "bias": "bias"}, layer=lambda params, x: linen.Dense(len(params["bias"])))
}
WITHOUT_BIAS = Layout.renamed({"weight": "kernel"})
