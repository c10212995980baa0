"""Embeddings, positions and the bilinear map: the ValueErrors for invalid arguments."""

import numpy as np

from reference import OPS
from tests.reference.bad_input import Row, ones

BAD: list[Row] = [
    (
        "embedding",
        lambda: OPS["embedding"].forward(ones(4, 3), indices=np.array([0, 4])),
        r"indices is \[4\] among others; wanted 0 to 3",
    ),
    (
        "embedding",
        lambda: OPS["embedding"].forward(ones(4, 3), indices=np.array([-1, 2])),
        r"indices is \[-1\] among others; wanted 0 to 3",
    ),
    (
        "embedding",
        lambda: OPS["embedding"].forward(ones(4, 3), indices=np.array([0.0])),
        "indices is of dtype float64; wanted an array of integers",
    ),
    ("embedding", lambda: OPS["embedding"].forward(ones(4, 3), indices=[0, 1]), "indices is a list; wanted an array of integers"),
    (
        "embedding",
        lambda: OPS["embedding"].forward(ones(4, 3), indices=np.array([0]), padding_idx=4),
        "padding_idx is 4; wanted 0 to 3",
    ),
    (
        "embedding",
        lambda: OPS["embedding"].forward(ones(4), indices=np.array([0])),
        r"weight is of shape \(4,\); wanted \(V, E\)",
    ),
    ("rotary_embedding", lambda: OPS["rotary_embedding"].forward(ones(3, 5)), r"x is of shape \(3, 5\); .* with an even E"),
    ("rotary_embedding", lambda: OPS["rotary_embedding"].forward(ones(3, 4), base=0.0), r"base is 0\.0; wanted base > 0"),
    ("rotary_embedding", lambda: OPS["rotary_embedding"].forward(ones(3, 4), offset=-1), "offset is -1; wanted offset >= 0"),
    (
        "positional_embedding",
        lambda: OPS["positional_embedding"].forward(ones(2, 5, 3), ones(4, 3)),
        r"weight is of shape \(4, 3\); wanted \(M, 3\) with M >= 5",
    ),
    ("positional_embedding", lambda: OPS["positional_embedding"].forward(ones(3), ones(4, 3)), r"x is of shape \(3,\)"),
    (
        "bilinear",
        lambda: OPS["bilinear"].forward(ones(4, 3), ones(5, 2), ones(6, 3, 2), ones(6)),
        r"x2 is of shape \(5, 2\); wanted \(4, 2\)",
    ),
    (
        "bilinear",
        lambda: OPS["bilinear"].forward(ones(4, 2), ones(4, 2), ones(6, 3, 2), ones(6)),
        r"x1 is of shape \(4, 2\); wanted \(N, 3\)",
    ),
    (
        "bilinear",
        lambda: OPS["bilinear"].forward(ones(4, 3), ones(4, 2), ones(6, 3), ones(6)),
        r"weight is of shape \(6, 3\); wanted \(O, I, J\)",
    ),
    (
        "bilinear",
        lambda: OPS["bilinear"].forward(ones(4, 3), ones(4, 2), ones(6, 3, 2), ones(5)),
        r"bias is of shape \(5,\); wanted \(6,\)",
    ),
]
