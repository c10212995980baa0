"""Activations: the ValueErrors for invalid arguments."""

import numpy as np

from reference import OPS
from tests.reference.bad_input import Row, ones

BAD: list[Row] = [
    ("relu", lambda: OPS["relu"].forward(np.array([1, 2])), "x is of dtype int64; wanted floats"),
    ("sigmoid", lambda: OPS["sigmoid"].forward([1.0, 2.0]), "x is a list; wanted an array of floats"),
    ("glu", lambda: OPS["glu"].forward(ones(2, 3)), r"x is of shape \(2, 3\); wanted an even length of axis -1"),
    ("prelu", lambda: OPS["prelu"].forward(ones(2, 3), ones(2)), r"weight is of shape \(2,\); wanted \(3,\) or \(1,\)"),
    ("softplus", lambda: OPS["softplus"].forward(ones(2), beta=0.0), r"beta is 0\.0; wanted beta > 0"),
    (
        "hard_tanh",
        lambda: OPS["hard_tanh"].forward(ones(2), min_value=1.0),
        r"min_value is 1\.0; wanted less than max_value, 1\.0",
    ),
    ("celu", lambda: OPS["celu"].forward(ones(2), alpha=0.0), r"alpha is 0\.0; wanted another number than 0"),
    ("log_softmax", lambda: OPS["log_softmax"].forward(ones(2), axis=1), r"axis is 1; wanted an axis of x"),
    ("softmax", lambda: OPS["softmax"].forward(ones(2, 3), axis=2), r"axis is 2; wanted an axis of x, whose shape is \(2, 3\)"),
    ("softmax", lambda: OPS["softmax"].forward(ones(2, 0)), r"x is of shape \(2, 0\)"),
]
