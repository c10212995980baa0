"""The reference's layers that resize, pad or rearrange, in PyTorch."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

Size = int | tuple[int, ...]
Scale = float | tuple[float, ...]


def upsample_nearest2d(x: Tensor, *, size: Size | None = None, scale_factor: Scale | None = None) -> Tensor:
    # "nearest" has its samples half a pixel off. A scale that leaves a fraction of a pixel would be used for positions too.
    return F.interpolate(x, size, scale_factor, mode="nearest-exact", recompute_scale_factor=_recompute(scale_factor))


def upsample_bilinear2d(
    x: Tensor, *, size: Size | None = None, scale_factor: Scale | None = None, align_corners: bool = False
) -> Tensor:
    return F.interpolate(
        x, size, scale_factor, mode="bilinear", align_corners=align_corners, recompute_scale_factor=_recompute(scale_factor)
    )


def pixel_shuffle(x: Tensor, *, upscale_factor: int) -> Tensor:
    return F.pixel_shuffle(x, upscale_factor)


def pad2d(x: Tensor, *, padding: int | tuple[tuple[int, int], tuple[int, int]], mode: str = "zero") -> Tensor:
    (top, bottom), (left, right) = padding if isinstance(padding, tuple) else ((padding, padding),) * 2
    return F.pad(x, (left, right, top, bottom), mode="constant" if mode == "zero" else mode)


def flatten(x: Tensor, *, start_axis: int = 1, end_axis: int = -1) -> Tensor:
    return torch.flatten(x, start_axis, end_axis)


def _recompute(scale_factor: Scale | None) -> bool | None:
    """The scale decides on the size, and the size on positions; not an option where there is no scale."""
    return None if scale_factor is None else True
