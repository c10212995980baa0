"""A sequence classifier: a gated recurrent unit reads the sequence, and a linear layer classifies its last hidden state.

    h_t = gru_cell(x_t, h_{t-1}),  h_0 = 0
    logits = h_T @ W + b        L = cross_entropy(logits, labels)

Only h_T is used. The cotangents of the outputs y_t are zero, and the gradient reaches the first steps through all later ones. On
the digits a step is a row of pixels.

A gate has one bias here, at the input. The bias at the hidden state is zero and is not trained. In r and z only the sum of the
two counts, as in `lstm_classifier`. If both are trained, each takes the whole step: this happens in PyTorch and Keras, but not in
flax, whose r and z have one bias. In n the second bias is a parameter of its own, because it is inside the reset: r * (h_{t-1} @
W_hn + b_hn). Frameworks train it by default. The adapters prevent that: PyTorch by requires_grad_(False), Keras by a constraint
on its bias (2, 3H), flax by stop_gradient.

Shapes: x (N, T, C) with T >= 1, labels (N,) integers, gru.weight_input (C, 3H), gru.weight_hidden (H, 3H), gru.bias (3H,),
gates in the order r, z, n, W (H, K), L ().
Source: Cho et al., "Learning phrase representations using RNN encoder-decoder", EMNLP 2014; the reset after the matrix product is
that of cuDNN, see `gru_cell`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..case import Array, Case, Inputs, invalid
from ..layers import gru, linear
from ..losses import cross_entropy

Params = dict[str, Array]


def init(rng: np.random.Generator, inputs: int, hidden: int, classes: int) -> Params:
    """Weights of variance 1/fan_in, biases of zero, float64."""
    return {
        "gru.weight_input": rng.normal(size=(inputs, 3 * hidden)) / np.sqrt(inputs),
        "gru.weight_hidden": rng.normal(size=(hidden, 3 * hidden)) / np.sqrt(hidden),
        "gru.bias": np.zeros(3 * hidden),
        "output.weight": rng.normal(size=(hidden, classes)) / np.sqrt(hidden),
        "output.bias": np.zeros(classes),
    }


def predict(params: Params, x: Array) -> Array:
    """The logits (N, K) of x (N, T, C)."""
    return _network(params, x)[0]


def forward(params: Params, x: Array, /, *, labels: Array) -> tuple[Array, Any]:
    """The mean loss. params, x (N, T, C), labels (N,) -> L ().

    Raises ValueError where dtypes or shapes do not fit, or a label is out of range.
    """
    logits, (y, gru_cache, output_cache) = _network(params, x)
    loss, loss_cache = cross_entropy.forward(logits, labels=labels)
    return loss, (y, gru_cache, output_cache, loss_cache)


def backward(dout: Array, cache: Any, *, input_gradient: bool = True) -> tuple[Params, Any]:
    """dout: dL () -> dparams, dx (N, T, C), or None without input_gradient."""
    y, gru_cache, output_cache, loss_cache = cache
    dparams: Params = {}
    (dlogits,) = cross_entropy.backward(dout, loss_cache)
    dh_last, dparams["output.weight"], dparams["output.bias"] = linear.backward(dlogits, output_cache)
    dx, _, *dgru, _ = gru.backward((np.zeros_like(y), dh_last), gru_cache)  # without the hidden state's bias
    dparams["gru.weight_input"], dparams["gru.weight_hidden"], dparams["gru.bias"] = dgru
    return dparams, dx if input_gradient else None


def _network(params: Params, x: Array) -> tuple[Array, Any]:
    inputs = len(params["gru.weight_input"])
    fits = x.ndim == 3 and x.shape[1] > 0 and x.shape[2] == inputs
    if not fits:
        raise invalid("gru_classifier", "x", f"of shape {x.shape}", f"(N, T, {inputs}) with T >= 1")
    weight_hidden, bias = params["gru.weight_hidden"], params["gru.bias"]
    rest = np.zeros_like(weight_hidden, shape=(len(x), len(weight_hidden)))
    (y, h_last), gru_cache = gru.forward(x, rest, params["gru.weight_input"], weight_hidden, bias, np.zeros_like(bias))
    logits, output_cache = linear.forward(h_last, params["output.weight"], params["output.bias"])
    return logits, (y, gru_cache, output_cache)


def _case(identity: str, n: int, steps: int, inputs: int, hidden: int, classes: int) -> Case:
    labels = np.random.default_rng(0).integers(0, classes, size=n)
    return Case(identity, _inputs(n, steps, inputs, hidden, classes), {"labels": labels})


def _inputs(n: int, steps: int, inputs: int, hidden: int, classes: int) -> Inputs:
    def draw(rng: np.random.Generator) -> tuple[Params, Array]:
        params = init(rng, inputs, hidden, classes)
        moved = {name: value + 0.1 * rng.normal(size=value.shape) for name, value in params.items()}  # biases that are not zero
        return moved, rng.normal(size=(n, steps, inputs))

    return draw


CASES = [
    _case("generic", 4, 5, 3, 6, 4),
    _case("one_of_each", 1, 2, 1, 1, 2),
    _case("odd", 3, 7, 5, 3, 3),
    _case("rows_of_digits", 16, 8, 8, 24, 10),
]
