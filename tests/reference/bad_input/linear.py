"""The affine map: the ValueErrors for invalid arguments."""

from reference import OPS
from tests.reference.bad_input import Row, ones

BAD: list[Row] = [
    (
        "linear",
        lambda: OPS["linear"].forward(ones(4, 3), ones(5, 2), ones(2)),
        r"x is of shape \(4, 3\); wanted \(\.\.\., 5\)",
    ),
    ("linear", lambda: OPS["linear"].forward(ones(4, 3), ones(3, 2), ones(3)), r"bias is of shape \(3,\); wanted \(2,\)"),
    ("linear", lambda: OPS["linear"].forward(ones(4, 3), ones(3), ones(3)), r"weight is of shape \(3,\); wanted \(I, O\)"),
    (
        "linear",
        lambda: OPS["linear"].forward(ones(4, 3).astype("float32"), ones(3, 2), ones(2)),
        "weight is of dtype float64; wanted float32",
    ),
]
