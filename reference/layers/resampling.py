"""The output size of an image that is resized: given directly, or as a multiple of the input's."""

from __future__ import annotations

from numbers import Real
from typing import Any

from ..case import Array, invalid
from ..domain import Pick
from .windows import Size, per_axis, spelled

Scale = float | tuple[float, ...]


def output_size(op: str, x: Array, size: Size | None, scale_factor: Scale | None) -> tuple[int, int]:
    """(OH, OW) from size, an integer or (OH, OW), or from scale_factor, a number or (vertical, horizontal): OH = floor(H s).

    Raises ValueError if x is not (N, C, H, W) with H, W >= 1, if not exactly one of the two is given, or if no pixel is left.
    """
    if not (x.ndim == 4 and min(x.shape[2:]) > 0):
        raise invalid(op, "x", f"of shape {x.shape}", "(N, C, H, W) with H, W >= 1")
    if size is None == scale_factor is None:
        raise invalid(op, "size", f"{size} and scale_factor {scale_factor}", "one of the two")
    if scale_factor is None:
        height, width = per_axis(op, "size", size, 2)
        return height, width
    scales = scale_factor if isinstance(scale_factor, tuple) else (scale_factor, scale_factor)
    fit = len(scales) == 2 and all(isinstance(s, Real) and int(n * s) > 0 for n, s in zip(x.shape[2:], scales, strict=True))
    if not fit:
        raise invalid(
            op, "scale_factor", repr(scale_factor), "a number, or 2 of them, that leaves at least one pixel along each axis"
        )
    height, width = (int(n * s) for n, s in zip(x.shape[2:], scales, strict=True))
    return height, width


def resized(pick: Pick) -> tuple[Array, dict[str, Any]]:
    """For domains: an image, and the size or the scale that it is resized to."""
    n, channels = pick.size(1, 2), pick.size(1, 2)
    if pick.one_of(False, True):
        size = spelled(pick, (pick.size(1, 6), pick.size(1, 6)))
        return pick.floats(n, channels, pick.size(), pick.size()), {"size": size, "scale_factor": None}
    scale = pick.one_of(2, 0.5, 1.5, (3, 1), (0.5, 2.0))  # an image of half a pixel has none
    return pick.floats(n, channels, pick.size(2, 4), pick.size(2, 4)), {"size": None, "scale_factor": scale}
