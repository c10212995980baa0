"""The reference's losses of margins, similarities and overlaps in JAX."""

from __future__ import annotations

import jax.numpy as jnp
import optax
from jax import Array

from ..reduction import reduce


def hinge(x: Array, *, labels: Array, reduction: str = "mean") -> Array:
    return reduce(optax.hinge_loss(x, labels), reduction)


def squared_hinge(x: Array, *, labels: Array, reduction: str = "mean") -> Array:
    return reduce(optax.hinge_loss(x, labels) ** 2, reduction)


def multi_margin(
    x: Array, *, labels: Array, p: int = 1, margin: float = 1.0, weight: Array | None = None, reduction: str = "mean"
) -> Array:
    # Composed: optax's multi-class hinge counts the worst class alone.
    rows = jnp.arange(len(x))
    losses = jnp.maximum(margin + x - x[rows, labels][:, None], 0) ** p
    losses = losses.at[rows, labels].set(0).mean(axis=1)
    return reduce(losses if weight is None else losses * weight[labels], reduction)


def hinge_embedding(x: Array, *, labels: Array, margin: float = 1.0, reduction: str = "mean") -> Array:
    return reduce(jnp.where(labels > 0, x, jnp.maximum(margin - x, 0)), reduction)  # composed: optax has none


def margin_ranking(x1: Array, x2: Array, *, labels: Array, margin: float = 0.0, reduction: str = "mean") -> Array:
    return reduce(jnp.maximum(margin - labels * (x1 - x2), 0), reduction)  # composed: optax's hinge has a margin of 1


def triplet_margin(
    anchor: Array,
    positive: Array,
    negative: Array,
    *,
    margin: float = 1.0,
    p: float = 2.0,
    eps: float = 1e-6,
    swap: bool = False,
    reduction: str = "mean",
) -> Array:
    if eps == 0 and not swap:
        losses = optax.losses.triplet_margin_loss(anchor, positive, negative, norm_degree=p, margin=margin, eps=0)
        return reduce(losses, reduction)
    # Composed: optax adds eps to the sum of powers and not to the differences, and does not swap.
    near, far = (jnp.linalg.norm(anchor - other + eps, ord=p, axis=-1) for other in (positive, negative))
    if swap:
        far = jnp.minimum(far, jnp.linalg.norm(positive - negative + eps, ord=p, axis=-1))
    return reduce(jnp.maximum(near - far + margin, 0), reduction)


def cosine_embedding(x1: Array, x2: Array, *, labels: Array, margin: float = 0.0, reduction: str = "mean") -> Array:
    # Composed: optax has none, and its cosine similarity bounds the squared norms where this loss adds to them.
    squared1, squared2 = ((x * x).sum(axis=-1) + 1e-12 for x in (x1, x2))
    cosine = (x1 * x2).sum(axis=-1) / jnp.sqrt(squared1 * squared2)
    return reduce(jnp.where(labels > 0, 1 - cosine, jnp.maximum(cosine - margin, 0)), reduction)


def cosine_similarity(x1: Array, x2: Array, *, axis: int = -1, eps: float = 1e-8) -> Array:
    return optax.cosine_similarity(x1, x2, axis=axis, epsilon=eps**2)  # optax bounds the squared norms


def focal(x: Array, *, labels: Array, alpha: float | None = None, gamma: float = 2.0, reduction: str = "mean") -> Array:
    return reduce(optax.sigmoid_focal_loss(x, labels, alpha=alpha, gamma=gamma), reduction)


def dice(
    p: Array,
    *,
    labels: Array,
    axis: tuple[int, ...] | None = None,
    smooth: float = 0.0,
    eps: float = 1e-7,
    reduction: str = "mean",
) -> Array:
    # Composed: of probabilities optax's dice_loss asks whether they add up to 1, in Python, which no compiled function can.
    overlap, size = (p * labels).sum(axis), p.sum(axis) + labels.sum(axis)
    return reduce(1 - (2 * overlap + smooth) / (size + smooth + eps), reduction)


def info_nce(
    query: Array,
    keys: Array,
    *,
    temperature: float = 0.07,
    symmetric: bool = False,
    eps: float = 1e-12,
    reduction: str = "mean",
) -> Array:
    # Composed around optax's cross entropy: its ntxent also takes queries for negatives of queries.
    u, v = (x / jnp.sqrt(jnp.maximum((x * x).sum(axis=1, keepdims=True), eps**2)) for x in (query, keys))
    scores, own = u @ v.T / temperature, jnp.arange(len(query))
    losses = optax.softmax_cross_entropy_with_integer_labels(scores, own)
    if symmetric:
        losses = (losses + optax.softmax_cross_entropy_with_integer_labels(scores.T, own)) / 2
    return reduce(losses, reduction)
