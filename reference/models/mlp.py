"""Multi-layer perceptron with batch normalisation and dropout.

    h_k = a_k @ W_k        n_k = batch_norm(h_k)        r_k = activation(n_k)        a_{k+1} = dropout(r_k)        a_0 = x
    logits = a_K @ W + b                                L = cross_entropy(logits, labels)

forward stacks the caches of each hidden layer. backward pops them; it is the forward in the reverse order. The hidden layers have
no bias, because batch normalisation removes it.

Shapes: x (N, I), labels (N,) integers, W_k (n_k, n_{k+1}), L (). The masks of dropout are arguments, (N, n_{k+1}) for each
hidden layer, and so are the running statistics, which training updates and evaluation uses.
Source: Goodfellow, Bengio and Courville, "Deep Learning", 2016, chapter 6; Ioffe and Szegedy, "Batch normalization", 2015;
Srivastava et al., "Dropout", 2014.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from ..activations import relu, sigmoid, softmax, tanh
from ..case import Array, Case, Inputs, invalid
from ..layers import batch_norm, dropout, linear
from ..losses import cross_entropy

Params = dict[str, Array]
State = dict[str, Array]
ACTIVATIONS = {"relu": relu, "sigmoid": sigmoid, "softmax": softmax, "tanh": tanh}
DETACHED = (1,)


def init(rng: np.random.Generator, widths: Sequence[int]) -> Params:
    """Weights of variance 2/fan_in (He et al., 2015) and biases of zero, float64, for len(widths) - 2 hidden layers."""
    params: Params = {}
    *hidden, (inputs, outputs) = pairwise(widths)
    for k, (before, after) in enumerate(hidden):
        params[f"hidden.{k}.linear.weight"] = rng.normal(size=(before, after)) * np.sqrt(2 / before)
        params[f"hidden.{k}.norm.weight"], params[f"hidden.{k}.norm.bias"] = np.ones(after), np.zeros(after)
    params["output.weight"], params["output.bias"] = rng.normal(size=(inputs, outputs)) * np.sqrt(2 / inputs), np.zeros(outputs)
    return params


def init_state(params: Mapping[str, Array]) -> State:
    """Running statistics before the first step: mean 0 and variance 1."""
    state: State = {}
    for k in range(depth(params)):
        like = params[f"hidden.{k}.norm.weight"]
        state[f"hidden.{k}.norm.running_mean"], state[f"hidden.{k}.norm.running_var"] = np.zeros_like(like), np.ones_like(like)
    return state


def depth(params: Mapping[str, Array]) -> int:
    """The number of hidden layers in params."""
    return sum(name.endswith("linear.weight") for name in params)


def draw_masks(rng: np.random.Generator, n: int, params: Mapping[str, Array], rate: float) -> dict[str, Array]:
    """Masks of dropout for a batch of n: (n, n_{k+1}) of bool for each hidden layer, True with probability 1 - rate."""
    widths = {str(k): len(params[f"hidden.{k}.norm.weight"]) for k in range(depth(params))}
    return {k: rng.random(size=(n, width)) >= rate for k, width in widths.items()}


def predict(params: Params, x: Array, *, state: State, activation: str = "relu") -> Array:
    """The logits (N, C) of x (N, I), in evaluation: running statistics, no dropout."""
    return _network(params, x, state, {}, activation, rate=0.0, training=False, unbiased=True)[0]


def forward(
    params: Params,
    x: Array,
    /,
    *,
    labels: Array,
    state: State,
    masks: Mapping[str, Array] | None = None,
    activation: str = "relu",
    rate: float = 0.5,
    unbiased: bool = True,
) -> tuple[tuple[Array, State], Any]:
    """The mean loss, and the running statistics after the step. params, x (N, I), labels (N,) -> L (), state.

    masks      of dropout, hidden layer -> (N, n_{k+1}) of bool; without them nothing is dropped
    rate       the rate that the masks were drawn with
    unbiased   what the running variance takes, see `reference.layers.batch_norm`

    Raises ValueError where shapes do not fit or the activation is unknown.
    """
    logits, after, network_cache = _network(params, x, state, masks or {}, activation, rate, training=True, unbiased=unbiased)
    loss, loss_cache = cross_entropy.forward(logits, labels=labels)
    return (loss, after), (network_cache, activation, loss_cache)


def backward(dout: tuple[Array, Any], cache: Any, *, input_gradient: bool = True) -> tuple[Params, Any]:
    """dout: dL (), and the running statistics', ignored -> dparams, dx (N, I), or None without input_gradient."""
    (hidden, output_cache), activation, loss_cache = cache
    dparams: Params = {}
    (dlogits,) = cross_entropy.backward(dout[0], loss_cache)
    needed = input_gradient or bool(hidden)
    da, dparams["output.weight"], dparams["output.bias"] = linear.backward(dlogits, output_cache, input_gradient=needed)
    for k, (linear_cache, norm_cache, activation_cache, dropout_cache) in reversed(list(enumerate(hidden))):
        if dropout_cache:
            (da,) = dropout.backward(da, dropout_cache)
        (dn,) = ACTIVATIONS[activation].backward(da, activation_cache)
        dh, dweight, dbias = batch_norm.backward((dn, None, None), norm_cache)
        dparams[f"hidden.{k}.norm.weight"], dparams[f"hidden.{k}.norm.bias"] = dweight, dbias
        needed = input_gradient or k > 0
        da, dparams[f"hidden.{k}.linear.weight"], _ = linear.backward(dh, linear_cache, input_gradient=needed)
    return dparams, da


def _network(
    params: Params,
    x: Array,
    state: State,
    masks: Mapping[str, Array],
    activation: str,
    rate: float,
    training: bool,
    unbiased: bool,
) -> tuple[Array, State, Any]:
    if activation not in ACTIVATIONS:
        raise invalid("mlp", "activation", repr(activation), f"one of {', '.join(ACTIVATIONS)}")
    a, caches, after = x, [], {}
    for k in range(depth(params)):
        weight, norm = params[f"hidden.{k}.linear.weight"], f"hidden.{k}.norm"
        h, linear_cache = linear.forward(a, weight, np.zeros_like(params[f"{norm}.bias"]))
        (n, mean, var), norm_cache = batch_norm.forward(
            h,
            params[f"{norm}.weight"],
            params[f"{norm}.bias"],
            running_mean=state[f"{norm}.running_mean"],
            running_var=state[f"{norm}.running_var"],
            training=training,
            unbiased=unbiased,
        )
        after[f"{norm}.running_mean"], after[f"{norm}.running_var"] = mean, var
        a, activation_cache = ACTIVATIONS[activation].forward(n)
        dropout_cache = None
        if masks:
            a, dropout_cache = dropout.forward(a, mask=masks[str(k)], rate=rate)
        caches.append((linear_cache, norm_cache, activation_cache, dropout_cache))
    logits, output_cache = linear.forward(a, params["output.weight"], params["output.bias"])
    return logits, after, (caches, output_cache)


def _case(identity: str, n: int, *widths: int, masked: bool = True, **options: Any) -> Case:
    rng = np.random.default_rng(0)
    like = init(rng, widths)
    running = {name: value + 0.5 * rng.random(size=value.shape) for name, value in init_state(like).items()}
    masks = {"masks": draw_masks(rng, n, like, options.get("rate", 0.5))} if masked else {}
    attrs = {"labels": rng.integers(0, widths[-1], size=n), "state": running, **masks, **options}
    return Case(identity, _inputs(n, *widths), attrs)


def _inputs(n: int, *widths: int) -> Inputs:
    def draw(rng: np.random.Generator) -> tuple[Params, Array]:
        params = init(rng, widths)
        moved = {name: value + 0.1 * rng.normal(size=value.shape) for name, value in params.items()}  # biases that are not zero
        return moved, rng.normal(size=(n, widths[0]))

    return draw


CASES = [
    _case("generic", 6, 5, 7, 4),
    _case("without_dropout", 6, 5, 7, 4, masked=False),
    _case("tanh", 6, 5, 7, 4, activation="tanh"),
    _case("sigmoid", 6, 5, 7, 4, activation="sigmoid", unbiased=False),
    _case("softmax", 6, 5, 7, 4, activation="softmax", rate=0.25),
    _case("no_hidden_layer", 5, 4, 3, masked=False),
    _case("deep", 8, 6, 9, 8, 7, 6, 5, activation="tanh"),
    _case("wide", 32, 64, 48, 10),
]
