"""Pooling: the ValueErrors for invalid arguments."""

from reference import OPS
from tests.reference.bad_input import Row, ones

BAD: list[Row] = [
    (
        "max_pool1d",
        lambda: OPS["max_pool1d"].forward(ones(1, 1, 3), kernel_size=4),
        r"kernel_size is 4 and reaches over 4; wanted at most 3, x and its padding",
    ),
    (
        "max_pool1d",
        lambda: OPS["max_pool1d"].forward(ones(1, 1, 3, 3), kernel_size=2),
        r"x is of shape \(1, 1, 3, 3\); wanted \(N, C, L\)",
    ),
    (
        "max_pool2d",
        lambda: OPS["max_pool2d"].forward(ones(1, 1, 3, 3), kernel_size=2, dilation=3),
        r"kernel_size is 2 and reaches over 4; wanted at most 3",
    ),
    (
        "max_pool2d",
        lambda: OPS["max_pool2d"].forward(ones(1, 1, 3, 3), kernel_size=2, padding=2),
        r"padding is 2; wanted less: it leaves window 0 without an element of x",
    ),
    (
        "max_pool2d",
        lambda: OPS["max_pool2d"].forward(ones(1, 1, 3, 3), kernel_size=(2, 2, 2)),
        r"kernel_size is \(2, 2, 2\); wanted an integer of at least 1, or 2 of them",
    ),
    (
        "max_pool2d",
        lambda: OPS["max_pool2d"].forward(ones(1, 1, 3, 3), kernel_size=2, stride=0),
        r"stride is 0; wanted an integer of at least 1",
    ),
    (
        "avg_pool1d",
        lambda: OPS["avg_pool1d"].forward(ones(1, 1, 3), kernel_size=4),
        r"kernel_size is 4 and reaches over 4; wanted at most 3",
    ),
    (
        "avg_pool2d",
        lambda: OPS["avg_pool2d"].forward(ones(1, 1, 3, 3), kernel_size=0),
        r"kernel_size is 0; wanted an integer of at least 1",
    ),
    (
        "avg_pool2d",
        lambda: OPS["avg_pool2d"].forward(ones(1, 1, 3, 3), kernel_size=2, padding=-1),
        r"padding is -1; wanted an integer of at least 0",
    ),
    (
        "adaptive_avg_pool2d",
        lambda: OPS["adaptive_avg_pool2d"].forward(ones(1, 1, 3), output_size=2),
        r"x is of shape \(1, 1, 3\); wanted \(N, C, H, W\)",
    ),
    (
        "adaptive_avg_pool2d",
        lambda: OPS["adaptive_avg_pool2d"].forward(ones(1, 1, 3, 3), output_size=0),
        r"output_size is 0; wanted an integer of at least 1",
    ),
    ("global_avg_pool", lambda: OPS["global_avg_pool"].forward(ones(2, 3)), r"x is of shape \(2, 3\); wanted \(N, C, \.\.\.\)"),
    ("global_avg_pool", lambda: OPS["global_avg_pool"].forward(ones(2, 3, 0)), r"x is of shape \(2, 3, 0\)"),
    (
        "global_max_pool",
        lambda: OPS["global_max_pool"].forward(ones(2, 3, 0)),
        r"x is of shape \(2, 3, 0\); wanted \(N, C, \.\.\.\)",
    ),
    (
        "lp_pool2d",
        lambda: OPS["lp_pool2d"].forward(ones(1, 1, 3, 3), norm_type=0.5, kernel_size=2),
        r"norm_type is 0\.5; wanted 1 <= norm_type < inf",
    ),
    ("lp_pool2d", lambda: OPS["lp_pool2d"].forward(ones(1, 1, 3, 3), norm_type=2, kernel_size=4), r"kernel_size is 4"),
]
