"""Layers that move, repeat or pad: the ValueErrors for invalid arguments."""

from reference import OPS
from tests.reference.bad_input import Row, ones

BAD: list[Row] = [
    (
        "upsample_nearest2d",
        lambda: OPS["upsample_nearest2d"].forward(ones(1, 1, 3, 3)),
        r"size is None and scale_factor None; wanted one of the two",
    ),
    (
        "upsample_nearest2d",
        lambda: OPS["upsample_nearest2d"].forward(ones(1, 1, 3, 3), size=0),
        r"size is 0; wanted an integer of at least 1",
    ),
    (
        "upsample_bilinear2d",
        lambda: OPS["upsample_bilinear2d"].forward(ones(1, 1, 3, 3), scale_factor=0.1),
        r"scale_factor is 0\.1; wanted a number, or 2 of them, that leaves at least one pixel",
    ),
    (
        "upsample_bilinear2d",
        lambda: OPS["upsample_bilinear2d"].forward(ones(1, 3, 3), size=4),
        r"x is of shape \(1, 3, 3\); wanted \(N, C, H, W\)",
    ),
    (
        "pixel_shuffle",
        lambda: OPS["pixel_shuffle"].forward(ones(1, 3, 2, 2), upscale_factor=2),
        r"x is of 3 channels; wanted a multiple of 2\^2",
    ),
    ("pixel_shuffle", lambda: OPS["pixel_shuffle"].forward(ones(3, 2, 2), upscale_factor=1), r"x is of shape \(3, 2, 2\)"),
    (
        "pad2d",
        lambda: OPS["pad2d"].forward(ones(1, 1, 3, 3), padding=3, mode="reflect"),
        r"padding is 3; wanted at most 2, to reflect an axis of length 3",
    ),
    (
        "pad2d",
        lambda: OPS["pad2d"].forward(ones(1, 1, 3, 3), padding=1, mode="mirror"),
        r"mode is 'mirror'; wanted 'zero', 'reflect' or 'replicate'",
    ),
    ("pad2d", lambda: OPS["pad2d"].forward(ones(1, 1, 3, 3), padding=-1), r"padding is -1; wanted an integer of at least 0"),
    (
        "flatten",
        lambda: OPS["flatten"].forward(ones(2, 3), start_axis=2),
        r"start_axis is 2; wanted an axis of x, whose shape is \(2, 3\)",
    ),
    (
        "flatten",
        lambda: OPS["flatten"].forward(ones(2, 3, 4), start_axis=2, end_axis=1),
        r"end_axis is 1; wanted an axis not before start_axis, 2",
    ),
]
