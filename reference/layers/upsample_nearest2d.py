"""Nearest-neighbour resizing: each pixel of y is the pixel of x in which its centre lies.

    y_ij = x_{r(i) c(j)},    r(i) = floor((i + 1/2) H / OH),   c(j) = floor((j + 1/2) W / OW)

For an integer multiple of the size every pixel is repeated. A centre on the border of two pixels takes the second.

Derivation.  y copies pixels, so the gradient of a pixel of x is the sum over its copies. r and c never decrease, so copies lie
side by side:

    dx_hw = sum over r(i) = h, c(j) = w of dout_ij

Shapes: x (N, C, H, W), y (N, C, OH, OW). size is an integer or (OH, OW); or scale_factor, a number s or (vertical, horizontal),
gives OH = floor(H s).
This is what TensorFlow, Keras and JAX compute, and PyTorch under the name "nearest-exact"; PyTorch's "nearest" takes
floor(i H / OH), half a pixel off, which is the same where OH is a multiple of H. PyTorch and TensorFlow compute the centre in
float32: of one that lies on a border they may take the first pixel.
Source: Odena, Dumoulin and Olah, "Deconvolution and checkerboard artifacts", Distill, 2016.
"""

import numpy as np

from ..case import Array, Case, require_floats
from ..domain import Arguments, Pick
from .avg_pool2d import normal
from .resampling import Scale, output_size, resized
from .windows import Size

Cache = tuple[Array, Array, tuple[int, ...]]


def forward(x: Array, /, *, size: Size | None = None, scale_factor: Scale | None = None) -> tuple[Array, Cache]:
    """x resized by copying. x (N, C, H, W) -> y (N, C, OH, OW).

    Raises ValueError where x is no array of floats of four axes or has no pixel, or size and scale_factor do not fit.
    """
    require_floats("upsample_nearest2d", x=x)
    outputs = output_size("upsample_nearest2d", x, size, scale_factor)
    # In integers, so that no rounding moves a centre across a border.
    rows, columns = ((2 * np.arange(o) + 1) * n // (2 * o) for n, o in zip(x.shape[2:], outputs, strict=True))
    return x[:, :, rows[:, None], columns], (rows, columns, x.shape)


def backward(dout: Array, cache: Cache) -> tuple[Array]:
    """dout (N, C, OH, OW) -> dx (N, C, H, W)."""
    rows, columns, shape = cache
    read_rows, first_row = np.unique(rows, return_index=True)
    read_columns, first_column = np.unique(columns, return_index=True)
    dx = np.zeros_like(dout, shape=shape)
    dx[:, :, read_rows[:, None], read_columns] = np.add.reduceat(np.add.reduceat(dout, first_row, axis=2), first_column, axis=3)
    return (dx,)


def domain(pick: Pick) -> Arguments:
    x, options = resized(pick)
    return (x,), options


CASES = [
    Case("generic", normal(2, 3, 4, 5), {"scale_factor": 2}),
    Case("one", normal(1, 1, 1, 1), {"size": 1}),
    Case("one_to_many", normal(1, 2, 1, 1), {"size": (3, 2)}),
    Case("unequal_scales", normal(2, 3, 4, 5), {"scale_factor": (3, 1)}),
    Case("no_multiple", normal(2, 3, 4, 5), {"size": (7, 8)}),
    Case("fractional_scale", normal(2, 3, 4, 5), {"scale_factor": 1.5}),
    Case("scale_with_a_rest", normal(1, 2, 7, 8), {"scale_factor": (1.3, 1.7)}),
    Case("smaller", normal(2, 3, 7, 8), {"size": (3, 5)}),
    Case("centre_on_a_border", normal(1, 1, 14, 1), {"size": (23, 1)}),
    Case("large", normal(2, 8, 15, 16), {"scale_factor": 2}),
]
