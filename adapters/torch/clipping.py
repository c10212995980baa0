"""The reference's gradient clipping in PyTorch: torch.nn.utils, which clips .grad in place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor, nn
from torch.nn import utils

Grads = Mapping[str, Tensor]

CONVENTIONS: dict[str, dict[str, Any]] = {"clip_by_norm": {"eps": 1e-6}, "clip_by_global_norm": {"eps": 1e-6}}
"""clip_grad_norm_ divides by the norm + 1e-6."""


def clip_by_value(grads: Grads, *, limit: float) -> dict[str, Tensor]:
    return _clipped(grads, lambda parameters: utils.clip_grad_value_(parameters, limit))


def clip_by_norm(grads: Grads, *, limit: float) -> dict[str, Tensor]:
    return _clipped(grads, lambda parameters: [utils.clip_grad_norm_(p, limit) for p in parameters])


def clip_by_global_norm(grads: Grads, *, limit: float) -> dict[str, Tensor]:
    return _clipped(grads, lambda parameters: utils.clip_grad_norm_(parameters, limit))


CLIPPING = {"clip_by_value": clip_by_value, "clip_by_norm": clip_by_norm, "clip_by_global_norm": clip_by_global_norm}


def _clipped(grads: Grads, clip: Callable[[list[nn.Parameter]], Any]) -> dict[str, Tensor]:
    parameters = {name: nn.Parameter(grad.clone()) for name, grad in grads.items()}
    for name, parameter in parameters.items():
        parameter.grad = grads[name].clone()
    clip(list(parameters.values()))
    return {name: parameter.grad for name, parameter in parameters.items()}
