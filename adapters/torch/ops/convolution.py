"""The reference's convolutions in PyTorch, which holds images and weights as the reference does."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from ... import Layout

Size = int | tuple[int, ...]


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


def _as_it_is(params: dict[str, Tensor], **_static: object) -> dict[str, Tensor]:
    return dict(params)


_SAME = Layout(("weight", "bias"), _as_it_is, _as_it_is)
WITHOUT_BIAS = Layout(("weight",), _as_it_is, _as_it_is)
"""Of a convolution before batch normalisation."""

LAYOUTS = {
    "conv1d": _SAME,
    "conv2d": _SAME,
    "conv3d": _SAME,
    "conv_transpose1d": _SAME,
    "conv_transpose2d": _SAME,
    "depthwise_conv2d": _SAME,
    # torch.nn has no such layer: a module of two Conv2d, the first without a bias.
    "separable_conv2d": Layout(
        ("depthwise_weight", "pointwise_weight", "bias"),
        lambda params, **_: {
            "depthwise.weight": params["depthwise_weight"],
            "pointwise.weight": params["pointwise_weight"],
            "pointwise.bias": params["bias"],
        },
        lambda stored, **_: {
            "depthwise_weight": stored["depthwise.weight"],
            "pointwise_weight": stored["pointwise.weight"],
            "bias": stored["pointwise.bias"],
        },
    ),
}
