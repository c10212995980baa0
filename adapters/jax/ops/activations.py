"""The reference's activations in JAX."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from flax import linen
from jax import Array

from ..layout import Layout


def relu(x: Array) -> Array:
    return jax.nn.relu(x)


def sigmoid(x: Array) -> Array:
    return jax.nn.sigmoid(x)


def tanh(x: Array) -> Array:
    return jnp.tanh(x)


def softmax(x: Array, *, axis: int = -1) -> Array:
    return jax.nn.softmax(x, axis=axis)


def relu6(x: Array) -> Array:
    return jax.nn.relu6(x)


def leaky_relu(x: Array, *, negative_slope: float = 0.01) -> Array:
    return jax.nn.leaky_relu(x, negative_slope)


def prelu(x: Array, weight: Array) -> Array:
    # Composed: jax.nn has none, and flax's has one slope for everything.
    return jnp.where(x > 0, x, weight.reshape(1, -1, *[1] * (x.ndim - 2)) * x)


def threshold(x: Array, *, threshold: float, value: float) -> Array:
    return jnp.where(x > threshold, x, value)  # composed: jax.nn has none


def elu(x: Array, *, alpha: float = 1.0) -> Array:
    return jax.nn.elu(x, alpha)


def selu(x: Array) -> Array:
    return jax.nn.selu(x)


def celu(x: Array, *, alpha: float = 1.0) -> Array:
    return jax.nn.celu(x, alpha)


def gelu(x: Array) -> Array:
    return jax.nn.gelu(x, approximate=False)


def gelu_tanh(x: Array) -> Array:
    return jax.nn.gelu(x, approximate=True)


def silu(x: Array) -> Array:
    return jax.nn.silu(x)


def mish(x: Array) -> Array:
    return jax.nn.mish(x)


def softplus(x: Array, *, beta: float = 1.0) -> Array:
    return jax.nn.softplus(beta * x) / beta  # jax.nn.softplus has no beta


def softsign(x: Array) -> Array:
    return jax.nn.soft_sign(x)


def log_sigmoid(x: Array) -> Array:
    return jax.nn.log_sigmoid(x)


def hard_sigmoid(x: Array) -> Array:
    return jax.nn.hard_sigmoid(x)


def hard_tanh(x: Array, *, min_value: float = -1.0, max_value: float = 1.0) -> Array:
    if (min_value, max_value) == (-1.0, 1.0):
        return jax.nn.hard_tanh(x)
    return jnp.clip(x, min_value, max_value)  # jax.nn.hard_tanh has no other range


def hard_swish(x: Array) -> Array:
    return jax.nn.hard_swish(x)


def glu(x: Array, *, axis: int = -1) -> Array:
    return jax.nn.glu(x, axis=axis)


def log_softmax(x: Array, *, axis: int = -1) -> Array:
    return jax.nn.log_softmax(x, axis=axis)


def _prelu(params: dict[str, Array], _x: Array) -> linen.Module:
    """linen.PReLU has one slope; flax's vmap makes of it a layer with a slope for each channel."""
    if params["weight"].shape == (1,):
        return linen.PReLU()
    return linen.vmap(linen.PReLU, variable_axes={"params": 0}, split_rngs={"params": True}, in_axes=1, out_axes=1)()


LAYOUTS = {
    "prelu": Layout(
        ("weight",),
        lambda params, **_: {"negative_slope": params["weight"].reshape(() if params["weight"].shape == (1,) else -1)},
        lambda stored, **_: {"weight": stored["negative_slope"].reshape(-1)},
        layer=_prelu,
    )
}
