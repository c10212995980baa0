"""Transposed convolution of images: the gradient of a convolution with respect to its input, as a layer of its own.

Each pixel of x adds its kernel to the output, multiplied by the pixel. Where kernels overlap they are summed:

    y_n,o,i = bias_o + sum_c,k,t x_n,c,t weight_c,o,k [i = stride * t + dilation * k - padding]

t, k and i are pairs (row, column); what falls outside the output is cut off; c runs over the C/groups channels in the group of o.

Derivation.  A convolution with this weight, as (C, O/groups, kH, kW), takes images like y to images like x and is W U as a
matrix (see convolution.py). Here y = U' W' x + b. The gradient of x is therefore that convolution of dout, and in the gradient
of the weight x and dout have exchanged their places:

    dx = W U dout: dx_n,c,t = sum_o,k weight_c,o,k dout_n,o,i         i = stride * t + dilation * k - padding
    dW = x (U dout)': dweight_c,o,k = sum_n,t x_n,c,t dout_n,o,i
    dbias_o = sum_n,i dout_n,o,i

A convolution of stride s maps s sizes of an image to one size. output_padding selects one of them for the output here. It adds
rows and columns at the end alone. padding removes rows and columns; in a convolution it adds them.

Shapes: x (N, C, H, W), weight (C, O/groups, kH, kW), bias (O,), y (N, O, H', W') with
H' = (H - 1) stride + dilation (kH - 1) + 1 + output_padding - 2 padding, and W' likewise. PyTorch does the same, and
lets dilation bound output_padding, too. Keras and tf.nn hold the weight as (kH, kW, O/groups, C); Keras's padding "valid"
lengthens the output to stride * H where the stride exceeds the kernel. jax.lax.conv_transpose and flax hold it as
(kH, kW, C, O) and use the kernel flipped. A weight from here must be flipped, or stored as in Keras with transpose_kernel=True.
Source: Zeiler, Krishnan, Taylor and Fergus, "Deconvolutional networks", CVPR 2010; Dumoulin and Visin, "A guide to convolution
arithmetic for deep learning", arXiv:1603.07285, 2016, chapter 4.
"""

from ..case import Array, Case
from ..domain import Arguments, Pick
from .convolution import Cache, transpose, transpose_backward
from .convolution_arguments import arguments, transposed, transposed_windows
from .windows import Size


def forward(
    x: Array,
    weight: Array,
    bias: Array,
    /,
    *,
    stride: Size = 1,
    padding: Size = 0,
    output_padding: Size = 0,
    dilation: Size = 1,
    groups: int = 1,
) -> tuple[Array, Cache]:
    """y = U' W' x + bias. x (N, C, H, W), weight (C, O/groups, kH, kW), bias (O,) -> y (N, O, H', W').

    Sizes are for both axes, or a pair. Raises ValueError where dtypes or shapes do not fit, groups does not divide the
    channels of x, output_padding is not less than stride, or padding leaves nothing of the output.
    """
    windows, size = transposed_windows(
        "conv_transpose2d",
        2,
        x,
        weight,
        bias,
        stride=stride,
        padding=padding,
        output_padding=output_padding,
        dilation=dilation,
        groups=groups,
    )
    y, cache = transpose(x, weight, windows, size, groups)
    y += bias[:, None, None]
    return y, cache


def backward(dout: Array, cache: Cache) -> tuple[Array, Array, Array]:
    """dout (N, O, H', W') -> dx (N, C, H, W), dweight (C, O/groups, kH, kW), dbias (O,)."""
    dx, dweight = transpose_backward(dout, cache)
    return dx, dweight, dout.sum(axis=(0, 2, 3))


def domain(pick: Pick) -> Arguments:
    return transposed(pick, 2)


_IMAGES, _KERNELS = (2, 4, 3, 4), (4, 6, 3, 2)

CASES = [
    Case("generic", arguments(_IMAGES, _KERNELS, bias=6)),
    Case("one", arguments((1, 1, 1, 1), (1, 1, 1, 1), bias=1)),
    Case("odd", arguments((3, 1, 5, 3), (1, 5, 3, 3), bias=5), {"padding": 1}),
    Case("stride", arguments(_IMAGES, _KERNELS, bias=6), {"stride": (2, 1), "padding": (1, 0)}),
    Case("gaps_between_kernels", arguments(_IMAGES, _KERNELS, bias=6), {"stride": (2, 3)}),
    Case("output_padding", arguments(_IMAGES, _KERNELS, bias=6), {"stride": 2, "padding": 1, "output_padding": (1, 0)}),
    Case("dilated", arguments(_IMAGES, _KERNELS, bias=6), {"dilation": (1, 2), "padding": 1}),
    Case("grouped", arguments(_IMAGES, (4, 3, 3, 2), bias=6), {"groups": 2}),
    Case(
        "all_options",
        arguments(_IMAGES, (4, 3, 3, 2), bias=6),
        {"stride": (2, 3), "padding": (1, 2), "output_padding": 1, "dilation": 2, "groups": 2},
    ),
    Case("large", arguments((2, 16, 9, 8), (16, 8, 3, 3), bias=8), {"stride": 2, "padding": 1, "output_padding": 1}),
]
