"""Convolutions: the ValueErrors for invalid arguments."""

from functools import partial
from typing import Any

import numpy as np

from reference import OPS
from tests.reference.bad_input import Row, ones


def _conv(axes: int, *, kernel: int = 3, channels: int = 4, **options: Any) -> Any:
    """A convolution of 4 channels of 5 elements along each axis to 6, with mistakes among the options."""
    x, weight = ones(2, 4, *[5] * axes), ones(6, channels, *[kernel] * axes)
    return OPS[f"conv{axes}d"].forward(x, weight, ones(6), **options)


def _transposed(axes: int, *, channels: int = 4, outputs: int = 6, **options: Any) -> Any:
    """A transposed convolution of 4 channels of 5 elements along each axis to 6 with a kernel of 3, with mistakes."""
    x, weight = ones(2, 4, *[5] * axes), ones(channels, outputs, *[3] * axes)
    return OPS[f"conv_transpose{axes}d"].forward(x, weight, ones(6), **options)


def _depthwise(weight: tuple[int, ...] = (8, 1, 3, 3), **options: Any) -> Any:
    return OPS["depthwise_conv2d"].forward(ones(2, 4, 5, 5), ones(*weight), ones(8), **{"multiplier": 2, **options})


def _separable(depthwise: tuple[int, ...] = (8, 1, 3, 3), pointwise: tuple[int, ...] = (6, 8, 1, 1), **options: Any) -> Any:
    arguments = ones(2, 4, 5, 5), ones(*depthwise), ones(*pointwise), ones(6)
    return OPS["separable_conv2d"].forward(*arguments, **{"multiplier": 2, **options})


_conv2d = OPS["conv2d"].forward

BAD: list[Row] = [
    ("conv2d", lambda: _conv2d(ones(2, 4, 5), ones(6, 4, 3, 3), ones(6)), r"x is of shape \(2, 4, 5\); wanted \(N, C, H, W\)"),
    ("conv2d", lambda: _conv2d(ones(2, 0, 5, 5), ones(6, 0, 3, 3), ones(6)), r"x is of shape \(2, 0, 5, 5\); .*C >= 1"),
    ("conv2d", lambda: _conv2d(ones(2, 4, 5, 5), ones(6, 4, 3), ones(6)), r"weight is of shape .*; wanted \(O, 4, kH, kW\)"),
    ("conv2d", lambda: _conv2d(ones(2, 4, 5, 5), ones(6, 4, 0, 3), ones(6)), r"weight is of shape .*, none of them 0"),
    ("conv2d", lambda: _conv2d(ones(2, 4, 5, 5), ones(6, 4, 3, 3), ones(4)), r"bias is of shape \(4,\); wanted \(6,\)"),
    (
        "conv2d",
        lambda: _conv2d(ones(2, 4, 5, 5), ones(6, 4, 3, 3).astype(np.float32), ones(6)),
        "weight is of dtype float32; wanted float64",
    ),
    ("conv2d", partial(_conv, 2, channels=3), r"weight is of shape \(6, 3, 3, 3\); wanted \(O, 4, kH, kW\)"),
    ("conv2d", partial(_conv, 2, groups=2), r"weight is of shape \(6, 4, 3, 3\); wanted \(O, 2, kH, kW\)"),
    ("conv2d", partial(_conv, 2, groups=3), "groups is 3; wanted a divisor of 4, the channels of x"),
    ("conv2d", partial(_conv, 2, groups=4, channels=1), "groups is 4; wanted a divisor of 6, the channels of the output"),
    ("conv2d", partial(_conv, 2, groups=0), "groups is 0; wanted a divisor of 4"),
    (
        "conv2d",
        partial(_conv, 2, kernel=6),
        r"weight is a kernel that reaches over \(6, 6\); wanted no more than \(5, 5\), the size of x and its padding",
    ),
    ("conv2d", partial(_conv, 2, dilation=(1, 4), padding=1), r"reaches over \(3, 9\); wanted no more than \(7, 7\)"),
    ("conv2d", partial(_conv, 2, stride=0), "stride is 0; wanted an integer of at least 1, or 2 of them"),
    ("conv2d", partial(_conv, 2, stride=(1, 1, 1)), r"stride is \(1, 1, 1\); wanted an integer"),
    ("conv2d", partial(_conv, 2, stride=1.5), r"stride is 1\.5; wanted an integer"),
    ("conv2d", partial(_conv, 2, padding=(0, -1)), r"padding is \(0, -1\); wanted an integer of at least 0"),
    ("conv2d", partial(_conv, 2, padding="same"), "padding is 'same'; wanted an integer of at least 0"),
    ("conv2d", partial(_conv, 2, dilation=0), "dilation is 0; wanted an integer of at least 1"),
    ("conv1d", partial(_conv, 1, kernel=6), r"weight is a kernel that reaches over \(6,\); wanted no more than \(5,\)"),
    ("conv1d", partial(_conv, 1, channels=3), r"weight is of shape \(6, 3, 3\); wanted \(O, 4, kL\)"),
    ("conv1d", partial(_conv, 1, groups=3), "groups is 3; wanted a divisor of 4"),
    ("conv3d", partial(_conv, 3, kernel=6), r"weight is a kernel that reaches over \(6, 6, 6\)"),
    ("conv3d", partial(_conv, 3, channels=3), r"weight is of shape .*; wanted \(O, 4, kD, kH, kW\)"),
    ("conv3d", partial(_conv, 3, stride=(1, 0, 1)), r"stride is \(1, 0, 1\); wanted an integer of at least 1, or 3 of them"),
    ("conv_transpose2d", partial(_transposed, 2, channels=6), r"weight is of shape .*; wanted \(4, O/groups, kH, kW\)"),
    ("conv_transpose2d", partial(_transposed, 2, outputs=2, groups=2), r"bias is of shape \(6,\); wanted \(4,\)"),
    ("conv_transpose2d", partial(_transposed, 2, groups=3), "groups is 3; wanted a divisor of 4, the channels of x"),
    ("conv_transpose2d", partial(_transposed, 2, stride=0), "stride is 0; wanted an integer of at least 1"),
    (
        "conv_transpose2d",
        partial(_transposed, 2, stride=(2, 1), output_padding=1),
        r"output_padding is 1; wanted less than stride, \(2, 1\)",
    ),
    (
        "conv_transpose2d",
        partial(_transposed, 2, padding=(0, 4)),
        r"padding is \(0, 4\); wanted an output of at least 1 .* \(7, -1\)",
    ),
    ("conv_transpose1d", partial(_transposed, 1, channels=6), r"weight is of shape .*; wanted \(4, O/groups, kL\)"),
    ("conv_transpose1d", partial(_transposed, 1, output_padding=1), r"output_padding is 1; wanted less than stride, \(1,\)"),
    (
        "conv_transpose1d",
        lambda: OPS["conv_transpose1d"].forward(ones(2, 4, 0), ones(4, 6, 3), ones(6)),
        r"x is of shape \(2, 4, 0\); wanted no axis of length 0",
    ),
    ("conv_transpose1d", partial(_transposed, 1, padding=4), "padding is 4; wanted an output of at least 1"),
    ("depthwise_conv2d", partial(_depthwise, (8, 4, 3, 3)), r"weight is of shape .*; wanted \(8, 1, kH, kW\)"),
    ("depthwise_conv2d", partial(_depthwise, multiplier=3), r"weight is of shape .*; wanted \(12, 1, kH, kW\)"),
    ("depthwise_conv2d", partial(_depthwise, multiplier=0), "multiplier is 0; wanted an integer of at least 1"),
    ("depthwise_conv2d", partial(_depthwise, (8, 1, 6, 3)), r"weight is a kernel that reaches over \(6, 3\)"),
    ("separable_conv2d", partial(_separable, (4, 1, 3, 3)), r"depthwise_weight is of shape .*; wanted \(8, 1, kH, kW\)"),
    ("separable_conv2d", partial(_separable, (8, 1, 3, 6)), r"depthwise_weight is a kernel that reaches over \(3, 6\)"),
    ("separable_conv2d", partial(_separable, pointwise=(6, 4, 1, 1)), r"pointwise_weight is of shape .*; wanted \(O, 8, 1, 1\)"),
    ("separable_conv2d", partial(_separable, pointwise=(5, 8, 1, 1)), r"bias is of shape \(6,\); wanted \(5,\)"),
]
