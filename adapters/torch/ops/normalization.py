"""The reference's normalisation layers in PyTorch, whose parameters have the reference's names and layouts."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from ... import Layout


def batch_norm(
    x: Tensor,
    weight: Tensor,
    bias: Tensor,
    *,
    running_mean: Tensor,
    running_var: Tensor,
    training: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
    unbiased: bool = True,
) -> tuple[Tensor, Tensor, Tensor]:
    # PyTorch's running variance is unbiased: m / (m - 1) times the biased one. Before and after the update that is taken out.
    m = x.numel() // x.shape[1]
    correction = 1 if unbiased or not training else m / (m - 1)
    mean, var = running_mean.clone(), running_var * correction  # F.batch_norm writes into both
    y = F.batch_norm(x, mean, var, weight, bias, training, momentum, eps)
    return y, mean, var / correction


def layer_norm(x: Tensor, weight: Tensor, bias: Tensor, *, eps: float = 1e-5) -> Tensor:
    return F.layer_norm(x, weight.shape, weight, bias, eps)


def group_norm(x: Tensor, weight: Tensor, bias: Tensor, *, groups: int, eps: float = 1e-5) -> Tensor:
    return F.group_norm(x, groups, weight, bias, eps)


def instance_norm(x: Tensor, weight: Tensor, bias: Tensor, *, eps: float = 1e-5) -> Tensor:
    return F.instance_norm(x, weight=weight, bias=bias, eps=eps)


def rms_norm(x: Tensor, weight: Tensor, *, eps: float = 1e-6) -> Tensor:
    return F.rms_norm(x, weight.shape, weight, eps)


def local_response_norm(x: Tensor, *, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> Tensor:
    return F.local_response_norm(x, size, alpha, beta, k)


def weight_norm(v: Tensor, g: Tensor, *, axis: int = 0) -> Tensor:
    stored = LAYOUTS["weight_norm"].from_reference({"v": v, "g": g}, axis=axis)
    # What the layer of torch.nn.utils.parametrizations.weight_norm calls. It takes an axis of -1 for a norm over all of v.
    return torch._weight_norm(*stored.values(), axis % v.ndim)


def l2_normalize(x: Tensor, *, axis: int = -1, eps: float = 1e-12) -> Tensor:
    return F.normalize(x, dim=axis, eps=eps)


def _g_beside_v(g: Tensor, v: Tensor, axis: int) -> Tensor:
    """g (C,) with as many axes as v, all but one of length 1."""
    return g.reshape([-1 if i == axis % v.ndim else 1 for i in range(v.ndim)])


_AFFINE = Layout.renamed(weight="weight", bias="bias")

LAYOUTS = {
    "batch_norm": Layout.renamed(weight="weight", bias="bias", running_mean="running_mean", running_var="running_var"),
    "layer_norm": _AFFINE,
    "group_norm": _AFFINE,
    "instance_norm": _AFFINE,
    "rms_norm": Layout.renamed(weight="weight"),
    "weight_norm": Layout(
        ("v", "g"),
        lambda params, axis=0: {
            "parametrizations.weight.original1": params["v"],
            "parametrizations.weight.original0": _g_beside_v(params["g"], params["v"], axis),
        },
        lambda stored, **_: {
            "v": stored["parametrizations.weight.original1"],
            "g": stored["parametrizations.weight.original0"].reshape(-1),
        },
    ),
}
