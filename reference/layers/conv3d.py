"""Convolution of volumes or of video with a bank of kernels. (No kernel is flipped.)

    y_n,o,t = bias_o + sum_c,k weight_o,c,k x_n,c,i        i = stride * t + dilation * k - padding

t, k and i are triples (depth, row, column); x is 0 outside its bounds; c runs over the C/groups channels in the group of o.

Derivation.  Nothing depends on the number of axes: y is linear in each argument, and a gradient sums over the uses of its
element,

    dweight_o,c,k = sum_n,t dout_n,o,t x_n,c,i
    dx_n,c,j      = sum_o,k,t dout_n,o,t weight_o,c,k [i = j]
    dbias_o       = sum_n,t dout_n,o,t

As matrices: y = W U x + b, where U copies voxels into columns (see convolution.py), so dW = dout (U x)' and dx = U' W' dout.

Shapes: x (N, C, D, H, W), weight (O, C/groups, kD, kH, kW), bias (O,), y (N, O, D', H', W') with
D' = floor((D + 2 padding - dilation (kD - 1) - 1) / stride) + 1, and H' and W' likewise. PyTorch does the same. TensorFlow, Keras
and flax hold volumes as (N, D, H, W, C) and weights as (kD, kH, kW, C/groups, O).
Source: Ji, Xu, Yang and Yu, "3D convolutional neural networks for human action recognition", ICML 2010; Tran et al., "Learning
spatiotemporal features with 3D convolutional networks", ICCV 2015.
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
    """y = W U x + bias. x (N, C, D, H, W), weight (O, C/groups, kD, kH, kW), bias (O,) -> y (N, O, D', H', W').

    Sizes are for all axes, or a triple. Raises ValueError where dtypes or shapes do not fit, groups does not divide the
    channels, or the kernel is larger than the padded volume.
    """
    windows = convolution_windows("conv3d", 3, x, weight, bias, stride=stride, padding=padding, dilation=dilation, groups=groups)
    y, cache = convolve(x, weight, windows, groups)
    y += bias[:, None, None, None]
    return y, cache


def backward(dout: Array, cache: Cache, *, input_gradient: bool = True) -> tuple[Any, Array, Array]:
    """dout (N, O, D', H', W') -> dx (N, C, D, H, W), dweight (O, C/groups, kD, kH, kW), dbias (O,).

    The first layer of a network in training needs no dx; without input_gradient it is None, and about half of the work saved.
    """
    dx, dweight = convolve_backward(dout, cache, input_gradient=input_gradient)
    return dx, dweight, dout.sum(axis=(0, 2, 3, 4))


def domain(pick: Pick) -> Arguments:
    return convolved(pick, 3)


_VOLUMES, _KERNELS = (2, 4, 4, 5, 3), (4, 4, 2, 3, 2)

CASES = [
    Case("generic", arguments(_VOLUMES, _KERNELS, bias=4)),
    Case("one", arguments((1, 1, 1, 1, 1), (1, 1, 1, 1, 1), bias=1)),
    Case("odd", arguments((1, 1, 3, 5, 3), (3, 1, 3, 3, 1), bias=3), {"padding": (1, 1, 0)}),
    Case("stride_2_on_even_size", arguments((1, 2, 4, 4, 4), (3, 2, 3, 3, 3), bias=3), {"stride": 2, "padding": 1}),
    Case("voxels_left_over", arguments(_VOLUMES, _KERNELS, bias=4), {"stride": (1, 2, 3), "padding": (1, 0, 1)}),
    Case("dilated", arguments(_VOLUMES, _KERNELS, bias=4), {"dilation": 2, "padding": (0, 1, 1)}),
    Case("grouped", arguments(_VOLUMES, (4, 2, 2, 3, 2), bias=4), {"groups": 2}),
    Case(
        "all_options",
        arguments(_VOLUMES, (4, 2, 2, 3, 2), bias=4),
        {"stride": 2, "padding": 1, "dilation": (2, 1, 1), "groups": 2},
    ),
    Case("large", arguments((1, 4, 9, 8, 10), (12, 4, 3, 3, 3), bias=12), {"padding": 1}),
]
