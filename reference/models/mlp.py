"""Multi-layer perceptron: affine maps of any widths, an activation between them, cross entropy on the last logits.

    a_0 = x        z_k = a_k @ W_k + b_k        a_{k+1} = activation(z_k), k < K-1
    L = cross_entropy(z_{K-1}, labels)

The forward stacks one cache per op; the backward pops them.

Shapes: x (N, I), labels (N,) integers, W_k (n_k, n_{k+1}), b_k (n_{k+1},), L ().
Source: Goodfellow, Bengio and Courville, "Deep Learning", 2016, chapter 6.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from reference.activations import relu, sigmoid, softmax, tanh
from reference.case import Array, Case, Inputs, require
from reference.layers import linear
from reference.losses import cross_entropy

Params = dict[str, Array]
ACTIVATIONS = {"relu": relu, "sigmoid": sigmoid, "softmax": softmax, "tanh": tanh}


def init(rng: np.random.Generator, widths: Sequence[int]) -> Params:
    """Weights of variance 2/fan_in (He et al., 2015) and biases of zero, float64, for layers 0 to len(widths) - 2."""
    params = {}
    for k, (inputs, outputs) in enumerate(pairwise(widths)):
        params[f"{k}.weight"] = rng.normal(size=(inputs, outputs)) * np.sqrt(2 / inputs)
        params[f"{k}.bias"] = np.zeros(outputs)
    return params


def predict(params: Params, x: Array, *, activation: str = "relu") -> Array:
    """The logits (N, C) of x (N, I)."""
    return _network(params, x, activation)[0]


def forward(params: Params, x: Array, /, *, labels: Array, activation: str = "relu") -> tuple[Array, Any]:
    """The mean loss. params, x (N, I), labels (N,) -> L ().

    Raises ValueError where shapes do not fit or the activation is unknown.
    """
    logits, network_cache = _network(params, x, activation)
    loss, loss_cache = cross_entropy.forward(logits, labels=labels)
    return loss, (network_cache, activation, loss_cache)


def backward(dout: Array, cache: Any, *, input_gradient: bool = True) -> tuple[Params, Any]:
    """dout () -> dparams, dx (N, I), or None without input_gradient: training does not need it."""
    (linears, activations), activation, loss_cache = cache
    dparams = {}
    (da,) = cross_entropy.backward(dout, loss_cache)
    for k in reversed(range(len(linears))):
        if k < len(activations):
            (da,) = ACTIVATIONS[activation].backward(da, activations[k])
        needed = k > 0 or input_gradient
        da, dparams[f"{k}.weight"], dparams[f"{k}.bias"] = linear.backward(da, linears[k], input_gradient=needed)
    return dparams, da


def _network(params: Params, x: Array, activation: str) -> tuple[Array, Any]:
    require(activation in ACTIVATIONS, "mlp", "activation", repr(activation), f"one of {', '.join(ACTIVATIONS)}")
    depth = len(params) // 2
    linears, activations = [], []
    a = x
    for k in range(depth):
        a, linear_cache = linear.forward(a, params[f"{k}.weight"], params[f"{k}.bias"])
        linears.append(linear_cache)
        if k < depth - 1:
            a, activation_cache = ACTIVATIONS[activation].forward(a)
            activations.append(activation_cache)
    return a, (linears, activations)


def _inputs(n: int, *widths: int) -> Inputs:
    def draw(rng: np.random.Generator) -> tuple[Params, Array]:
        params = init(rng, widths)
        biases = {name: 0.1 * np.asarray(rng.normal(size=b.shape)) for name, b in params.items() if name.endswith("bias")}
        return params | biases, rng.normal(size=(n, widths[0]))

    return draw


def _labels(n: int, classes: int) -> Array:
    """Labels in no regular order."""
    return np.random.default_rng(0).integers(0, classes, size=n)


CASES = [
    Case("generic", _inputs(6, 5, 7, 4), {"labels": _labels(6, 4)}),
    Case("tanh", _inputs(6, 5, 7, 4), {"labels": _labels(6, 4), "activation": "tanh"}),
    Case("sigmoid", _inputs(6, 5, 7, 4), {"labels": _labels(6, 4), "activation": "sigmoid"}),
    Case("softmax", _inputs(6, 5, 7, 4), {"labels": _labels(6, 4), "activation": "softmax"}),
    Case("no_hidden_layer", _inputs(5, 4, 3), {"labels": _labels(5, 3)}),
    Case("deep", _inputs(8, 6, 9, 8, 7, 6, 5), {"labels": _labels(8, 5), "activation": "tanh"}),
    Case("wide", _inputs(32, 64, 48, 10), {"labels": _labels(32, 10)}),
]
