"""Models: what is refused at the door, and in which words."""

import numpy as np

from reference import MODELS
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
]
