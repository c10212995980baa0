"""The reference's optimizers in Keras. What is None stays at Keras's own default.

lr is a number or one of adapters/tensorflow/schedules.py.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import optimizers

from adapters.tensorflow.schedules import LearningRateSchedule

Rate = float | LearningRateSchedule

CONVENTIONS: dict[str, dict[str, Any]] = {
    "momentum": {"rate_in_velocity": True},
    "adam": {"eps_hat": True},
}
"""Optimizer -> the keyword arguments under which the reference computes what Keras does."""

LACKING: dict[str, str] = {
    "one_cycle": "keras.optimizers.schedules has no one-cycle policy",
}
"""Optimizer or schedule -> why Keras has none."""

COUPLED = (
    "Keras decays weights beside the update, never through the gradient: an L2 term belongs into the model (kernel_regularizer)"
)


def sgd(*, lr: Rate, weight_decay: float | None = None) -> keras.Optimizer:
    return optimizers.SGD(lr, weight_decay=weight_decay)


def momentum(
    *, lr: Rate, momentum: float = 0.9, dampening: float = 0.0, weight_decay: float | None = None, decoupled: bool = False
) -> keras.Optimizer:
    if dampening:
        raise NotImplementedError("keras.optimizers.SGD has no dampening")
    if weight_decay and not decoupled:
        raise NotImplementedError(COUPLED)
    return optimizers.SGD(lr, momentum=momentum, weight_decay=weight_decay)


def adam(
    *, lr: Rate, beta1: float | None = None, beta2: float | None = None, eps: float | None = None, weight_decay: float = 0.0
) -> keras.Optimizer:
    if weight_decay:
        raise NotImplementedError(COUPLED)
    return optimizers.Adam(lr, **_given(beta_1=beta1, beta_2=beta2, epsilon=eps))


def _given(**settings: Any) -> dict[str, Any]:
    """The settings that are not None."""
    return {name: value for name, value in settings.items() if value is not None}
