"""Max pooling of images: the largest element of each window.

    y_o = max_k x_{o * stride + k * dilation - padding},   k over the kernel; the padding is left out

Derivation.  Near a point where the largest element of a window is unique, y is that element and nothing else:

    dx_i = sum over the windows o whose largest element is i of dout_o

forward stores only the tap of the largest element, one byte for each window. If several elements of a window are largest, y has
no derivative: along any one of them it rises with slope 1 and falls with slope 0. Here the first of them in row-major order gets
the whole gradient, as in PyTorch, TensorFlow and JAX. Any other distribution among them is a subgradient as well.

Shapes: x (N, C, H, W), y (N, C, OH, OW); kernel_size, stride (by default kernel_size), padding and dilation are an integer
or (vertical, horizontal). PyTorch raises for padding of more than half the kernel; here every window must hold an element of x.
Source: Scherer, Mueller and Behnke, "Evaluation of pooling operations in convolutional architectures", ICANN 2010.
"""

import numpy as np

from ..case import Array, Case, Inputs, require_floats
from ..domain import Arguments, Pick
from .windows import Size, Windows, pooled, slide

Cache = tuple[Array, tuple[int, ...], Windows]


def forward(
    x: Array, /, *, kernel_size: Size, stride: Size | None = None, padding: Size = 0, dilation: Size = 1
) -> tuple[Array, Cache]:
    """The maximum of each window. x (N, C, H, W) -> y (N, C, OH, OW).

    Raises ValueError where x is no array of floats of four axes, or the windows do not fit.
    """
    require_floats("max_pool2d", x=x)
    return largest(x, slide("max_pool2d", x, 2, kernel_size, stride, padding, dilation))


def backward(dout: Array, cache: Cache) -> tuple[Array]:
    """dout (N, C, OH, OW) -> dx (N, C, H, W)."""
    winner, shape, windows = cache
    dx = np.zeros_like(dout, shape=shape)
    for tap, (those, elements) in enumerate(windows.taps):
        dx[elements] += np.where(winner[those] == tap, dout[those], 0)
    return (dx,)


def largest(x: Array, windows: Windows) -> tuple[Array, Cache]:
    """The maximum of each window, over any number of spatial axes; the cache holds its tap."""
    y = windows.full(x, -np.inf)
    winner = np.zeros(y.shape, dtype=np.min_scalar_type(len(windows.taps)))
    for tap, (those, elements) in enumerate(windows.taps):
        np.copyto(winner[those], tap, where=x[elements] > y[those])
        np.maximum(y[those], x[elements], out=y[those])
    return y, (winner, x.shape, windows)


def distinct(*shape: int) -> Inputs:
    """Numbers in random order, at distances of half a unit, so that no window has two elements that are nearly its largest."""
    return lambda rng: (0.5 * (rng.permutation(int(np.prod(shape))) - np.prod(shape) // 2).reshape(shape),)


def domain(pick: Pick) -> Arguments:
    shape, windows = pooled(pick, 2)
    return (pick.distinct(*shape),), windows


CASES = [
    Case("generic", distinct(2, 3, 6, 8), {"kernel_size": 2}),
    Case("one", distinct(1, 1, 1, 1), {"kernel_size": 1}),
    Case("overlapping_padded", distinct(2, 3, 7, 7), {"kernel_size": 3, "stride": 2, "padding": 1}),
    Case("stride_leaves_a_rest", distinct(2, 1, 7, 8), {"kernel_size": 2, "stride": 3}),
    Case("oblong", distinct(1, 2, 7, 7), {"kernel_size": (3, 2), "stride": (1, 2), "padding": (1, 0)}),
    Case("dilated", distinct(1, 2, 7, 7), {"kernel_size": 2, "stride": 1, "dilation": 2}),
    Case("dilated_strided_padded", distinct(1, 2, 7, 8), {"kernel_size": 3, "stride": 2, "padding": 1, "dilation": (2, 1)}),
    Case("whole_image", distinct(2, 3, 6, 8), {"kernel_size": (6, 8)}),
    Case("large", distinct(2, 8, 32, 32), {"kernel_size": 3, "stride": 2, "padding": 1}),
    Case("negative", lambda rng: (distinct(1, 1, 7, 7)(rng)[0] - 20,), {"kernel_size": 3, "stride": 2, "padding": 1}),
    Case("tied", lambda rng: (rng.integers(0, 2, size=(1, 2, 4, 4)).astype(float),), {"kernel_size": 2}, kink=True),
]
