"""The reductions of losses that the framework leaves elementwise."""

from __future__ import annotations

import tensorflow as tf
from tensorflow import Tensor


def reduce(losses: Tensor, reduction: str) -> Tensor:
    return {"none": tf.identity, "mean": tf.reduce_mean, "sum": tf.reduce_sum}[reduction](losses)
