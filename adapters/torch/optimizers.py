"""The reference's optimizers in PyTorch: hyper-parameters -> a function that takes parameters, as torch.optim wants
them. What is None stays at PyTorch's own default.

lr is a number or one of adapters/torch/schedules.py.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from typing import Any

import torch

from adapters.torch.schedules import Scheduled

Factory = Callable[[Iterable[torch.Tensor]], torch.optim.Optimizer]
Rate = float | Scheduled

CONVENTIONS: dict[str, dict[str, Any]] = {}
"""Optimizer -> the keyword arguments under which the reference computes what PyTorch does."""

LACKING: dict[str, str] = {}
"""Optimizer or schedule -> why PyTorch has none."""


def sgd(*, lr: Rate, weight_decay: float | None = None) -> Factory:
    return _factory(torch.optim.SGD, lr, weight_decay=weight_decay)


def momentum(
    *,
    lr: Rate,
    momentum: float = 0.9,  # torch.optim.SGD has none unless asked
    dampening: float | None = None,
    weight_decay: float | None = None,
    decoupled: bool = False,
) -> Factory:
    if decoupled:
        raise NotImplementedError("torch.optim.SGD has no decoupled weight decay")
    return _factory(torch.optim.SGD, lr, momentum=momentum, dampening=dampening, weight_decay=weight_decay)


def adam(
    *,
    lr: Rate,
    beta1: float | None = None,
    beta2: float | None = None,
    eps: float | None = None,
    weight_decay: float | None = None,
) -> Factory:
    return _factory(torch.optim.Adam, lr, betas=(beta1, beta2), eps=eps, weight_decay=weight_decay)


def _factory(kind: type[torch.optim.Optimizer], lr: Rate, **settings: Any) -> Factory:
    """parameters -> an optimizer of this kind, with its schedule where lr is one."""
    if "betas" in settings:
        own = inspect.signature(kind).parameters["betas"].default
        settings["betas"] = tuple(d if b is None else b for b, d in zip(settings["betas"], own, strict=True))
    settings = {name: value for name, value in settings.items() if value is not None}

    def build(parameters: Iterable[torch.Tensor]) -> torch.optim.Optimizer:
        if not isinstance(lr, Scheduled):
            return kind(parameters, lr=lr, **settings)
        optimizer = kind(parameters, lr=lr.lr, **settings)
        lr.attach(optimizer)
        return optimizer

    return build
