"""The reference's optimizers in Keras."""

from __future__ import annotations

import keras


def sgd(*, lr: float) -> keras.optimizers.Optimizer:
    return keras.optimizers.SGD(learning_rate=lr)
