"""The reference's dropout and residual connections in TensorFlow."""

from __future__ import annotations

from typing import Any

import tensorflow as tf
from tensorflow import Tensor

from ... import load


def dropout(x: Tensor, *, mask: Tensor, rate: float) -> Tensor:
    # Composed: tf.nn.dropout draws its own mask. tests/test_dropout.py verifies that one, under the mask it drew.
    return tf.where(mask, x / (1 - rate), tf.zeros_like(x))


def residual(x: Tensor, *params: Tensor, f: Any, **static: Any) -> Tensor:
    return x + load("tensorflow").ops[f.name](x, *params, **static)
