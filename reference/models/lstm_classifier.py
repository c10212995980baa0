"""A sequence classifier: a long short-term memory reads the sequence, and a linear layer classifies its last hidden state.

    h_t, c_t = lstm_cell(x_t, h_{t-1}, c_{t-1}),  h_0 = c_0 = 0
    logits = h_T @ W + b        L = cross_entropy(logits, labels)

Only h_T is used. The cotangents of the outputs y_t and of c_T are zero, and the gradient reaches the first steps through all
later ones. On the digits a step is a row of pixels.

Shapes: x (N, T, C) with T >= 1, labels (N,) integers, lstm.weight_input (C, 4H), lstm.weight_hidden (H, 4H), lstm.bias (4H,),
gates in the order i, f, g, o, W (H, K), L ().
Source: Hochreiter and Schmidhuber, "Long short-term memory", 1997; the forget gate's bias starts at one: Jozefowicz, Zaremba and
Sutskever, "An empirical exploration of recurrent network architectures", ICML 2015.

A trap in porting a training run: torch.nn.LSTM has two biases, bias_ih and bias_hh, and only their sum counts. Each gets the
gradient of the sum and takes the whole step. The sum moves twice as far as the single bias of Keras, flax and this module, as if
its learning rate were doubled. The adapter keeps bias_hh at zero (requires_grad_(False)).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..case import Array, Case, Inputs, invalid
from ..layers import linear, lstm
from ..losses import cross_entropy

Params = dict[str, Array]


def init(rng: np.random.Generator, inputs: int, hidden: int, classes: int) -> Params:
    """Weights of variance 1/fan_in, biases of zero but for the forget gate's, which are one; float64."""
    bias = np.zeros(4 * hidden)
    bias[hidden : 2 * hidden] = 1
    return {
        "lstm.weight_input": rng.normal(size=(inputs, 4 * hidden)) / np.sqrt(inputs),
        "lstm.weight_hidden": rng.normal(size=(hidden, 4 * hidden)) / np.sqrt(hidden),
        "lstm.bias": bias,
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
    logits, (y, lstm_cache, output_cache) = _network(params, x)
    loss, loss_cache = cross_entropy.forward(logits, labels=labels)
    return loss, (y, lstm_cache, output_cache, loss_cache)


def backward(dout: Array, cache: Any, *, input_gradient: bool = True) -> tuple[Params, Any]:
    """dout: dL () -> dparams, dx (N, T, C), or None without input_gradient."""
    y, lstm_cache, output_cache, loss_cache = cache
    dparams: Params = {}
    (dlogits,) = cross_entropy.backward(dout, loss_cache)
    dh_last, dparams["output.weight"], dparams["output.bias"] = linear.backward(dlogits, output_cache)
    dy, dc_last = np.zeros_like(y), np.zeros_like(dh_last)
    dx, _, _, *dlstm = lstm.backward((dy, dh_last, dc_last), lstm_cache, input_gradient=input_gradient)
    dparams["lstm.weight_input"], dparams["lstm.weight_hidden"], dparams["lstm.bias"] = dlstm
    return dparams, dx


def _network(params: Params, x: Array) -> tuple[Array, Any]:
    inputs = len(params["lstm.weight_input"])
    fits = x.ndim == 3 and x.shape[1] > 0 and x.shape[2] == inputs
    if not fits:
        raise invalid("lstm_classifier", "x", f"of shape {x.shape}", f"(N, T, {inputs}) with T >= 1")
    weight_hidden = params["lstm.weight_hidden"]
    rest = np.zeros_like(weight_hidden, shape=(len(x), len(weight_hidden)))
    (y, h_last, _), lstm_cache = lstm.forward(x, rest, rest, params["lstm.weight_input"], weight_hidden, params["lstm.bias"])
    logits, output_cache = linear.forward(h_last, params["output.weight"], params["output.bias"])
    return logits, (y, lstm_cache, output_cache)


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
