"""Bilinear resizing: each pixel of y is interpolated between the four pixels of x around it.

    y_ij = sum_hw R_ih x_hw C_jw,     R_ih = max(0, 1 - |r(i) - h|),   C_jw = max(0, 1 - |c(j) - w|)

    r(i) = (i + 1/2) H / OH - 1/2, clipped to [0, H - 1]    by default: pixels are squares, images align at their edges
    r(i) = i (H - 1) / (OH - 1), and 0 where OH = 1          with align_corners: pixels are points, the outermost align

The tent max(0, 1 - |t|) weights the two rows next to r(i) by their distances; c(j) is the same for the width.

Derivation.  y is linear in x along each axis, y = R x C^T, and the gradient passes through the transposed maps:

    dx = R^T dout C

An image made smaller in this way is not averaged: pixels between the samples get no gradient.

Shapes: x (N, C, H, W), y (N, C, OH, OW). size is an integer or (OH, OW); or scale_factor, a number s or (vertical, horizontal),
gives OH = floor(H s).
`jax.image.resize` averages unless antialias=False. TensorFlow's kernels compute in float32 for every dtype.
Source: Press et al., "Numerical recipes", 2007, section 3.6.
"""

import numpy as np

from ..case import Array, Case, require_floats
from ..domain import Arguments, Pick
from .avg_pool2d import normal
from .resampling import Scale, output_size, resized
from .windows import Size

Cache = tuple[Array, Array]


def forward(
    x: Array, /, *, size: Size | None = None, scale_factor: Scale | None = None, align_corners: bool = False
) -> tuple[Array, Cache]:
    """x resized by interpolation. x (N, C, H, W) -> y (N, C, OH, OW).

    Raises ValueError where x is no array of floats of four axes or has no pixel, or size and scale_factor do not fit.
    """
    require_floats("upsample_bilinear2d", x=x)
    outputs = output_size("upsample_bilinear2d", x, size, scale_factor)
    rows, columns = (_interpolation(n, o, align_corners, x) for n, o in zip(x.shape[2:], outputs, strict=True))
    return rows @ x @ columns.T, (rows, columns)


def backward(dout: Array, cache: Cache) -> tuple[Array]:
    """dout (N, C, OH, OW) -> dx (N, C, H, W)."""
    rows, columns = cache
    return (rows.T @ dout @ columns,)


def _interpolation(length: int, outputs: int, align_corners: bool, x: Array) -> Array:
    """The matrix (outputs, length) that interpolates along an axis, in the dtype of x."""
    i, h = _counting(outputs, x), _counting(length, x)
    position = i * (length - 1) / max(1, outputs - 1) if align_corners else (2 * i + 1) * length / (2 * outputs) - 0.5
    position = np.minimum(np.maximum(position, 0), length - 1)
    tent: Array = np.maximum(1 - np.abs(position[:, None] - h), 0)
    return tent


def _counting(n: int, x: Array) -> Array:
    """0, 1, ..., n - 1 as an array like x: positions round as data does."""
    numbers = np.zeros_like(x, shape=n)
    numbers[:] = np.arange(n)
    return numbers


def domain(pick: Pick) -> Arguments:
    x, options = resized(pick)
    return (x,), {**options, "align_corners": pick.one_of(False, True)}


CASES = [
    Case("generic", normal(2, 3, 4, 5), {"scale_factor": 2}),
    Case("align_corners", normal(2, 3, 4, 5), {"scale_factor": 2, "align_corners": True}),
    Case("one", normal(1, 1, 1, 1), {"size": 1}),
    Case("one_to_many", normal(1, 2, 1, 1), {"size": (3, 2), "align_corners": True}),
    Case("many_to_one", normal(2, 3, 4, 5), {"size": 1, "align_corners": True}),
    Case("no_multiple", normal(2, 3, 4, 5), {"size": (7, 8)}),
    Case("no_multiple_align_corners", normal(2, 3, 4, 5), {"size": (7, 8), "align_corners": True}),
    Case("fractional_scale", normal(2, 3, 4, 5), {"scale_factor": (1.5, 1)}),
    Case("scale_with_a_rest", normal(1, 2, 7, 8), {"scale_factor": (1.3, 1.7)}),
    Case("smaller", normal(2, 3, 7, 8), {"size": (3, 5)}),
    Case("smaller_align_corners", normal(2, 3, 7, 8), {"size": (3, 5), "align_corners": True}),
    Case("large", normal(2, 8, 15, 16), {"scale_factor": 2}),
]
