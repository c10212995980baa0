"""TensorFlow's own dropout, which draws its mask."""

from __future__ import annotations

import keras
from tensorflow import Tensor


def dropout(x: Tensor, *, rate: float, seed: int) -> Tensor:
    """The same mask for the same seed, shape and dtype."""
    return keras.random.dropout(x, rate, seed=seed)
