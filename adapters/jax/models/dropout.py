"""Dropout under a mask that comes in, so that four frameworks can drop the same. tests/test_dropout.py verifies flax's own."""

from __future__ import annotations

from flax import linen
from jax import Array


class MaskedDropout(linen.Module):
    """x / (1 - rate) where mask, 0 elsewhere; x as it is without a mask."""

    rate: float

    def __call__(self, x: Array, mask: Array | None) -> Array:
        return x if mask is None else x * mask / (1 - self.rate)
