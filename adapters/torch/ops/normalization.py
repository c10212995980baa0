"""The reference's normalisation layers in PyTorch, whose parameters have the reference's names and layouts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...layout import Inexpressible
from ..layout import Layout

Params = dict[str, Tensor]


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


def _by_rank(kind: str) -> Callable[..., nn.Module]:
    """The layer for x (N, C, ...), which torch.nn has for one, two and three axes beside the channels."""

    def build(_params: Params, x: Tensor, *, eps: float = 1e-5, momentum: float = 0.1, **options: Any) -> nn.Module:
        if options.get("training", True) and not options.get("unbiased", True):
            raise Inexpressible(f"nn.{kind} has no unbiased=False: its running variance is unbiased")
        return getattr(nn, f"{kind}{max(x.ndim - 2, 1)}d")(x.shape[1], eps, momentum, affine=True)

    return build


def _batch_norm(layer: nn.Module, x: Tensor, *, training: bool = True, **_: Any) -> tuple[Tensor, Tensor, Tensor]:
    return layer.train(training)(x), layer.running_mean, layer.running_var


def _group_norm(_params: Params, x: Tensor, *, groups: int, eps: float = 1e-5) -> nn.Module:
    return nn.GroupNorm(groups, x.shape[1], eps)


def _weight_norm(params: Params, *, axis: int = 0) -> nn.Module:
    layer = nn.Module()  # any layer with a weight
    layer.weight = nn.Parameter(torch.empty_like(params["v"]))
    return nn.utils.parametrizations.weight_norm(layer, dim=axis % params["v"].ndim)


_AFFINE = {"weight": "weight", "bias": "bias"}
_RUNNING = {"running_mean": "running_mean", "running_var": "running_var"}

LAYOUTS = {
    "batch_norm": Layout.renamed(_AFFINE | _RUNNING, layer=_by_rank("BatchNorm"), call=_batch_norm),
    "layer_norm": Layout.renamed(_AFFINE, layer=lambda params, x, *, eps=1e-5: nn.LayerNorm(params["weight"].shape, eps)),
    "group_norm": Layout.renamed(_AFFINE, layer=_group_norm),
    "instance_norm": Layout.renamed(_AFFINE, layer=_by_rank("InstanceNorm")),
    "rms_norm": Layout.renamed(
        {"weight": "weight"}, layer=lambda params, x, *, eps=1e-6: nn.RMSNorm(params["weight"].shape, eps)
    ),
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
        layer=_weight_norm,
        call=lambda layer, axis=0: layer.weight,
    ),
}
