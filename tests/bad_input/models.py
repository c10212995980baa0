"""Models and optimizers: what is refused at the door, and in which words."""

import numpy as np

from reference import MODELS, OPTIMIZERS
from tests.bad_input import Row, ones

BAD: list[Row] = [
    (
        "two_layer",
        lambda: MODELS["two_layer"].forward(
            *MODELS["two_layer"].cases[0].inputs(np.random.default_rng(0)), labels=ones(6, 3), loss="l1"
        ),
        r"loss is 'l1'; wanted 'binary_cross_entropy' or 'mse'",
    ),
    (
        "mlp",
        lambda: MODELS["mlp"].forward(
            *MODELS["mlp"].cases[0].inputs(np.random.default_rng(0)),
            labels=np.zeros(6, int),
            state=MODELS["mlp"].cases[0].attrs["state"],
            activation="cube",
        ),
        r"activation is 'cube'; wanted one of relu, sigmoid, softmax, tanh",
    ),
    (
        "lenet",
        lambda: MODELS["lenet"].forward(
            {"conv1.weight": ones(2, 1, 4, 3), "conv1.bias": ones(2)}, ones(1, 1, 8, 8), labels=np.zeros(1, int)
        ),
        r"conv1\.weight is of shape \(2, 1, 4, 3\); wanted a kernel of odd sides",
    ),
    ("sgd", lambda: OPTIMIZERS["sgd"].step(ones(2), ones(3), {}, lr=0.1), r"grad is of shape \(3,\); wanted \(2,\)"),
    ("sgd", lambda: OPTIMIZERS["sgd"].step(ones(2), ones(2), {}, lr=-1.0), r"lr is -1\.0; wanted lr >= 0"),
]
