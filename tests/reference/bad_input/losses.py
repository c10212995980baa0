"""Losses of predictions and labels: the ValueErrors for invalid arguments."""

import numpy as np

from reference import OPS
from tests.reference.bad_input import Row, ones

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
    ("l1", lambda: OPS["l1"].forward(ones(2, 1), ones(2)), r"target is of shape \(2,\); wanted \(2, 1\), the shape of x"),
    ("l1", lambda: OPS["l1"].forward(ones(0), ones(0)), "'mean' of no elements"),
    ("huber", lambda: OPS["huber"].forward(ones(2), ones(3)), r"target is of shape \(3,\)"),
    ("huber", lambda: OPS["huber"].forward(ones(2), ones(2), delta=0.0), r"delta is 0\.0; wanted delta > 0"),
    ("smooth_l1", lambda: OPS["smooth_l1"].forward(ones(2), ones(3)), r"target is of shape \(3,\)"),
    ("smooth_l1", lambda: OPS["smooth_l1"].forward(ones(2), ones(2), beta=-1.0), r"beta is -1\.0; wanted beta >= 0"),
    (
        "log_cosh",
        lambda: OPS["log_cosh"].forward(ones(2), ones(2).astype("float32")),
        "target is of dtype float32; wanted",
    ),
    (
        "soft_cross_entropy",
        lambda: OPS["soft_cross_entropy"].forward(ones(2, 3), np.array([0, 1])),
        "target is of dtype int64; wanted floats",
    ),
    ("soft_cross_entropy", lambda: OPS["soft_cross_entropy"].forward(ones(2, 3), ones(2, 4)), r"target is of shape \(2, 4\)"),
    ("soft_cross_entropy", lambda: OPS["soft_cross_entropy"].forward(ones(2, 0), ones(2, 0)), r"x is of shape \(2, 0\); wanted"),
    ("soft_cross_entropy", lambda: OPS["soft_cross_entropy"].forward(ones(0, 3), ones(0, 3)), "'mean' of no elements"),
    ("nll", lambda: OPS["nll"].forward(ones(3), labels=np.array([0])), r"log_p is of shape \(3,\); wanted \(N, C\)"),
    ("nll", lambda: OPS["nll"].forward(ones(2, 3), labels=np.array([0])), r"labels is of shape \(1,\); wanted \(2,\)"),
    (
        "nll",
        lambda: OPS["nll"].forward(ones(2, 3), labels=np.array([0, -1])),
        r"labels is \[-1\] among others; wanted 0 to 2",
    ),
    (
        "nll",
        lambda: OPS["nll"].forward(ones(2, 3), labels=np.array([0, 1]), weight=ones(2)),
        r"weight is of shape \(2,\); wanted",
    ),
    ("nll", lambda: OPS["nll"].forward(ones(1, 3), labels=np.array([-100])), "'mean' over no label; wanted at least one"),
    (
        "nll",
        lambda: OPS["nll"].forward(ones(1, 3), labels=np.array([1]), reduction="batchmean"),
        "'batchmean'; wanted 'none'",
    ),
    (
        "kl_div",
        lambda: OPS["kl_div"].forward(ones(2, 3), ones(3)),
        r"target is of shape \(3,\); wanted \(2, 3\), the",
    ),
    ("kl_div", lambda: OPS["kl_div"].forward(ones(0, 3), ones(0, 3), reduction="batchmean"), r"'batchmean' of shape \(0, 3\)"),
    (
        "kl_div",
        lambda: OPS["kl_div"].forward(ones(2, 3), ones(2, 3), reduction="avg"),
        r"reduction is 'avg'; wanted 'none', 'mean', 'sum' or 'batchmean'",
    ),
    ("poisson_nll", lambda: OPS["poisson_nll"].forward(ones(2), ones(3)), r"target is of shape \(3,\); wanted \(2,\)"),
    ("poisson_nll", lambda: OPS["poisson_nll"].forward(ones(2), np.array([1, 2])), "target is of dtype int64; wanted floats"),
    ("poisson_nll", lambda: OPS["poisson_nll"].forward(ones(2), ones(2), eps=-1.0), r"eps is -1\.0; wanted eps >= 0"),
    ("gaussian_nll", lambda: OPS["gaussian_nll"].forward(ones(2), ones(2), ones(1)), r"var is of shape \(1,\); wanted \(2,\)"),
    ("gaussian_nll", lambda: OPS["gaussian_nll"].forward(ones(2), ones(2), ones(2), eps=0.0), r"eps is 0\.0; wanted eps > 0"),
]
