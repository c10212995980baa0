"""Convolution of sequences with a bank of kernels: the time-delay neural network. (No kernel is flipped.)

    y_n,o,t = bias_o + sum_c,k weight_o,c,k x_n,c,i        i = stride * t + dilation * k - padding

x is 0 outside its bounds; c runs over the C/groups channels in the group of o.

Derivation.  y is linear in each argument, and a gradient sums over the uses of its element. Tap k meets element j in window
t where stride * t = j + padding - dilation * k, if there is such a window:

    dweight_o,c,k = sum_n,t dout_n,o,t x_n,c,i
    dx_n,c,j      = sum_o,k dout_n,o,t weight_o,c,k        t = (j + padding - dilation * k) / stride, where that is a window
    dbias_o       = sum_n,t dout_n,o,t

With stride 1, k enters t with the opposite sign: dx is dout convolved with the flipped kernel. With a stride, dout is first
spread apart by stride - 1 zeros. As matrices: y = W U x + b (see convolution.py), so dW = dout (U x)' and dx = U' W' dout.

Shapes: x (N, C, L), weight (O, C/groups, kL), bias (O,), y (N, O, L') with
L' = floor((L + 2 padding - dilation (kL - 1) - 1) / stride) + 1. PyTorch does the same. TensorFlow, Keras and flax hold
sequences as (N, L, C) and weights as (kL, C/groups, O).
Source: Waibel, Hanazawa, Hinton, Shikano and Lang, "Phoneme recognition using time-delay neural networks", IEEE Transactions on
Acoustics, Speech, and Signal Processing, 1989.
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
    """y = W U x + bias. x (N, C, L), weight (O, C/groups, kL), bias (O,) -> y (N, O, L').

    Raises ValueError where dtypes or shapes do not fit, groups does not divide the channels, or the kernel is larger than the
    padded sequence.
    """
    windows = convolution_windows("conv1d", 1, x, weight, bias, stride=stride, padding=padding, dilation=dilation, groups=groups)
    y, cache = convolve(x, weight, windows, groups)
    y += bias[:, None]
    return y, cache


def backward(dout: Array, cache: Cache, *, input_gradient: bool = True) -> tuple[Any, Array, Array]:
    """dout (N, O, L') -> dx (N, C, L), dweight (O, C/groups, kL), dbias (O,).

    The first layer of a network in training needs no dx; without input_gradient it is None, and about half of the work saved.
    """
    dx, dweight = convolve_backward(dout, cache, input_gradient=input_gradient)
    return dx, dweight, dout.sum(axis=(0, 2))


def domain(pick: Pick) -> Arguments:
    return convolved(pick, 1)


_SEQUENCES, _KERNELS = (2, 4, 9), (6, 4, 3)

CASES = [
    Case("generic", arguments(_SEQUENCES, _KERNELS, bias=6)),
    Case("one", arguments((1, 1, 1), (1, 1, 1), bias=1)),
    Case("odd", arguments((3, 1, 7), (5, 1, 3), bias=5), {"padding": 1}),
    Case("stride_2_on_even_size", arguments((2, 3, 8), (4, 3, 3), bias=4), {"stride": 2, "padding": 1}),
    Case("elements_left_over", arguments(_SEQUENCES, _KERNELS, bias=6), {"stride": (4,)}),
    Case("dilated", arguments(_SEQUENCES, _KERNELS, bias=6), {"dilation": 3, "padding": 2}),
    Case("grouped", arguments(_SEQUENCES, (6, 2, 3), bias=6), {"groups": 2}),
    Case(
        "all_options",
        arguments(_SEQUENCES, (6, 2, 3), bias=6),
        {"stride": 2, "padding": 3, "dilation": 2, "groups": 2},
    ),
    Case("windows_on_padding", arguments(_SEQUENCES, _KERNELS, bias=6), {"padding": 4}),
    Case("large", arguments((4, 8, 129), (16, 8, 5), bias=16), {"padding": 2}),
]
