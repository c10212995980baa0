"""The reference's optimizers in optax. What is None stays at optax's own default.

lr is a number or one of adapters/jax/schedules.py. Weight decay is a transformation of its own, and where it stands in the chain
says what it is: before the rule it is coupled, an L2 term of the loss; after it and before the rate, decoupled.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import optax

Rate: TypeAlias = float | optax.Schedule

CONVENTIONS: dict[str, dict[str, Any]] = {
    "adagrad": {"eps_inside_root": True},
    "rmsprop": {"eps_inside_root": True, "rate_in_velocity": True},
    "amsgrad": {"corrected_maximum": True},
    "nadam": {"momentum_decay": None},
    "adafactor": {"relative_step": False},
    "lars": {"norm_of_sum": True},
}
"""Optimizer -> the keyword arguments under which the reference computes what optax does."""


def sgd(*, lr: Rate, weight_decay: float = 0.0) -> optax.GradientTransformation:
    return _coupled(weight_decay, optax.sgd(lr))


def momentum(
    *, lr: Rate, momentum: float = 0.9, dampening: float = 0.0, weight_decay: float = 0.0, decoupled: bool = False
) -> optax.GradientTransformation:
    if dampening:
        raise NotImplementedError("optax.trace has no dampening")
    if decoupled:
        decay = optax.add_decayed_weights(weight_decay)
        return optax.chain(optax.trace(momentum), decay, optax.scale_by_learning_rate(lr))
    return _coupled(weight_decay, optax.sgd(lr, momentum=momentum))


def adam(
    *, lr: Rate, beta1: float | None = None, beta2: float | None = None, eps: float | None = None, weight_decay: float = 0.0
) -> optax.GradientTransformation:
    return _coupled(weight_decay, optax.adam(lr, **_given(b1=beta1, b2=beta2, eps=eps)))


def nesterov(*, lr: Rate, momentum: float = 0.9) -> optax.GradientTransformation:
    return optax.sgd(lr, momentum=momentum, nesterov=True)


def adagrad(*, lr: Rate, eps: float | None = None, initial_accumulator: float | None = None) -> optax.GradientTransformation:
    return optax.adagrad(lr, **_given(eps=eps, initial_accumulator_value=initial_accumulator))


def adadelta(*, lr: Rate, rho: float | None = None, eps: float | None = None) -> optax.GradientTransformation:
    return optax.adadelta(lr, **_given(rho=rho, eps=eps))


def rmsprop(
    *, lr: Rate, rho: float | None = None, eps: float | None = None, momentum: float | None = None, centered: bool = False
) -> optax.GradientTransformation:
    return optax.rmsprop(lr, momentum=momentum, centered=centered, **_given(decay=rho, eps=eps))


def amsgrad(
    *, lr: Rate, beta1: float | None = None, beta2: float | None = None, eps: float | None = None
) -> optax.GradientTransformation:
    return optax.amsgrad(lr, **_given(b1=beta1, b2=beta2, eps=eps))


def adamw(
    *,
    lr: Rate,
    beta1: float | None = None,
    beta2: float | None = None,
    eps: float | None = None,
    weight_decay: float | None = None,
) -> optax.GradientTransformation:
    return optax.adamw(lr, **_given(b1=beta1, b2=beta2, eps=eps, weight_decay=weight_decay))


def adamax(
    *, lr: Rate, beta1: float | None = None, beta2: float | None = None, eps: float | None = None
) -> optax.GradientTransformation:
    return optax.adamax(lr, **_given(b1=beta1, b2=beta2, eps=eps))


def nadam(
    *, lr: Rate, beta1: float | None = None, beta2: float | None = None, eps: float | None = None
) -> optax.GradientTransformation:
    return optax.nadam(lr, **_given(b1=beta1, b2=beta2, eps=eps))


def radam(
    *, lr: Rate, beta1: float | None = None, beta2: float | None = None, eps: float | None = None
) -> optax.GradientTransformation:
    return optax.radam(lr, **_given(b1=beta1, b2=beta2, eps=eps))


def lion(
    *, lr: Rate, beta1: float | None = None, beta2: float | None = None, weight_decay: float | None = None
) -> optax.GradientTransformation:
    return optax.lion(lr, **_given(b1=beta1, b2=beta2, weight_decay=weight_decay))


def lamb(
    *,
    lr: Rate,
    beta1: float | None = None,
    beta2: float | None = None,
    eps: float | None = None,
    weight_decay: float | None = None,
) -> optax.GradientTransformation:
    return optax.lamb(lr, **_given(b1=beta1, b2=beta2, eps=eps, weight_decay=weight_decay))


def adafactor(
    *,
    lr: Rate,
    decay: float = -0.8,
    eps1: float | None = None,
    eps2: float = 1e-3,
    clip_threshold: float | None = None,
) -> optax.GradientTransformation:
    settings = _given(eps=eps1, clipping_threshold=clip_threshold)
    # optax.adafactor fixes the least scale of a parameter at 1e-3; for another one its own transformation is chained behind it.
    scale = {} if eps2 == 1e-3 else {"multiply_by_parameter_scale": False}
    rule = optax.adafactor(lr, min_dim_size_to_factor=2, decay_rate=-decay, **settings, **scale)
    return optax.chain(rule, optax.scale_by_param_block_rms(eps2)) if scale else rule


def lars(
    *,
    lr: Rate,
    momentum: float | None = None,
    weight_decay: float | None = None,
    trust_coefficient: float | None = None,
    eps: float | None = None,
) -> optax.GradientTransformation:
    return optax.lars(lr, **_given(momentum=momentum, weight_decay=weight_decay, trust_coefficient=trust_coefficient, eps=eps))


def _coupled(weight_decay: float, rule: optax.GradientTransformation) -> optax.GradientTransformation:
    return optax.chain(optax.add_decayed_weights(weight_decay), rule) if weight_decay else rule


def _given(**settings: Any) -> dict[str, Any]:
    """The settings that are not None."""
    return {name: value for name, value in settings.items() if value is not None}
