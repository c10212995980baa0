"""The reductions of losses that the framework leaves elementwise."""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf
from tensorflow import Tensor


def reduce(losses: Tensor, reduction: str) -> Tensor:
    return {"none": tf.identity, "mean": tf.reduce_mean, "sum": tf.reduce_sum}[reduction](losses)


def elementwise(loss: Callable[..., Tensor], x: Tensor, target: Tensor, **options: float) -> Tensor:
    """A loss of Keras, element by element: it averages over the last axis, which here has length 1."""
    return loss(target[..., tf.newaxis], x[..., tf.newaxis], **options)
