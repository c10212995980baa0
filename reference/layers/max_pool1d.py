"""Max pooling of sequences: the largest element of each window.

    y_o = max_k x_{o * stride + k * dilation - padding},   k = 0 .. K - 1; the padding is left out

Derivation.  As for images (`max_pool2d`): each window passes its gradient to its largest element,

    dx_i = sum over the windows o whose largest element is i of dout_o

and to the first of them if several are largest.

Shapes: x (N, C, L), y (N, C, O), O = floor((L + 2 padding - dilation (K - 1) - 1) / stride) + 1.
Source: Goodfellow, Bengio and Courville, "Deep Learning", 2016, section 9.3.
"""

import numpy as np

from ..case import Array, Case, require_floats
from ..domain import Arguments, Pick
from . import max_pool2d
from .max_pool2d import Cache, distinct
from .windows import Size, pooled, slide


def forward(
    x: Array, /, *, kernel_size: Size, stride: Size | None = None, padding: Size = 0, dilation: Size = 1
) -> tuple[Array, Cache]:
    """The maximum of each window. x (N, C, L) -> y (N, C, O).

    Raises ValueError where x is no array of floats of three axes, or the windows do not fit.
    """
    require_floats("max_pool1d", x=x)
    return max_pool2d.largest(x, slide("max_pool1d", x, 1, kernel_size, stride, padding, dilation))


def backward(dout: Array, cache: Cache) -> tuple[Array]:
    """dout (N, C, O) -> dx (N, C, L)."""
    return max_pool2d.backward(dout, cache)


def domain(pick: Pick) -> Arguments:
    shape, windows = pooled(pick, 1)
    return (pick.distinct(*shape),), windows


# Each tied element lies in one window only. In two tied windows, the gradient would be a sum of two intervals.
_TIED = np.array([[[0.0, 1.0, 1.0, 0.0, 2.0, 2.0, -1.0, 3.0, 3.0, -1.0]]])

CASES = [
    Case("generic", distinct(2, 3, 8), {"kernel_size": 2}),
    Case("one", distinct(1, 1, 1), {"kernel_size": 1}),
    Case("overlapping_padded", distinct(2, 3, 9), {"kernel_size": 3, "stride": 2, "padding": 1}),
    Case("dilated_strided", distinct(2, 3, 9), {"kernel_size": 2, "stride": 2, "padding": 1, "dilation": 3}),
    Case("stride_leaves_a_rest", distinct(2, 1, 8), {"kernel_size": 2, "stride": 3}),
    Case("large", distinct(4, 16, 63), {"kernel_size": 5, "stride": 3, "padding": 2}),
    Case("tied", lambda rng: (np.ones((1, 2, 8)),), {"kernel_size": 4}, kink=True),
    Case("tied_overlapping", lambda rng: (_TIED,), {"kernel_size": 4, "stride": 3}, kink=True),
]
