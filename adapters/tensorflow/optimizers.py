"""The reference's optimizers in Keras. What is None stays at Keras's own default.

lr is a number or one of adapters/tensorflow/schedules.py.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import keras
from keras import optimizers
from keras.optimizers.schedules import LearningRateSchedule

Rate: TypeAlias = float | LearningRateSchedule

CONVENTIONS: dict[str, dict[str, Any]] = {
    "momentum": {"rate_in_velocity": True},
    "nesterov": {"rate_in_velocity": True},
    "adagrad": {"eps_inside_root": True},
    "rmsprop": {"eps_inside_root": True, "rate_in_velocity": True},
    "adam": {"eps_hat": True},
    "amsgrad": {"eps_hat": True},
    "adamw": {"eps_hat": True},
    "adamax": {"eps_after_maximum": True},
    "nadam": {"momentum_decay": 1.0},
    "lamb": {"decoupled": True},
}
"""Optimizer -> the keyword arguments under which the reference computes what Keras does."""

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


def nesterov(*, lr: Rate, momentum: float = 0.9) -> keras.Optimizer:
    return optimizers.SGD(lr, momentum=momentum, nesterov=True)


def adagrad(*, lr: Rate, eps: float | None = None, initial_accumulator: float | None = None) -> keras.Optimizer:
    return optimizers.Adagrad(lr, **_given(epsilon=eps, initial_accumulator_value=initial_accumulator))


def adadelta(*, lr: Rate, rho: float | None = None, eps: float | None = None) -> keras.Optimizer:
    return optimizers.Adadelta(lr, **_given(rho=rho, epsilon=eps))


def rmsprop(
    *, lr: Rate, rho: float | None = None, eps: float | None = None, momentum: float = 0.0, centered: bool = False
) -> keras.Optimizer:
    return optimizers.RMSprop(lr, momentum=momentum, centered=centered, **_given(rho=rho, epsilon=eps))


def amsgrad(*, lr: Rate, beta1: float | None = None, beta2: float | None = None, eps: float | None = None) -> keras.Optimizer:
    return optimizers.Adam(lr, amsgrad=True, **_given(beta_1=beta1, beta_2=beta2, epsilon=eps))


def adamw(
    *,
    lr: Rate,
    beta1: float | None = None,
    beta2: float | None = None,
    eps: float | None = None,
    weight_decay: float | None = None,
) -> keras.Optimizer:
    return optimizers.AdamW(lr, **_given(beta_1=beta1, beta_2=beta2, epsilon=eps, weight_decay=weight_decay))


def adamax(*, lr: Rate, beta1: float | None = None, beta2: float | None = None, eps: float | None = None) -> keras.Optimizer:
    return optimizers.Adamax(lr, **_given(beta_1=beta1, beta_2=beta2, epsilon=eps))


def nadam(*, lr: Rate, beta1: float | None = None, beta2: float | None = None, eps: float | None = None) -> keras.Optimizer:
    return optimizers.Nadam(lr, **_given(beta_1=beta1, beta_2=beta2, epsilon=eps))


def lion(
    *, lr: Rate, beta1: float | None = None, beta2: float | None = None, weight_decay: float | None = None
) -> keras.Optimizer:
    return optimizers.Lion(lr, weight_decay=weight_decay, **_given(beta_1=beta1, beta_2=beta2))


def lamb(
    *,
    lr: Rate,
    beta1: float | None = None,
    beta2: float | None = None,
    eps: float | None = None,
    weight_decay: float | None = None,
) -> keras.Optimizer:
    return optimizers.Lamb(lr, weight_decay=weight_decay, **_given(beta_1=beta1, beta_2=beta2, epsilon=eps))


def adafactor(
    *,
    lr: Rate,
    decay: float | None = None,
    eps1: float | None = None,
    eps2: float | None = None,
    clip_threshold: float | None = None,
) -> keras.Optimizer:
    settings = _given(beta_2_decay=decay, epsilon_1=eps1, epsilon_2=eps2, clip_threshold=clip_threshold)
    return optimizers.Adafactor(lr, **settings)


def _given(**settings: Any) -> dict[str, Any]:
    """The settings that are not None."""
    return {name: value for name, value in settings.items() if value is not None}
