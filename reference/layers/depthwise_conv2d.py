"""Depthwise convolution: each channel of the image is convolved alone, with M kernels of its own.

    y_n,cM+m,t = bias_cM+m + sum_k weight_cM+m,k x_n,c,i        i = stride * t + dilation * k - padding

t, k and i are pairs (row, column); x is 0 outside its bounds. M is the channel multiplier.

Derivation.  It is conv2d with one group for each channel. y has no sum over channels, and dx has one over the M outputs of a
channel:

    dweight_cM+m,k = sum_n,t dout_n,cM+m,t x_n,c,i
    dx_n,c,j       = sum_m,k,t dout_n,cM+m,t weight_cM+m,k [i = j]
    dbias_cM+m     = sum_n,t dout_n,cM+m,t

Shapes: x (N, C, H, W), weight (C M, 1, kH, kW), bias (C M,), y (N, C M, H', W') with H' and W' as in conv2d. PyTorch: conv2d
with groups=C. TensorFlow and Keras hold the weight as (kH, kW, C, M), flax as (kH, kW, 1, C M). tf.nn.depthwise_conv2d
documents that a stride and a dilation above 1 exclude each other, but raises nothing and computes something else in eager mode
(tensorflow issue 100237). Keras applies one after the other.
Source: Sifre, "Rigid-motion scattering for image classification", thesis, 2014; Howard et al., "MobileNets", arXiv:1704.04861,
2017.
"""

from ..case import Array, Case
from ..domain import Arguments, Pick
from .convolution import Cache, convolve, convolve_backward
from .convolution_arguments import arguments, depthwise, depthwise_windows, require_bias
from .windows import Size


def forward(
    x: Array, weight: Array, bias: Array, /, *, stride: Size = 1, padding: Size = 0, dilation: Size = 1, multiplier: int = 1
) -> tuple[Array, Cache]:
    """y = conv2d of each channel by itself. x (N, C, H, W), weight (C M, 1, kH, kW), bias (C M,) -> y (N, C M, H', W').

    Sizes are for both axes, or a pair. Raises ValueError where dtypes or shapes do not fit, or the kernel is larger than
    the padded image.
    """
    name = "depthwise_conv2d"
    windows = depthwise_windows(
        name, "weight", x, weight, stride=stride, padding=padding, dilation=dilation, multiplier=multiplier
    )
    require_bias(name, bias, x, weight.shape[0])
    y, cache = convolve(x, weight, windows, groups=x.shape[1])
    y += bias[:, None, None]
    return y, cache


def backward(dout: Array, cache: Cache) -> tuple[Array, Array, Array]:
    """dout (N, C M, H', W') -> dx (N, C, H, W), dweight (C M, 1, kH, kW), dbias (C M,)."""
    dx, dweight = convolve_backward(dout, cache)
    return dx, dweight, dout.sum(axis=(0, 2, 3))


def domain(pick: Pick) -> Arguments:
    x, weight, options = depthwise(pick, pick.size(1, 2))
    return (x, weight, pick.floats(len(weight))), options


_IMAGES, _KERNELS = (2, 4, 6, 5), (4, 1, 3, 2)

CASES = [
    Case("generic", arguments(_IMAGES, (8, 1, 3, 2), bias=8), {"multiplier": 2}),
    Case("one", arguments((1, 1, 1, 1), (1, 1, 1, 1), bias=1)),
    Case("odd", arguments((3, 1, 7, 3), (3, 1, 3, 3), bias=3), {"padding": 1, "multiplier": 3}),
    Case("one_kernel_a_channel", arguments(_IMAGES, _KERNELS, bias=4)),
    Case("stride_2_on_even_size", arguments((2, 3, 6, 6), (3, 1, 3, 3), bias=3), {"stride": 2, "padding": 1}),
    Case("unequal_strides", arguments(_IMAGES, _KERNELS, bias=4), {"stride": (2, 1), "padding": (0, 1)}),
    Case("dilated", arguments(_IMAGES, _KERNELS, bias=4), {"dilation": 2, "padding": (2, 1)}),
    Case(
        "all_options",
        arguments(_IMAGES, (8, 1, 3, 2), bias=8),
        {"stride": 2, "padding": (1, 2), "dilation": (2, 1), "multiplier": 2},
    ),
    Case("large", arguments((2, 16, 18, 17), (32, 1, 3, 3), bias=32), {"padding": 1, "multiplier": 2}),
]
