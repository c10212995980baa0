"""The reference's likelihoods and divergences of given distributions in JAX."""

from __future__ import annotations

import math

import jax.numpy as jnp
import optax
from jax import Array
from jax.scipy.stats import norm

from ..reduction import reduce


def nll(log_p: Array, *, labels: Array, weight: Array | None = None, ignore_index: int = -100, reduction: str = "mean") -> Array:
    # Composed: optax has it only together with the softmax.
    kept = labels != ignore_index
    target = jnp.where(kept, labels, 0)
    counted = kept.astype(log_p.dtype) if weight is None else kept * weight[target]
    picked = jnp.take_along_axis(log_p, target[:, None], axis=1)[:, 0]
    losses = -counted * jnp.where(kept, picked, 0)
    if reduction == "mean":
        return losses.sum() / counted.sum()
    return reduce(losses, reduction)


def kl_div(log_p: Array, target: Array, *, log_target: bool = False, reduction: str = "mean") -> Array:
    divergence = optax.losses.kl_divergence_with_log_targets if log_target else optax.losses.kl_divergence
    losses = divergence(log_p[..., None], target[..., None])  # optax sums over the last axis
    if reduction == "batchmean":
        return losses.sum() / len(losses)
    return reduce(losses, reduction)


def poisson_nll(
    x: Array, target: Array, *, log_input: bool = True, full: bool = False, eps: float = 1e-8, reduction: str = "mean"
) -> Array:
    # Composed: optax has none, and jax.scipy.stats.poisson takes the exact factorial.
    losses = jnp.exp(x) - target * x if log_input else x - target * jnp.log(x + eps)
    if full:
        t = jnp.where(target > 1, target, 1)  # first, so that nothing that is not selected is infinite
        losses += jnp.where(target > 1, t * jnp.log(t) - t + jnp.log(2 * math.pi * t) / 2, 0)
    return reduce(losses, reduction)


def gaussian_nll(x: Array, target: Array, var: Array, *, full: bool = False, eps: float = 1e-6, reduction: str = "mean") -> Array:
    # Around jax's Gaussian density: optax has no such loss.
    losses = -norm.logpdf(target, loc=x, scale=jnp.sqrt(jnp.maximum(var, eps)))
    return reduce(losses if full else losses - math.log(2 * math.pi) / 2, reduction)
