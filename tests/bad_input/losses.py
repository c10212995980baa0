"""Losses of predictions and labels: what is refused at the door, and in which words."""

import numpy as np

from reference import OPS
from tests.bad_input import Row, ones

BAD: list[Row] = [
    (
        "binary_cross_entropy",
        lambda: OPS["binary_cross_entropy"].forward(ones(2), labels=np.array([True, False])),
        "labels is of dtype bool; wanted floats",
    ),
    ("mse", lambda: OPS["mse"].forward(ones(4, 1), ones(4)), r"target is of shape \(4,\); wanted \(4, 1\)"),
    (
        "mse",
        lambda: OPS["mse"].forward(ones(2), ones(2), reduction="avg"),
        r"reduction is 'avg'; wanted 'none', 'mean' or 'sum'",
    ),
    ("mse", lambda: OPS["mse"].forward(ones(0), ones(0)), r"'mean' of no elements"),
    (
        "binary_cross_entropy",
        lambda: OPS["binary_cross_entropy"].forward(ones(2), labels=ones(3)),
        r"labels is of shape \(3,\)",
    ),
    (
        "binary_cross_entropy",
        lambda: OPS["binary_cross_entropy"].forward(ones(2), labels=ones(2), eps=0.5),
        r"eps is 0\.5; wanted",
    ),
    (
        "binary_cross_entropy_with_logits",
        lambda: OPS["binary_cross_entropy_with_logits"].forward(ones(2, 3), labels=ones(2, 3), pos_weight=ones(2)),
        r"pos_weight is of shape \(2,\); wanted one that broadcasts to \(2, 3\)",
    ),
    (
        "cross_entropy",
        lambda: OPS["cross_entropy"].forward(ones(3), labels=np.array([0])),
        r"x is of shape \(3,\); wanted \(N, C\)",
    ),
    (
        "cross_entropy",
        lambda: OPS["cross_entropy"].forward(ones(2, 3), labels=np.array([0, 3])),
        r"labels is \[3\] among others; wanted 0 to 2 or -100",
    ),
    (
        "cross_entropy",
        lambda: OPS["cross_entropy"].forward(ones(2, 3), labels=np.array([0.0, 1.0])),
        r"of dtype float64; wanted integers",
    ),
    (
        "cross_entropy",
        lambda: OPS["cross_entropy"].forward(ones(2, 3), labels=np.array([0, 1]), weight=ones(2)),
        r"weight is of shape \(2,\); wanted \(3,\)",
    ),
    (
        "cross_entropy",
        lambda: OPS["cross_entropy"].forward(ones(2, 3), labels=np.array([-100, -100])),
        r"'mean' over no label; wanted at least one",
    ),
    (
        "cross_entropy",
        lambda: OPS["cross_entropy"].forward(ones(1, 3), labels=np.array([0]), label_smoothing=1.5),
        r"label_smoothing is 1\.5; wanted 0 <= label_smoothing <= 1",
    ),
]
