"""Power-average pooling of images: the p-norm of each window.

    y_o = (sum_k |x_{o * stride + k}|^p)^(1/p),   k over the kernel

Derivation.  With i in window o, dy_o/dx_i = (1/p) (sum |x|^p)^(1/p - 1) * p |x_i|^(p-1) sign(x_i):

    dx_i = sum over the windows o that hold i of dout_o sign(x_i) (|x_i| / y_o)^(p-1)

A power of the ratio |x_i| / y_o <= 1 cannot overflow. forward does not overflow either: it divides by the largest |x| of a
window first, like log-sum-exp. A norm has a kink at the zero vector, and for p = 1 wherever an element is 0; there dx is 0.

Shapes: x (N, C, H, W), y (N, C, OH, OW); kernel_size and stride (by default kernel_size) are an integer or (vertical,
horizontal).
Source: Sermanet, Chintala and LeCun, "Convolutional neural networks applied to house numbers digit classification", ICPR 2012.
PyTorch sums x^p and not |x|^p, and neither TensorFlow nor flax has the layer.
"""

import numpy as np

from ..case import Array, Case, Inputs, invalid, require_floats
from ..domain import Arguments, Pick
from .avg_pool2d import normal
from .windows import Size, Windows, pooled, slide

Cache = tuple[Array, Array, float, Windows]


def forward(x: Array, /, *, norm_type: float, kernel_size: Size, stride: Size | None = None) -> tuple[Array, Cache]:
    """The norm of each window. x (N, C, H, W) -> y (N, C, OH, OW).

    Raises ValueError where x is no array of floats of four axes, norm_type is not in [1, inf), or the windows do not fit.
    """
    require_floats("lp_pool2d", x=x)
    if not 1 <= norm_type < np.inf:
        raise invalid("lp_pool2d", "norm_type", norm_type, "1 <= norm_type < inf")
    windows = slide("lp_pool2d", x, 2, kernel_size, stride)
    magnitude = np.abs(x)
    largest = windows.full(x, 0)
    for those, elements in windows.taps:
        np.maximum(largest[those], magnitude[elements], out=largest[those])
    unit, total = _not_zero(largest), windows.full(x, 0)
    for those, elements in windows.taps:
        total[those] += (magnitude[elements] / unit[those]) ** norm_type
    y = largest * total ** (x.dtype.type(1) / norm_type)
    return y, (x, y, norm_type, windows)


def backward(dout: Array, cache: Cache) -> tuple[Array]:
    """dout (N, C, OH, OW) -> dx (N, C, H, W)."""
    x, y, p, windows = cache
    unit, dx = _not_zero(y), np.zeros_like(x)
    for those, elements in windows.taps:
        ratio = x[elements] / unit[those]
        dx[elements] += dout[those] * np.sign(ratio) * np.abs(ratio) ** (p - 1)
    return (dx,)


def _not_zero(norm: Array) -> Array:
    return np.where(norm > 0, norm, 1)


def _positive(*shape: int) -> Inputs:
    return lambda rng: (0.1 + rng.random(size=shape),)


def _a_zero_window(rng: np.random.Generator) -> tuple[Array]:
    x = rng.normal(size=(1, 2, 4, 4))
    x[:, :, :2, :2] = 0
    return (x,)


def domain(pick: Pick) -> Arguments:
    shape, windows = pooled(pick, 2, dilated=False, padded=False)
    return (pick.floats(*shape, besides=(0.0,)),), {**windows, "norm_type": pick.one_of(2.0, 1.0, 3.0, 4.0, 1.5)}


CASES = [
    Case("generic", normal(2, 3, 6, 8), {"norm_type": 2.0, "kernel_size": 2}),
    Case("one", normal(1, 1, 1, 1), {"norm_type": 2.0, "kernel_size": 1}),
    Case("overlapping", normal(2, 3, 7, 7), {"norm_type": 2.0, "kernel_size": 3, "stride": 2}),
    Case("oblong", normal(1, 2, 7, 7), {"norm_type": 4.0, "kernel_size": (3, 2), "stride": (1, 2)}),
    Case("odd_norm", normal(2, 3, 6, 8), {"norm_type": 3.0, "kernel_size": 2}),
    Case("fractional_norm", _positive(2, 3, 6, 8), {"norm_type": 1.5, "kernel_size": 2}),
    Case("sum_of_magnitudes", normal(2, 3, 6, 8), {"norm_type": 1.0, "kernel_size": 2}),
    Case("large", normal(2, 4, 32, 32), {"norm_type": 2.0, "kernel_size": 3, "stride": 2}),
    Case("zero_window", _a_zero_window, {"norm_type": 2.0, "kernel_size": 2}, kink=True),
    Case("zero_elements", lambda rng: (np.eye(4)[None, None],), {"norm_type": 3.0, "kernel_size": 2}, kink=True),
]
