"""Average pooling of sequences: the mean of each window.

    y_o = (1 / n_o) sum_k x_{o * stride + k - padding},   k = 0 .. K - 1

with n_o = K (the padding counts, as zeros), or without count_include_pad the number of elements of x in the window.

Derivation.  As for images (`avg_pool2d`): an element gets its share of every window that it lies in,

    dx_i = sum over the windows o that hold i of dout_o / n_o

Shapes: x (N, C, L), y (N, C, O), O = floor((L + 2 padding - K) / stride) + 1. PyTorch and flax count the padding by default,
TensorFlow and Keras never do.
Source: Goodfellow, Bengio and Courville, "Deep Learning", 2016, section 9.3.
"""

from ..case import Array, Case, require_floats
from ..domain import Arguments, Pick
from . import avg_pool2d
from .avg_pool2d import Cache, normal
from .windows import Size, pooled, slide


def forward(
    x: Array, /, *, kernel_size: Size, stride: Size | None = None, padding: Size = 0, count_include_pad: bool = True
) -> tuple[Array, Cache]:
    """The mean of each window. x (N, C, L) -> y (N, C, O).

    Raises ValueError where x is no array of floats of three axes, or the windows do not fit.
    """
    require_floats("avg_pool1d", x=x)
    return avg_pool2d.mean(x, slide("avg_pool1d", x, 1, kernel_size, stride, padding), count_include_pad)


def backward(dout: Array, cache: Cache) -> tuple[Array]:
    """dout (N, C, O) -> dx (N, C, L)."""
    return avg_pool2d.backward(dout, cache)


def domain(pick: Pick) -> Arguments:
    shape, windows = pooled(pick, 1, dilated=False)
    return (pick.floats(*shape),), {**windows, "count_include_pad": pick.one_of(True, False)}


CASES = [
    Case("generic", normal(2, 3, 8), {"kernel_size": 2}),
    Case("one", normal(1, 1, 1), {"kernel_size": 1}),
    Case("padding_counts", normal(2, 3, 9), {"kernel_size": 3, "stride": 2, "padding": 1, "count_include_pad": True}),
    Case("padding_left_out", normal(2, 3, 9), {"kernel_size": 3, "stride": 2, "padding": 1, "count_include_pad": False}),
    Case("overlapping", normal(2, 3, 9), {"kernel_size": 4, "stride": 1}),
    Case("large", normal(4, 16, 63), {"kernel_size": 5, "stride": 3, "padding": 2}),
]
