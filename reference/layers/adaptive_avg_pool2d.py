"""Adaptive average pooling of images: the caller gives the number of windows, which determines their size.

    y_ij = mean of x_hw over   floor(i H / OH) <= h < ceil((i + 1) H / OH)   and the same for j, w

Where OH does not divide H the windows overlap and differ in height by one.

Derivation.  The mean over a rectangle is a mean over rows of means over columns, so y is linear in x along each axis:

    y = R x C^T,   R_ih = 1 / (height of window i) for h in window i, else 0;  C the same for the width

    dx = R^T dout C

Shapes: x (N, C, H, W), y (N, C, OH, OW); output_size is an integer or (OH, OW).
Source: He et al., "Spatial pyramid pooling in deep convolutional networks for visual recognition", ECCV 2014.
"""

import numpy as np

from ..case import Array, Case, invalid, require_floats
from ..domain import Arguments, Pick
from .avg_pool2d import normal
from .windows import Size, per_axis, spelled

Cache = tuple[Array, Array]


def forward(x: Array, /, *, output_size: Size) -> tuple[Array, Cache]:
    """The mean of each of OH x OW windows. x (N, C, H, W) -> y (N, C, OH, OW).

    Raises ValueError where x is no array of floats of four axes or has no pixel, or output_size is not one.
    """
    require_floats("adaptive_avg_pool2d", x=x)
    if not (x.ndim == 4 and min(x.shape[2:]) > 0):
        raise invalid("adaptive_avg_pool2d", "x", f"of shape {x.shape}", "(N, C, H, W), H, W >= 1")
    outputs = per_axis("adaptive_avg_pool2d", "output_size", output_size, 2)
    rows, columns = (_averages(length, count, x) for length, count in zip(x.shape[2:], outputs, strict=True))
    return rows @ x @ columns.T, (rows, columns)


def backward(dout: Array, cache: Cache) -> tuple[Array]:
    """dout (N, C, OH, OW) -> dx (N, C, H, W)."""
    rows, columns = cache
    return (rows.T @ dout @ columns,)


def _averages(length: int, count: int, x: Array) -> Array:
    """The matrix (count, length) that averages count windows along an axis, in the dtype of x."""
    i, window = np.arange(length), np.arange(count)[:, None]
    inside = (window * length // count <= i) & (i < -(-(window + 1) * length // count))
    averages: Array = inside / inside.sum(axis=1, keepdims=True).astype(x.dtype)
    return averages


def domain(pick: Pick) -> Arguments:
    x = pick.floats(pick.size(1, 2), pick.size(1, 2), pick.size(), pick.size())
    return (x,), {"output_size": spelled(pick, (pick.size(1, 5), pick.size(1, 5)))}


CASES = [
    Case("generic", normal(2, 3, 6, 8), {"output_size": (3, 4)}),
    Case("one", normal(1, 1, 1, 1), {"output_size": 1}),
    Case("sizes_that_do_not_divide", normal(2, 3, 7, 8), {"output_size": (3, 5)}),
    Case("global", normal(2, 3, 7, 8), {"output_size": 1}),
    Case("identity", normal(2, 3, 6, 8), {"output_size": (6, 8)}),
    Case("more_than_there_are", normal(2, 1, 3, 2), {"output_size": 5}),
    Case("large", normal(2, 8, 32, 30), {"output_size": 7}),
]
