"""Dropout under a mask that comes in, so that four frameworks can drop the same. tests/test_dropout.py verifies Keras's own."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf
from tensorflow import Tensor


class MaskedDropout(keras.layers.Layer):
    """x / (1 - rate) where mask, 0 elsewhere; x as it is without a mask."""

    def __init__(self, rate: float, **options: Any) -> None:
        super().__init__(**options)
        self.rate = rate

    def call(self, x: Tensor, kept: Tensor | None = None) -> Tensor:
        return x if kept is None else x * tf.cast(kept, x.dtype) / (1 - self.rate)
