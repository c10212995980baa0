"""The reference's gradient clipping in optax: transformations of a tree of gradients."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import optax
from jax import Array

Grads = Mapping[str, Array]

CONVENTIONS: dict[str, dict[str, Any]] = {}


def clip_by_value(grads: Grads, *, limit: float) -> dict[str, Array]:
    return _applied(optax.clip(limit), grads)


def clip_by_norm(grads: Grads, *, limit: float) -> dict[str, Array]:
    # optax clips tensors one by one by their root mean square, which is their norm over the root of their size.
    blocks = {name: optax.clip_by_block_rms(limit / math.sqrt(grad.size)) for name, grad in grads.items()}
    return {name: _applied(blocks[name], {name: grad})[name] for name, grad in grads.items()}


def clip_by_global_norm(grads: Grads, *, limit: float) -> dict[str, Array]:
    return _applied(optax.clip_by_global_norm(limit), grads)


CLIPPING = {"clip_by_value": clip_by_value, "clip_by_norm": clip_by_norm, "clip_by_global_norm": clip_by_global_norm}


def _applied(transformation: optax.GradientTransformation, grads: Grads) -> dict[str, Array]:
    grads = dict(grads)
    clipped, _ = transformation.update(grads, transformation.init(grads))
    return clipped
