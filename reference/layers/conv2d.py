"""Convolution of images with a bank of kernels. (Signal processing calls it a cross-correlation: no kernel is flipped.)

    y_n,o,t = bias_o + sum_c,k weight_o,c,k x_n,c,i        i = stride * t + dilation * k - padding

t, k and i are pairs (row, column); x is 0 outside its bounds; c runs over the C/groups channels in the group of o.

Derivation.  y is linear in each argument, and a gradient sums over the uses of its element. A weight is used at each position
of each image, a pixel once by each window and tap that reads it, a bias everywhere:

    dweight_o,c,k = sum_n,t dout_n,o,t x_n,c,i
    dx_n,c,j      = sum_o,k,t dout_n,o,t weight_o,c,k [i = j]
    dbias_o       = sum_n,t dout_n,o,t

dx is the transposed convolution of dout with the same weight. A pixel that no window reads, because of the stride, gets 0.
As matrices: y = W U x + b, where U copies pixels into columns (see convolution.py), so dW = dout (U x)' and dx = U' W' dout.

Shapes: x (N, C, H, W), weight (O, C/groups, kH, kW), bias (O,), y (N, O, H', W') with
H' = floor((H + 2 padding - dilation (kH - 1) - 1) / stride) + 1, and W' likewise. PyTorch does the same. TensorFlow, Keras and
flax hold images as (N, H, W, C) and weights as (kH, kW, C/groups, O). Their padding "SAME" at stride 2, kernel 3 and even size
pads the end alone: its windows start a pixel later than those of padding 1.
Source: LeCun, Bottou, Bengio and Haffner, "Gradient-based learning applied to document recognition", Proc. IEEE 1998;
dilation: Yu and Koltun, ICLR 2016; groups: Krizhevsky, Sutskever and Hinton, NIPS 2012.
"""

from typing import Any

from ..case import Array, Case
from ..domain import Arguments, Pick
from .convolution import Cache, convolve, convolve_backward
from .convolution_arguments import arguments, convolution_windows, convolved
from .windows import Size


def forward(
    x: Array, weight: Array, bias: Array, /, *, stride: Size = 1, padding: Size = 0, dilation: Size = 1, groups: int = 1
) -> tuple[Array, Cache]:
    """y = W U x + bias. x (N, C, H, W), weight (O, C/groups, kH, kW), bias (O,) -> y (N, O, H', W').

    Sizes are for both axes, or a pair. Raises ValueError where dtypes or shapes do not fit, groups does not divide the channels,
    or the kernel is larger than the padded image.
    """
    windows = convolution_windows("conv2d", 2, x, weight, bias, stride=stride, padding=padding, dilation=dilation, groups=groups)
    y, cache = convolve(x, weight, windows, groups)
    y += bias[:, None, None]
    return y, cache


def backward(dout: Array, cache: Cache, *, input_gradient: bool = True) -> tuple[Any, Array, Array]:
    """dout (N, O, H', W') -> dx (N, C, H, W), dweight (O, C/groups, kH, kW), dbias (O,).

    The first layer of a network in training needs no dx; without input_gradient it is None, and about half of the work saved.
    """
    dx, dweight = convolve_backward(dout, cache, input_gradient=input_gradient)
    return dx, dweight, dout.sum(axis=(0, 2, 3))


def domain(pick: Pick) -> Arguments:
    return convolved(pick, 2)


_IMAGES, _KERNELS = (2, 4, 6, 5), (6, 4, 3, 2)

CASES = [
    Case("generic", arguments(_IMAGES, _KERNELS, bias=6)),
    Case("one", arguments((1, 1, 1, 1), (1, 1, 1, 1), bias=1)),
    Case("odd", arguments((3, 1, 7, 3), (5, 1, 3, 3), bias=5), {"padding": 1}),
    Case("pointwise", arguments(_IMAGES, (6, 4, 1, 1), bias=6)),
    Case("stride_2_on_even_size", arguments((2, 3, 6, 6), (4, 3, 3, 3), bias=4), {"stride": 2, "padding": 1}),
    Case("pixels_left_over", arguments(_IMAGES, _KERNELS, bias=6), {"stride": (2, 3), "padding": (0, 1)}),
    Case("dilated", arguments(_IMAGES, _KERNELS, bias=6), {"dilation": 2, "padding": (2, 1)}),
    Case("grouped", arguments(_IMAGES, (6, 2, 3, 2), bias=6), {"groups": 2}),
    Case(
        "all_options",
        arguments(_IMAGES, (6, 2, 3, 2), bias=6),
        {"stride": (1, 2), "padding": (1, 2), "dilation": (2, 1), "groups": 2},
    ),
    Case("windows_on_padding", arguments(_IMAGES, _KERNELS, bias=6), {"padding": (3, 4)}),
    Case("large", arguments((2, 8, 18, 17), (16, 8, 3, 3), bias=16), {"padding": 1}),
]
