"""Losses of margins, similarities and alignments: the ValueErrors for invalid arguments."""

import numpy as np

from reference import OPS
from tests.reference.bad_input import Row, ones


def _ctc(**others: object) -> object:
    """Two samples of four frames and three classes, with labels 1 2 and 1, except for what is given."""
    legal = {"labels": np.array([[1, 2], [1, 0]]), "input_lengths": np.array([4, 3]), "label_lengths": np.array([2, 1])}
    return OPS["ctc"].forward(ones(2, 4, 3), **{**legal, **others})


BAD: list[Row] = [
    (
        "hinge",
        lambda: OPS["hinge"].forward(ones(2), labels=np.array([0.0, 1.0])),
        r"labels is \[0\.0\] among others; wanted -1 or 1",
    ),
    ("hinge", lambda: OPS["hinge"].forward(ones(2), labels=np.array([-1, 1])), "labels is of dtype int64; wanted floats"),
    ("hinge", lambda: OPS["hinge"].forward(ones(0), labels=ones(0)), "'mean' of no elements"),
    (
        "squared_hinge",
        lambda: OPS["squared_hinge"].forward(ones(2, 1), labels=ones(2)),
        r"labels is of shape \(2,\); wanted \(2, 1\)",
    ),
    (
        "multi_margin",
        lambda: OPS["multi_margin"].forward(ones(2, 3), labels=np.array([0, 3])),
        r"labels is \[3\] among others; wanted 0 to 2",
    ),
    ("multi_margin", lambda: OPS["multi_margin"].forward(ones(1, 3), labels=np.array([0]), p=3), "p is 3; wanted 1 or 2"),
    (
        "multi_margin",
        lambda: OPS["multi_margin"].forward(ones(1, 3), labels=np.array([0]), weight=ones(2)),
        r"weight is of shape \(2,\); wanted \(3,\)",
    ),
    (
        "hinge_embedding",
        lambda: OPS["hinge_embedding"].forward(ones(2), labels=np.array([2.0, 1.0])),
        r"labels is \[2\.0\] among others; wanted -1 or 1",
    ),
    (
        "margin_ranking",
        lambda: OPS["margin_ranking"].forward(ones(2), ones(1), labels=ones(2)),
        r"x2 is of shape \(1,\); wanted \(2,\), the shape of x1",
    ),
    (
        "triplet_margin",
        lambda: OPS["triplet_margin"].forward(ones(2, 3), ones(2, 3), ones(1, 3)),
        r"negative is of shape \(1, 3\); wanted \(2, 3\), the shape of anchor",
    ),
    (
        "triplet_margin",
        lambda: OPS["triplet_margin"].forward(ones(3), ones(3), ones(3)),
        r"anchor is of shape \(3,\); wanted \(N, D\)",
    ),
    ("triplet_margin", lambda: OPS["triplet_margin"].forward(*[ones(2, 3)] * 3, p=0.5), r"p is 0\.5; wanted 1 <= p < inf"),
    (
        "cosine_embedding",
        lambda: OPS["cosine_embedding"].forward(ones(2, 3), ones(2, 3), labels=ones(3)),
        r"labels is of shape \(3,\); wanted \(2,\)",
    ),
    ("cosine_similarity", lambda: OPS["cosine_similarity"].forward(ones(2), ones(2), axis=1), "axis is 1; wanted an axis of x1"),
    ("cosine_similarity", lambda: OPS["cosine_similarity"].forward(ones(2), ones(2), eps=0.0), r"eps is 0\.0; wanted eps > 0"),
    (
        "focal",
        lambda: OPS["focal"].forward(ones(2), labels=np.array([-1.0, 1.0])),
        r"labels is \[-1\.0\] among others; wanted 0 to 1",
    ),
    ("focal", lambda: OPS["focal"].forward(ones(2), labels=ones(2), gamma=-1.0), r"gamma is -1\.0; wanted gamma >= 0"),
    ("focal", lambda: OPS["focal"].forward(ones(2), labels=ones(2), alpha=2.0), r"alpha is 2\.0; wanted 0 <= alpha <= 1"),
    (
        "dice",
        lambda: OPS["dice"].forward(ones(2, 3), labels=ones(2, 3), axis=(1, -1)),
        r"axis is \(1, -1\); wanted different axes of p",
    ),
    (
        "dice",
        lambda: OPS["dice"].forward(ones(2), labels=ones(2), eps=0.0),
        r"smooth, eps is 0\.0, 0\.0; wanted none negative, one positive",
    ),
    (
        "ctc",
        lambda: _ctc(labels=np.array([[1, 2], [0, 0]])),
        r"labels is \[0\] among others; wanted 0 to 2, and not the blank, 0",
    ),
    ("ctc", lambda: _ctc(labels=np.array([[1, 3], [1, 0]])), r"labels is \[3\] among others; wanted 0 to 2"),
    ("ctc", lambda: _ctc(input_lengths=np.array([4, 5])), r"input_lengths is \[4 5\]; wanted 1 to 4"),
    ("ctc", lambda: _ctc(label_lengths=np.array([3, 1])), r"label_lengths is \[3 1\]; wanted 0 to 2"),
    (
        "ctc",
        lambda: _ctc(labels=np.array([[2, 2], [1, 0]]), input_lengths=np.array([2, 3])),
        r"labels is 2 long in sample 0, which takes 3 frames; wanted at most input_lengths, \[2 3\]",
    ),
    ("ctc", lambda: _ctc(blank=3), "blank is 3; wanted 0 to 2"),
    (
        "info_nce",
        lambda: OPS["info_nce"].forward(ones(3, 2), ones(2, 2)),
        r"keys is of shape \(2, 2\); wanted \(M, 2\) with M >= 3",
    ),
    (
        "info_nce",
        lambda: OPS["info_nce"].forward(ones(2, 2), ones(3, 2), symmetric=True),
        r"keys is of shape \(3, 2\); wanted \(2, 2\)",
    ),
    (
        "info_nce",
        lambda: OPS["info_nce"].forward(ones(2, 2), ones(2, 2), temperature=0.0),
        r"temperature is 0\.0; wanted temperature > 0",
    ),
]
