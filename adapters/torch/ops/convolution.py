"""The reference's convolutions in PyTorch, which holds images and weights as the reference does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch.nn.functional as F
from torch import Tensor, nn

from ..layout import Layout

Size = int | tuple[int, ...]
Params = dict[str, Tensor]


def conv1d(
    x: Tensor, weight: Tensor, bias: Tensor, *, stride: Size = 1, padding: Size = 0, dilation: Size = 1, groups: int = 1
) -> Tensor:
    return F.conv1d(x, weight, bias, stride, padding, dilation, groups)


def conv2d(
    x: Tensor, weight: Tensor, bias: Tensor, *, stride: Size = 1, padding: Size = 0, dilation: Size = 1, groups: int = 1
) -> Tensor:
    return F.conv2d(x, weight, bias, stride, padding, dilation, groups)


def conv3d(
    x: Tensor, weight: Tensor, bias: Tensor, *, stride: Size = 1, padding: Size = 0, dilation: Size = 1, groups: int = 1
) -> Tensor:
    return F.conv3d(x, weight, bias, stride, padding, dilation, groups)


def conv_transpose1d(
    x: Tensor,
    weight: Tensor,
    bias: Tensor,
    *,
    stride: Size = 1,
    padding: Size = 0,
    output_padding: Size = 0,
    dilation: Size = 1,
    groups: int = 1,
) -> Tensor:
    return F.conv_transpose1d(x, weight, bias, stride, padding, output_padding, groups, dilation)


def conv_transpose2d(
    x: Tensor,
    weight: Tensor,
    bias: Tensor,
    *,
    stride: Size = 1,
    padding: Size = 0,
    output_padding: Size = 0,
    dilation: Size = 1,
    groups: int = 1,
) -> Tensor:
    return F.conv_transpose2d(x, weight, bias, stride, padding, output_padding, groups, dilation)


def depthwise_conv2d(
    x: Tensor, weight: Tensor, bias: Tensor, *, stride: Size = 1, padding: Size = 0, dilation: Size = 1, multiplier: int = 1
) -> Tensor:
    return F.conv2d(
        x, weight, bias, stride, padding, dilation, groups=weight.shape[0] // multiplier
    )  # torch has no op of this name


def separable_conv2d(
    x: Tensor,
    depthwise_weight: Tensor,
    pointwise_weight: Tensor,
    bias: Tensor,
    *,
    stride: Size = 1,
    padding: Size = 0,
    dilation: Size = 1,
    multiplier: int = 1,
) -> Tensor:
    # Composed: torch has no separable convolution.
    z = F.conv2d(x, depthwise_weight, None, stride, padding, dilation, groups=depthwise_weight.shape[0] // multiplier)
    return F.conv2d(z, pointwise_weight, bias)


def _convolution(kind: type[nn.Module]) -> Callable[..., nn.Module]:
    def build(params: Params, x: Tensor, *, groups: int = 1, **sizes: Size) -> nn.Module:
        outputs, _, *kernel = params["weight"].shape
        return kind(x.shape[1], outputs, kernel, groups=groups, **sizes)

    return build


def _transposed(kind: type[nn.Module]) -> Callable[..., nn.Module]:
    def build(params: Params, _x: Tensor, *, groups: int = 1, **sizes: Size) -> nn.Module:
        inputs, outputs, *kernel = params["weight"].shape
        return kind(inputs, outputs * groups, kernel, groups=groups, **sizes)

    return build


def _depthwise(params: Params, x: Tensor, *, multiplier: int = 1, bias: bool = True, **sizes: Size) -> nn.Module:
    channels, kernel = x.shape[1], params["weight"].shape[2:]
    return nn.Conv2d(channels, channels * multiplier, kernel, groups=channels, bias=bias, **sizes)


def _separable(params: Params, x: Tensor, **options: Any) -> nn.Module:
    depthwise = _depthwise({"weight": params["depthwise_weight"]}, x, bias=False, **options)
    return nn.Sequential(depthwise, nn.Conv2d(depthwise.out_channels, len(params["bias"]), 1))


_SAME = {"weight": "weight", "bias": "bias"}
WITHOUT_BIAS = Layout.renamed({"weight": "weight"})
"""Of a convolution before batch normalisation."""

LAYOUTS = {
    "conv1d": Layout.renamed(_SAME, layer=_convolution(nn.Conv1d)),
    "conv2d": Layout.renamed(_SAME, layer=_convolution(nn.Conv2d)),
    "conv3d": Layout.renamed(_SAME, layer=_convolution(nn.Conv3d)),
    "conv_transpose1d": Layout.renamed(_SAME, layer=_transposed(nn.ConvTranspose1d)),
    "conv_transpose2d": Layout.renamed(_SAME, layer=_transposed(nn.ConvTranspose2d)),
    "depthwise_conv2d": Layout.renamed(_SAME, layer=_depthwise),
    # torch.nn has no separable convolution: this is an nn.Sequential of two Conv2d, the first of them without a bias.
    "separable_conv2d": Layout.renamed(
        {"depthwise_weight": "0.weight", "pointwise_weight": "1.weight", "bias": "1.bias"}, layer=_separable
    ),
}
