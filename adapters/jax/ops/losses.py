"""The reference's losses in JAX."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import optax
from jax import Array

from ..reduction import reduce


def mse(x: Array, target: Array, *, reduction: str = "mean") -> Array:
    return reduce(optax.squared_error(x, target), reduction)


def l1(x: Array, target: Array, *, reduction: str = "mean") -> Array:
    return reduce(jnp.abs(x - target), reduction)  # optax has none


def huber(x: Array, target: Array, *, delta: float = 1.0, reduction: str = "mean") -> Array:
    return reduce(optax.huber_loss(x, target, delta=delta), reduction)


def smooth_l1(x: Array, target: Array, *, beta: float = 1.0, reduction: str = "mean") -> Array:
    if beta == 0:
        return l1(x, target, reduction=reduction)
    return huber(x, target, delta=beta, reduction=reduction) / beta  # optax has the Huber loss only


def log_cosh(x: Array, target: Array, *, reduction: str = "mean") -> Array:
    return reduce(optax.log_cosh(x, target), reduction)


def binary_cross_entropy(p: Array, *, labels: Array, eps: float = 1e-7, reduction: str = "mean") -> Array:
    # Composed: optax has binary cross entropy of logits only.
    q = jnp.clip(p, eps, 1 - eps)
    return reduce(-(labels * jnp.log(q) + (1 - labels) * jnp.log1p(-q)), reduction)


def binary_cross_entropy_with_logits(
    x: Array, *, labels: Array, pos_weight: Array | None = None, reduction: str = "mean"
) -> Array:
    if pos_weight is None:
        return reduce(optax.sigmoid_binary_cross_entropy(x, labels), reduction)
    # Composed: optax's loss has no weight for the positive class.
    losses = -pos_weight * labels * jax.nn.log_sigmoid(x) - (1 - labels) * jax.nn.log_sigmoid(-x)
    return reduce(losses, reduction)


def cross_entropy(
    x: Array,
    *,
    labels: Array,
    weight: Array | None = None,
    label_smoothing: float = 0.0,
    ignore_index: int = -100,
    reduction: str = "mean",
) -> Array:
    # optax ignores no index and has no class weights: both are composed around its loss.
    kept = labels != ignore_index
    target = jnp.where(kept, labels, 0)
    counted = kept.astype(x.dtype) if weight is None else kept * weight[target]
    if not label_smoothing:
        losses = counted * optax.softmax_cross_entropy_with_integer_labels(x, target)
    else:
        q = optax.smooth_labels(jax.nn.one_hot(target, x.shape[-1], dtype=x.dtype), label_smoothing)
        losses = kept * optax.softmax_cross_entropy(x, q if weight is None else weight * q)
    if reduction == "mean":
        return losses.sum() / counted.sum()
    return reduce(losses, reduction)


def soft_cross_entropy(x: Array, target: Array, *, reduction: str = "mean") -> Array:
    # Its derivative is written by hand; that of optax.softmax_cross_entropy, under cross_entropy with smoothing, is not.
    return reduce(optax.safe_softmax_cross_entropy(x, target), reduction)
