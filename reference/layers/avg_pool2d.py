"""Average pooling of images: the mean of each window.

    y_o = (1 / n_o) sum_k x_{o * stride + k - padding},   k over the kernel

with n_o the number of places of the kernel (the padding counts, as zeros), or without count_include_pad the number of elements of
x under it.

Derivation.  Each element of a window enters with weight 1 / n_o, so it gets that share of every window that it lies in:

    dx_i = sum over the windows o that hold i of dout_o / n_o

Shapes: x (N, C, H, W), y (N, C, OH, OW); kernel_size, stride (by default kernel_size) and padding are an integer or (vertical,
horizontal). Frameworks differ at the border. By default PyTorch and flax count the padding. TensorFlow and Keras do not; they pad
only as much as "SAME" needs, and more at the end than at the start.
Source: LeCun et al., "Gradient-based learning applied to document recognition", Proceedings of the IEEE 86, 1998.
"""

import numpy as np

from ..case import Array, Case, Inputs, require_floats
from ..domain import Arguments, Pick
from .windows import Size, Windows, pooled, slide

Cache = tuple[Array, tuple[int, ...], Windows]


def forward(
    x: Array, /, *, kernel_size: Size, stride: Size | None = None, padding: Size = 0, count_include_pad: bool = True
) -> tuple[Array, Cache]:
    """The mean of each window. x (N, C, H, W) -> y (N, C, OH, OW).

    Raises ValueError where x is no array of floats of four axes, or the windows do not fit.
    """
    require_floats("avg_pool2d", x=x)
    return mean(x, slide("avg_pool2d", x, 2, kernel_size, stride, padding), count_include_pad)


def backward(dout: Array, cache: Cache) -> tuple[Array]:
    """dout (N, C, OH, OW) -> dx (N, C, H, W)."""
    counts, shape, windows = cache
    share = dout / counts
    dx = np.zeros_like(dout, shape=shape)
    for those, elements in windows.taps:
        dx[elements] += share[those]
    return (dx,)


def mean(x: Array, windows: Windows, count_include_pad: bool) -> tuple[Array, Cache]:
    """The mean of each window, over any number of spatial axes."""
    counts = np.array(len(windows.taps)) if count_include_pad else windows.held()
    counts = counts.astype(x.dtype)
    y = windows.full(x, 0)
    for those, elements in windows.taps:
        y[those] += x[elements]
    y /= counts
    return y, (counts, x.shape, windows)


def normal(*shape: int) -> Inputs:
    """Normal numbers."""
    return lambda rng: (rng.normal(size=shape),)


def domain(pick: Pick) -> Arguments:
    shape, windows = pooled(pick, 2, dilated=False)
    return (pick.floats(*shape),), {**windows, "count_include_pad": pick.one_of(True, False)}


_PADDED = {"kernel_size": 3, "stride": 2, "padding": 1}

CASES = [
    Case("generic", normal(2, 3, 6, 8), {"kernel_size": 2}),
    Case("one", normal(1, 1, 1, 1), {"kernel_size": 1}),
    Case("padding_counts", normal(2, 3, 7, 7), {**_PADDED, "count_include_pad": True}),
    Case("padding_left_out", normal(2, 3, 7, 7), {**_PADDED, "count_include_pad": False}),
    Case("same", normal(2, 3, 7, 7), {"kernel_size": 3, "stride": 1, "padding": 1, "count_include_pad": False}),
    Case("stride_leaves_a_rest", normal(2, 1, 7, 8), {"kernel_size": 2, "stride": 3}),
    Case("oblong", normal(1, 2, 7, 7), {"kernel_size": (3, 2), "stride": (1, 2), "padding": (1, 0), "count_include_pad": False}),
    Case("whole_image", normal(2, 3, 6, 8), {"kernel_size": (6, 8)}),
    Case("large", normal(2, 8, 32, 32), _PADDED),
]
