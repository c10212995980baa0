"""The reference's optimizers in PyTorch: hyper-parameters -> a function that takes parameters, as torch.optim wants
them. What is None stays at PyTorch's own default.

lr is a number or one of adapters/torch/schedules.py.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from typing import Any

import torch

from .schedules import Scheduled

Factory = Callable[[Iterable[torch.Tensor]], torch.optim.Optimizer]
Rate = float | Scheduled

CONVENTIONS: dict[str, dict[str, Any]] = {"radam": {"eps_hat": True}}
"""Optimizer -> the keyword arguments under which the reference computes what PyTorch does."""


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


def nesterov(*, lr: Rate, momentum: float = 0.9) -> Factory:
    return _factory(torch.optim.SGD, lr, momentum=momentum, nesterov=True)


def adagrad(*, lr: Rate, eps: float | None = None, initial_accumulator: float | None = None) -> Factory:
    return _factory(torch.optim.Adagrad, lr, eps=eps, initial_accumulator_value=initial_accumulator)


def adadelta(*, lr: Rate, rho: float | None = None, eps: float | None = None) -> Factory:
    return _factory(torch.optim.Adadelta, lr, rho=rho, eps=eps)


def rmsprop(
    *, lr: Rate, rho: float | None = None, eps: float | None = None, momentum: float | None = None, centered: bool | None = None
) -> Factory:
    return _factory(torch.optim.RMSprop, lr, alpha=rho, eps=eps, momentum=momentum, centered=centered)


def amsgrad(*, lr: Rate, beta1: float | None = None, beta2: float | None = None, eps: float | None = None) -> Factory:
    return _factory(torch.optim.Adam, lr, betas=(beta1, beta2), eps=eps, amsgrad=True)


def adamw(
    *,
    lr: Rate,
    beta1: float | None = None,
    beta2: float | None = None,
    eps: float | None = None,
    weight_decay: float | None = None,
) -> Factory:
    return _factory(torch.optim.AdamW, lr, betas=(beta1, beta2), eps=eps, weight_decay=weight_decay)


def adamax(*, lr: Rate, beta1: float | None = None, beta2: float | None = None, eps: float | None = None) -> Factory:
    return _factory(torch.optim.Adamax, lr, betas=(beta1, beta2), eps=eps)


def nadam(*, lr: Rate, beta1: float | None = None, beta2: float | None = None, eps: float | None = None) -> Factory:
    return _factory(torch.optim.NAdam, lr, betas=(beta1, beta2), eps=eps)


def radam(
    *,
    lr: Rate,
    beta1: float | None = None,
    beta2: float | None = None,
    eps: float | None = None,
) -> Factory:
    return _factory(torch.optim.RAdam, lr, betas=(beta1, beta2), eps=eps)


def adafactor(
    *,
    lr: Rate,
    decay: float | None = None,
    eps1: float | None = None,
    eps2: float = 1e-3,
    clip_threshold: float | None = None,
) -> Factory:
    return _factory(torch.optim.Adafactor, lr, beta2_decay=decay, eps=(eps1, eps2), d=clip_threshold)


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
