"""The network of the lesson: one hidden layer of relu units, sigmoid outputs, a loss on probabilities.

    h = x @ W1 + b1        a = relu(h)        z = a @ W2 + b2        p = sigmoid(z)        L = loss(p, labels)

backward is the forward in the reverse order: each line gives the gradient of its output to the backward of its op, which returns
the gradient of its input.

Shapes: x (N, I), labels and p (N, O), L (); W1 (I, H), b1 (H,), W2 (H, O), b2 (O,).
Source: Rumelhart, Hinton and Williams, "Learning representations by back-propagating errors", Nature 323, 1986.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from ..activations import relu, sigmoid
from ..case import Array, Case, Inputs, invalid
from ..layers import linear
from ..losses import binary_cross_entropy, mse

Params = dict[str, Array]
Loss = Literal["binary_cross_entropy", "mse"]


def init(rng: np.random.Generator, inputs: int, hidden: int, outputs: int) -> Params:
    """Weights of variance 2/fan_in (He et al., 2015) and biases of zero, float64."""
    return {
        "hidden.weight": rng.normal(size=(inputs, hidden)) * np.sqrt(2 / inputs),
        "hidden.bias": np.zeros(hidden),
        "output.weight": rng.normal(size=(hidden, outputs)) * np.sqrt(2 / hidden),
        "output.bias": np.zeros(outputs),
    }


def predict(params: Params, x: Array) -> Array:
    """The probabilities p (N, O) of x (N, I)."""
    return _network(params, x)[0]


def forward(params: Params, x: Array, /, *, labels: Array, loss: Loss = "binary_cross_entropy") -> tuple[Array, Any]:
    """The mean loss. params, x (N, I), labels (N, O) -> L ().

    Raises ValueError where shapes do not fit or the loss is unknown.
    """
    p, network_cache = _network(params, x)
    loss_cache: Any
    if loss == "binary_cross_entropy":
        value, loss_cache = binary_cross_entropy.forward(p, labels=labels)
    else:
        if loss != "mse":
            raise invalid("two_layer", "loss", repr(loss), "'binary_cross_entropy' or 'mse'")
        value, loss_cache = mse.forward(p, labels)
    return value, (network_cache, loss, loss_cache)


def backward(dout: Array, cache: Any, *, input_gradient: bool = True) -> tuple[Params, Any]:
    """dout () -> dparams, dx (N, I), or None without input_gradient: training does not need it."""
    (hidden, activation, output, squash), loss, loss_cache = cache
    if loss == "binary_cross_entropy":
        (dp,) = binary_cross_entropy.backward(dout, loss_cache)
    else:
        dp, _ = mse.backward(dout, loss_cache)
    (dz,) = sigmoid.backward(dp, squash)
    da, dweight2, dbias2 = linear.backward(dz, output)
    (dh,) = relu.backward(da, activation)
    dx, dweight1, dbias1 = linear.backward(dh, hidden, input_gradient=input_gradient)
    return {
        "hidden.weight": dweight1,
        "hidden.bias": dbias1,
        "output.weight": dweight2,
        "output.bias": dbias2,
    }, dx


def _network(params: Params, x: Array) -> tuple[Array, Any]:
    h, hidden = linear.forward(x, params["hidden.weight"], params["hidden.bias"])
    a, activation = relu.forward(h)
    z, output = linear.forward(a, params["output.weight"], params["output.bias"])
    p, squash = sigmoid.forward(z)
    return p, (hidden, activation, output, squash)


def _inputs(n: int, inputs: int, hidden: int, outputs: int) -> Inputs:
    def draw(rng: np.random.Generator) -> tuple[Params, Array]:
        params = init(rng, inputs, hidden, outputs)
        biases = {name: 0.1 * np.asarray(rng.normal(size=b.shape)) for name, b in params.items() if name.endswith("bias")}
        return params | biases, rng.normal(size=(n, inputs))

    return draw


def _saturated(rng: np.random.Generator) -> tuple[Params, Array]:
    """Half the samples are so large that their probabilities are within eps of 0 or 1, where the loss is flat."""
    params, x = _inputs(6, 4, 5, 3)(rng)
    return params, x * np.array([[1], [1], [1], [300], [300], [300]])


def _labels(n: int, outputs: int) -> Array:
    """Zeros and ones in no regular order."""
    return np.random.default_rng(0).integers(0, 2, size=(n, outputs)).astype(float)


XOR_X = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
XOR_Y = np.array([[0.0], [1.0], [1.0], [0.0]])


def xor_params(seed: int = 42, hidden: int = 3) -> Params:
    """The lesson's parameters: np.random.seed(seed); W1 = randn(2, hidden) * 0.1; W2 = randn(hidden, 1) * 0.1; biases 0."""
    rng = np.random.RandomState(seed)  # the legacy generator of the lesson, without its global state
    return {
        "hidden.weight": rng.randn(2, hidden) * 0.1,
        "hidden.bias": np.zeros(hidden),
        "output.weight": rng.randn(hidden, 1) * 0.1,
        "output.bias": np.zeros(1),
    }


CASES = [
    Case("generic", _inputs(6, 4, 5, 3), {"labels": _labels(6, 3)}),
    Case("generic_mse", _inputs(6, 4, 5, 3), {"labels": _labels(6, 3), "loss": "mse"}),
    Case("saturated", _saturated, {"labels": _labels(6, 3)}),
    Case("one", _inputs(1, 1, 1, 1), {"labels": _labels(1, 1)}),
    Case("wide", _inputs(32, 33, 64, 1), {"labels": _labels(32, 1)}),
    # The pre-activation of the row (0, 0) is exactly 0 in every unit while the hidden biases are 0.
    Case("xor_start", lambda rng: (xor_params(), XOR_X), {"labels": XOR_Y}, kink=True),
]
