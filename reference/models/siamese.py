"""Siamese network: one encoder for three images, trained to embed an anchor nearer to its positive than to its negative.

    e_k = relu(x_k @ W1 + b1) @ W2        k = anchor, positive, negative, all through the same W1, b1, W2
    L = triplet_margin(e_0, e_1, e_2) = 1/N sum_n max(0, |e_0 - e_1 + eps| - |e_0 - e_2 + eps| + margin)

Derivation.  L depends on W through each of its three uses. By the chain rule for a function of several variables, L(W, W, W)
with each use differentiated as if the other two were constants,

    dW = dW_0 + dW_1 + dW_2

This is all that backward needs for shared weights. Each dx_k comes from its own use alone. The embedding has no bias. The loss
depends on differences of embeddings, in which a shared bias cancels: its three gradients would sum to zero.

Shapes: x (3, N, I): anchors, positives, negatives, stacked; e (N, E), L ().
Source: Bromley et al., "Signature verification using a siamese time delay neural network", 1993 (one encoder used twice);
Schroff, Kalenichenko and Philbin, "FaceNet", 2015 (triplets, of squared distances: ours are as in `triplet_margin`).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..activations import relu
from ..case import Array, Case, Inputs, invalid
from ..layers import linear
from ..losses import triplet_margin

Params = dict[str, Array]


def init(rng: np.random.Generator, inputs: int, hidden: int, embedding: int) -> Params:
    """Weights of variance 2/fan_in before the relu (He et al., 2015), of 1/fan_in after it, and a bias of zero, float64."""
    return {
        "hidden.weight": rng.normal(size=(inputs, hidden)) * np.sqrt(2 / inputs),
        "hidden.bias": np.zeros(hidden),
        "embedding.weight": rng.normal(size=(hidden, embedding)) * np.sqrt(1 / hidden),
    }


def predict(params: Params, x: Array) -> Array:
    """The embeddings (N, E) of x (N, I)."""
    return encode(params, x)[0]


def encode(params: Params, x: Array) -> tuple[Array, Any]:
    """x (N, I) -> e (N, E), cache."""
    h, hidden = linear.forward(x, params["hidden.weight"], params["hidden.bias"])
    a, activation = relu.forward(h)
    weight = params["embedding.weight"]
    e, output = linear.forward(a, weight, np.zeros_like(weight[0]))
    return e, (hidden, activation, output)


def encode_backward(de: Array, cache: Any, *, input_gradient: bool = True) -> tuple[Params, Any]:
    """de (N, E) -> dparams of this use of the encoder, dx (N, I) or None."""
    hidden, activation, output = cache
    dparams: Params = {}
    da, dparams["embedding.weight"], _ = linear.backward(de, output)
    (dh,) = relu.backward(da, activation)
    dx, dparams["hidden.weight"], dparams["hidden.bias"] = linear.backward(dh, hidden, input_gradient=input_gradient)
    return dparams, dx


def forward(params: Params, x: Array, /, *, margin: float = 1.0) -> tuple[Array, Any]:
    """The mean loss. params, x (3, N, I) -> L ().

    Raises ValueError where dtypes or shapes do not fit, or there is no triplet.
    """
    if not (x.ndim == 3 and len(x) == 3):
        raise invalid("siamese", "x", f"of shape {x.shape}", "(3, N, I): anchors, positives, negatives")
    anchor, anchor_cache = encode(params, x[0])
    positive, positive_cache = encode(params, x[1])
    negative, negative_cache = encode(params, x[2])
    loss, loss_cache = triplet_margin.forward(anchor, positive, negative, margin=margin)
    return loss, (anchor_cache, positive_cache, negative_cache, loss_cache)


def backward(dout: Array, cache: Any, *, input_gradient: bool = True) -> tuple[Params, Any]:
    """dout () -> dparams, dx (3, N, I), or None without input_gradient."""
    anchor_cache, positive_cache, negative_cache, loss_cache = cache
    danchor, dpositive, dnegative = triplet_margin.backward(dout, loss_cache)
    by_anchor, dx_anchor = encode_backward(danchor, anchor_cache, input_gradient=input_gradient)
    by_positive, dx_positive = encode_backward(dpositive, positive_cache, input_gradient=input_gradient)
    by_negative, dx_negative = encode_backward(dnegative, negative_cache, input_gradient=input_gradient)
    dparams = {name: by_anchor[name] + by_positive[name] + by_negative[name] for name in by_anchor}
    return dparams, np.stack([dx_anchor, dx_positive, dx_negative]) if input_gradient else None


def _inputs(n: int, *sizes: int) -> Inputs:
    def draw(rng: np.random.Generator) -> tuple[Params, Array]:
        params = init(rng, *sizes)
        moved = {name: value + 0.1 * rng.normal(size=value.shape) for name, value in params.items()}  # biases that are not zero
        return moved, rng.normal(size=(3, n, sizes[0]))

    return draw


CASES = [
    Case("generic", _inputs(6, 5, 7, 4), {"margin": 2.0}),
    Case("default_margin", _inputs(6, 5, 7, 4)),
    Case("one", _inputs(1, 3, 5, 2), {"margin": 8.0}),
    Case("some_triplets_are_kept", _inputs(16, 5, 9, 3), {"margin": 0.25}),
    Case("larger", _inputs(32, 64, 48, 8), {"margin": 2.0}),
]
