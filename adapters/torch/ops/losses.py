"""The reference's losses in PyTorch."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from ..reduction import reduce


def mse(x: Tensor, target: Tensor, *, reduction: str = "mean") -> Tensor:
    return F.mse_loss(x, target, reduction=reduction)


def l1(x: Tensor, target: Tensor, *, reduction: str = "mean") -> Tensor:
    return F.l1_loss(x, target, reduction=reduction)


def huber(x: Tensor, target: Tensor, *, delta: float = 1.0, reduction: str = "mean") -> Tensor:
    return F.huber_loss(x, target, reduction=reduction, delta=delta)


def smooth_l1(x: Tensor, target: Tensor, *, beta: float = 1.0, reduction: str = "mean") -> Tensor:
    return F.smooth_l1_loss(x, target, reduction=reduction, beta=beta)


def log_cosh(x: Tensor, target: Tensor, *, reduction: str = "mean") -> Tensor:
    # Composed: torch has none. The half that is not selected must stay finite, or its gradient is 0 * inf.
    size = (x - target).abs()
    near = torch.log1p(2 * torch.sinh(size.clamp(max=1) / 2) ** 2)
    far = size + torch.log1p(torch.exp(-2 * size)) - math.log(2)
    return reduce(torch.where(size < 1, near, far), reduction)


def binary_cross_entropy(p: Tensor, *, labels: Tensor, eps: float = 1e-7, reduction: str = "mean") -> Tensor:
    # F.binary_cross_entropy clamps log p at -100 and has no eps of its own; with the clamp before it, both compute the same.
    return F.binary_cross_entropy(p.clamp(eps, 1 - eps), labels, reduction=reduction)


def binary_cross_entropy_with_logits(
    x: Tensor, *, labels: Tensor, pos_weight: Tensor | None = None, reduction: str = "mean"
) -> Tensor:
    return F.binary_cross_entropy_with_logits(x, labels, pos_weight=pos_weight, reduction=reduction)


def cross_entropy(
    x: Tensor,
    *,
    labels: Tensor,
    weight: Tensor | None = None,
    label_smoothing: float = 0.0,
    ignore_index: int = -100,
    reduction: str = "mean",
) -> Tensor:
    return F.cross_entropy(x, labels, weight, ignore_index=ignore_index, label_smoothing=label_smoothing, reduction=reduction)


def soft_cross_entropy(x: Tensor, target: Tensor, *, reduction: str = "mean") -> Tensor:
    return F.cross_entropy(x, target, reduction=reduction)
