"""Transposed convolution of sequences: the gradient of a convolution with respect to its input, as a layer of its own.

Each element of x adds its kernel to the output, multiplied by the element. Where kernels overlap they are summed:

    y_n,o,i = bias_o + sum_c,k,t x_n,c,t weight_c,o,k [i = stride * t + dilation * k - padding]

What falls outside the output is cut off; c runs over the C/groups channels in the group of o.

Derivation.  x_n,c,t and weight_c,o,k are multiplied in one element i of the output. Their gradients come from its cotangent:

    dx_n,c,t = sum_o,k weight_c,o,k dout_n,o,i         i = stride * t + dilation * k - padding
    dweight_c,o,k = sum_n,t x_n,c,t dout_n,o,i
    dbias_o = sum_n,i dout_n,o,i

dout is 0 outside the output. dx is the convolution of dout with this weight, of the same stride, padding and dilation. As
matrices (see convolution.py): y = U' W' x + b, dx = W U dout, dW = x (U dout)'.

Shapes: x (N, C, L), weight (C, O/groups, kL), bias (O,), y (N, O, L') with
L' = (L - 1) stride + dilation (kL - 1) + 1 + output_padding - 2 padding; see conv_transpose2d.py on output_padding. PyTorch does
the same. Keras and tf.nn hold the weight as (kL, O/groups, C); jax.lax.conv_transpose and flax as (kL, C, O), and flipped.
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
    """y = U' W' x + bias. x (N, C, L), weight (C, O/groups, kL), bias (O,) -> y (N, O, L').

    Raises ValueError where dtypes or shapes do not fit, groups does not divide the channels of x, output_padding is not less than
    stride, or padding leaves nothing of the output.
    """
    windows, size = transposed_windows(
        "conv_transpose1d",
        1,
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
    y += bias[:, None]
    return y, cache


def backward(dout: Array, cache: Cache) -> tuple[Array, Array, Array]:
    """dout (N, O, L') -> dx (N, C, L), dweight (C, O/groups, kL), dbias (O,)."""
    dx, dweight = transpose_backward(dout, cache)
    return dx, dweight, dout.sum(axis=(0, 2))


def domain(pick: Pick) -> Arguments:
    return transposed(pick, 1)


_SEQUENCES, _KERNELS = (2, 4, 5), (4, 6, 3)

CASES = [
    Case("generic", arguments(_SEQUENCES, _KERNELS, bias=6)),
    Case("one", arguments((1, 1, 1), (1, 1, 1), bias=1)),
    Case("odd", arguments((3, 1, 7), (1, 5, 3), bias=5), {"padding": 1}),
    Case("stride", arguments(_SEQUENCES, _KERNELS, bias=6), {"stride": 2, "padding": 1}),
    Case("gaps_between_kernels", arguments(_SEQUENCES, _KERNELS, bias=6), {"stride": 4}),
    Case("output_padding", arguments(_SEQUENCES, _KERNELS, bias=6), {"stride": (3,), "padding": (1,), "output_padding": (2,)}),
    Case("dilated", arguments(_SEQUENCES, _KERNELS, bias=6), {"dilation": 2, "padding": 1}),
    Case("grouped", arguments(_SEQUENCES, (4, 3, 3), bias=6), {"groups": 2}),
    Case(
        "all_options",
        arguments(_SEQUENCES, (4, 3, 3), bias=6),
        {"stride": 3, "padding": 2, "output_padding": 1, "dilation": 2, "groups": 2},
    ),
    Case("large", arguments((4, 16, 65), (16, 8, 5), bias=8), {"stride": 2, "padding": 2, "output_padding": 1}),
]
