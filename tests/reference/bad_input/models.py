"""Models: the ValueErrors for invalid arguments."""

from typing import Any

import numpy as np

from reference import MODELS
from tests.reference.bad_input import Row, ones


def _call(model: str, *wrong: Any, **also_wrong: Any) -> Any:
    """A call of a model on its first case with x, or what comes by keyword, replaced."""
    params, *x = MODELS[model].cases[0].inputs(np.random.default_rng(0))
    return MODELS[model].forward(params, *(wrong or x), **{**MODELS[model].cases[0].attrs, **also_wrong})


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
        "vae",
        lambda: MODELS["vae"].forward(*MODELS["vae"].cases[0].inputs(np.random.default_rng(0)), noise=ones(6, 2)),
        r"noise is of shape \(6, 2\); wanted \(6, 3\), one for each code",
    ),
    (
        "vae",
        lambda: MODELS["vae"].forward(
            *MODELS["vae"].cases[0].inputs(np.random.default_rng(0)), noise=ones(6, 3).astype(np.float32)
        ),
        r"noise is of dtype float32; wanted float64, the dtype of x",
    ),
    (
        "vae",
        lambda: MODELS["vae"].forward(MODELS["vae"].cases[0].inputs(np.random.default_rng(0))[0], ones(0, 5), noise=ones(0, 3)),
        r"x is of shape \(0, 5\); wanted at least one image",
    ),
    (
        "siamese",
        lambda: MODELS["siamese"].forward(MODELS["siamese"].cases[0].inputs(np.random.default_rng(0))[0], ones(2, 6, 5)),
        r"x is of shape \(2, 6, 5\); wanted \(3, N, I\): anchors, positives, negatives",
    ),
    (
        "lenet",
        lambda: MODELS["lenet"].forward(
            {"conv1.weight": ones(2, 1, 4, 3), "conv1.bias": ones(2)}, ones(1, 1, 8, 8), labels=np.zeros(1, int)
        ),
        r"conv1\.weight is of shape \(2, 1, 4, 3\); wanted a kernel of odd sides",
    ),
    ("resnet", lambda: _call("resnet", ones(2, 6, 6)), r"x is of shape \(2, 6, 6\); wanted \(N, 2, H, W\)"),
    ("resnet", lambda: _call("resnet", ones(3, 1, 6, 6)), r"x is of shape \(3, 1, 6, 6\); wanted \(N, 2, H, W\)"),
    ("lstm_classifier", lambda: _call("lstm_classifier", ones(4, 3)), r"x is of shape \(4, 3\); wanted \(N, T, 3\) with T >= 1"),
    ("lstm_classifier", lambda: _call("lstm_classifier", ones(4, 0, 3)), r"x is of shape \(4, 0, 3\); wanted \(N, T, 3\)"),
    ("gru_classifier", lambda: _call("gru_classifier", ones(4, 5, 2)), r"x is of shape \(4, 5, 2\); wanted \(N, T, 3\)"),
    (
        "gru_classifier",
        lambda: _call("gru_classifier", ones(4, 0, 3)),
        r"x is of shape \(4, 0, 3\); wanted \(N, T, 3\) with T >= 1",
    ),
    ("gpt", lambda: _call("gpt", tokens=np.zeros(5, int)), r"tokens is of shape \(5,\); wanted \(N, T\)"),
    (
        "gpt",
        lambda: _call("gpt", labels=np.zeros((2, 4), int)),
        r"labels is of shape \(2, 4\); wanted \(2, 5\), the shape of tokens",
    ),
]
