"""Separable convolution: a depthwise convolution over space, then a pointwise convolution over channels.

    z = depthwise_conv2d(x, depthwise_weight)            over space, each channel alone, with M kernels for each
    y_n,o,t = bias_o + sum_d pointwise_weight_o,d z_n,d,t        over channels, each position alone

It has k C M + C M O weights for k taps, where a full convolution of the same shapes has k C O.

Derivation.  The vjps of both halves in reverse order; both are linear. The pointwise half has

    dpointwise_o,d = sum_n,t dout_n,o,t z_n,d,t        dz_n,d,t = sum_o pointwise_weight_o,d dout_n,o,t
    dbias_o = sum_n,t dout_n,o,t

and dz is the cotangent of the depthwise half. That has no bias, because the bias of the pointwise half can replace it.

Shapes: x (N, C, H, W), depthwise_weight (C M, 1, kH, kW), pointwise_weight (O, C M, 1, 1), bias (O,), y (N, O, H', W') with
H' and W' as in conv2d; stride, padding and dilation belong to the depthwise half. PyTorch and flax have no such layer: two
convolutions make it. tf.nn.separable_conv2d and keras.layers.SeparableConv2D hold the weights as (kH, kW, C, M) and
(1, 1, C M, O); on a stride together with a dilation see depthwise_conv2d.py.
Source: Chollet, "Xception: deep learning with depthwise separable convolutions", CVPR 2017.
"""

from ..case import Array, Case
from ..domain import Arguments, Pick
from . import convolution
from .convolution import convolve, convolve_backward
from .convolution_arguments import arguments, depthwise, depthwise_windows, require_bias, require_kernel
from .windows import Size, lay

Cache = tuple[convolution.Cache, convolution.Cache]


def forward(
    x: Array,
    depthwise_weight: Array,
    pointwise_weight: Array,
    bias: Array,
    /,
    *,
    stride: Size = 1,
    padding: Size = 0,
    dilation: Size = 1,
    multiplier: int = 1,
) -> tuple[Array, Cache]:
    """y = pointwise(depthwise(x)) + bias.

    x (N, C, H, W), depthwise_weight (C M, 1, kH, kW), pointwise_weight (O, C M, 1, 1), bias (O,) -> y (N, O, H', W').

    Sizes are for both axes, or a pair. Raises ValueError where dtypes or shapes do not fit, or the kernel is larger than
    the padded image.
    """
    name = "separable_conv2d"
    windows = depthwise_windows(
        name, "depthwise_weight", x, depthwise_weight, stride=stride, padding=padding, dilation=dilation, multiplier=multiplier
    )
    require_kernel(name, "pointwise_weight", pointwise_weight, x, ("O", depthwise_weight.shape[0], 1, 1))
    require_bias(name, bias, x, pointwise_weight.shape[0])
    z, over_space = convolve(x, depthwise_weight, windows, groups=x.shape[1])
    each = lay(z.shape[2:], (1, 1), (1, 1), (0, 0), (1, 1))
    y, over_channels = convolve(z, pointwise_weight, each, groups=1)
    y += bias[:, None, None]
    return y, (over_space, over_channels)


def backward(dout: Array, cache: Cache) -> tuple[Array, Array, Array, Array]:
    """dout (N, O, H', W') -> dx, ddepthwise_weight, dpointwise_weight, dbias, in the shapes of forward's arguments."""
    over_space, over_channels = cache
    dz, dpointwise_weight = convolve_backward(dout, over_channels)
    dx, ddepthwise_weight = convolve_backward(dz, over_space)
    return dx, ddepthwise_weight, dpointwise_weight, dout.sum(axis=(0, 2, 3))


def domain(pick: Pick) -> Arguments:
    x, weight, options = depthwise(pick, pick.size(1, 2))
    outputs = pick.size(1, 3)
    return (x, weight, pick.floats(outputs, len(weight), 1, 1, besides=(0.0,)), pick.floats(outputs)), options


_IMAGES, _DEPTHWISE, _POINTWISE = (2, 4, 6, 5), (4, 1, 3, 2), (3, 4, 1, 1)

CASES = [
    Case("generic", arguments(_IMAGES, (8, 1, 3, 2), (3, 8, 1, 1), bias=3), {"multiplier": 2}),
    Case("one", arguments((1, 1, 1, 1), (1, 1, 1, 1), (1, 1, 1, 1), bias=1)),
    Case("odd", arguments((3, 1, 7, 3), (3, 1, 3, 3), (5, 3, 1, 1), bias=5), {"padding": 1, "multiplier": 3}),
    Case("one_kernel_a_channel", arguments(_IMAGES, _DEPTHWISE, _POINTWISE, bias=3)),
    Case("stride_2_on_even_size", arguments((2, 3, 6, 6), (3, 1, 3, 3), (3, 3, 1, 1), bias=3), {"stride": 2, "padding": 1}),
    Case("unequal_strides", arguments(_IMAGES, _DEPTHWISE, _POINTWISE, bias=3), {"stride": (2, 1), "padding": (0, 1)}),
    Case("dilated", arguments(_IMAGES, _DEPTHWISE, _POINTWISE, bias=3), {"dilation": 2, "padding": (2, 1)}),
    Case(
        "all_options",
        arguments(_IMAGES, (8, 1, 3, 2), (3, 8, 1, 1), bias=3),
        {"stride": 2, "padding": (1, 2), "dilation": (2, 1), "multiplier": 2},
    ),
    Case("large", arguments((2, 16, 18, 17), (16, 1, 3, 3), (24, 16, 1, 1), bias=24), {"padding": 1}),
]
