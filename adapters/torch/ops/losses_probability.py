"""The reference's likelihoods and divergences of given distributions in PyTorch."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from ..reduction import reduce


def nll(
    log_p: Tensor, *, labels: Tensor, weight: Tensor | None = None, ignore_index: int = -100, reduction: str = "mean"
) -> Tensor:
    return F.nll_loss(log_p, labels, weight, ignore_index=ignore_index, reduction=reduction)


def kl_div(log_p: Tensor, target: Tensor, *, log_target: bool = False, reduction: str = "mean") -> Tensor:
    return F.kl_div(log_p, target, reduction=reduction, log_target=log_target)


def poisson_nll(
    x: Tensor, target: Tensor, *, log_input: bool = True, full: bool = False, eps: float = 1e-8, reduction: str = "mean"
) -> Tensor:
    return F.poisson_nll_loss(x, target, log_input=log_input, full=full, eps=eps, reduction=reduction)


def gaussian_nll(
    x: Tensor, target: Tensor, var: Tensor, *, full: bool = False, eps: float = 1e-6, reduction: str = "mean"
) -> Tensor:
    if not torch.compiler.is_compiling():
        return F.gaussian_nll_loss(x, target, var, full=full, eps=eps, reduction=reduction)
    # Composed where it is compiled: F.gaussian_nll_loss looks for negative variances first, and branches on what it finds.
    v = var.clamp(min=eps)
    losses = (torch.log(v) + (x - target) ** 2 / v) / 2
    return reduce(losses + math.log(2 * math.pi) / 2 if full else losses, reduction)
