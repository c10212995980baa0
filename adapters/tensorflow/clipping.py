"""The reference's gradient clipping in Keras, where it is an argument of every optimizer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import tensorflow as tf
from tensorflow import Tensor

Grads = Mapping[str, Tensor]

CONVENTIONS: dict[str, dict[str, Any]] = {}


def clip_by_value(grads: Grads, *, limit: float) -> dict[str, Tensor]:
    return _clipped(grads, clipvalue=limit)


def clip_by_norm(grads: Grads, *, limit: float) -> dict[str, Tensor]:
    return _clipped(grads, clipnorm=limit)


def clip_by_global_norm(grads: Grads, *, limit: float) -> dict[str, Tensor]:
    return _clipped(grads, global_clipnorm=limit)


CLIPPING = {"clip_by_value": clip_by_value, "clip_by_norm": clip_by_norm, "clip_by_global_norm": clip_by_global_norm}


def _clipped(grads: Grads, **setting: float) -> dict[str, Tensor]:
    """What a step of gradient descent at rate 1 from zero moves by, which is what the optimizer made of the gradients."""
    variables = {name: keras.Variable(tf.zeros_like(grad), dtype=grad.dtype.name) for name, grad in grads.items()}
    keras.optimizers.SGD(1.0, **setting).apply(list(grads.values()), list(variables.values()))
    return {name: -variable.value for name, variable in variables.items()}
