"""The reference's pooling layers in PyTorch."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

Size = int | tuple[int, ...]


def max_pool1d(x: Tensor, *, kernel_size: Size, stride: Size | None = None, padding: Size = 0, dilation: Size = 1) -> Tensor:
    return F.max_pool1d(x, kernel_size, stride, padding, dilation)


def max_pool2d(x: Tensor, *, kernel_size: Size, stride: Size | None = None, padding: Size = 0, dilation: Size = 1) -> Tensor:
    return F.max_pool2d(x, kernel_size, stride, padding, dilation)


def avg_pool1d(
    x: Tensor, *, kernel_size: Size, stride: Size | None = None, padding: Size = 0, count_include_pad: bool = True
) -> Tensor:
    return F.avg_pool1d(x, kernel_size, stride, padding, count_include_pad=count_include_pad)


def avg_pool2d(
    x: Tensor, *, kernel_size: Size, stride: Size | None = None, padding: Size = 0, count_include_pad: bool = True
) -> Tensor:
    return F.avg_pool2d(x, kernel_size, stride, padding, count_include_pad=count_include_pad)


def adaptive_avg_pool2d(x: Tensor, *, output_size: Size) -> Tensor:
    return F.adaptive_avg_pool2d(x, output_size)


def global_avg_pool(x: Tensor) -> Tensor:
    pool = {3: F.adaptive_avg_pool1d, 4: F.adaptive_avg_pool2d, 5: F.adaptive_avg_pool3d}[x.ndim]
    return pool(x, 1).flatten(1)


def global_max_pool(x: Tensor) -> Tensor:
    pool = {3: F.adaptive_max_pool1d, 4: F.adaptive_max_pool2d, 5: F.adaptive_max_pool3d}[x.ndim]
    return pool(x, 1).flatten(1)


def lp_pool2d(x: Tensor, *, norm_type: float, kernel_size: Size, stride: Size | None = None) -> Tensor:
    # PyTorch sums x^p, not |x|^p: the same for even p only.
    return F.lp_pool2d(x if norm_type % 2 == 0 else x.abs(), norm_type, kernel_size, stride)
