"""The reference's optimizers in optax. What is None stays at optax's own default.

lr is a number or one of adapters/jax/schedules.py. Weight decay is a transformation of its own, and where it stands in the chain
says what it is: before the rule it is coupled, an L2 term of the loss; after it and before the rate, decoupled.
"""

from __future__ import annotations

from typing import Any

import optax

Rate = float | optax.Schedule

CONVENTIONS: dict[str, dict[str, Any]] = {}
"""Optimizer -> the keyword arguments under which the reference computes what optax does."""

LACKING: dict[str, str] = {}
"""Optimizer or schedule -> why optax has none."""


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


def _coupled(weight_decay: float, rule: optax.GradientTransformation) -> optax.GradientTransformation:
    return optax.chain(optax.add_decayed_weights(weight_decay), rule) if weight_decay else rule


def _given(**settings: Any) -> dict[str, Any]:
    """The settings that are not None."""
    return {name: value for name, value in settings.items() if value is not None}
