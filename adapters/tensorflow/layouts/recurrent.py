"""The recurrent layers and cells of Keras: their layouts and how they are built and called."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf
from tensorflow import Tensor

from ..layout import Layout

KINDS = {"rnn_tanh": "SimpleRNN", "lstm": "LSTM", "gru": "GRU"}
_NAMES = {"SimpleRNN": "simple_rnn", "LSTM": "lstm", "GRU": "gru"}
_LEAVES = ("kernel", "recurrent_kernel", "bias")
_ONE_BIAS = ("weight_input", "weight_hidden", "bias")
_TWO_BIASES = ("weight_input", "weight_hidden", "bias_input", "bias_hidden")


def make(kind: str, hidden: int, *, dtype: str | None = None, both_ways: bool = False, **options: bool) -> keras.Layer:
    """A cell, or a layer that returns every step and its last state. The layer has Keras's name of its kind, without a number."""
    if kind.endswith("Cell"):
        return getattr(keras.layers, kind)(hidden, dtype=dtype, **options)
    if kind in ("LSTM", "GRU"):
        options["use_cudnn"] = False
    layer = getattr(keras.layers, kind)
    layer = layer(hidden, dtype=dtype, name=_NAMES[kind], return_sequences=True, return_state=True, **options)
    return keras.layers.Bidirectional(layer, dtype=dtype) if both_ways else layer


def run_both(native: Any, x: Tensor, state: Tensor, /, **_: str) -> tuple[Tensor, Tensor]:
    """Call a Bidirectional layer with the reference's state (2, N, H), or (2, 2, N, H) of an LSTM."""
    y, *states = native(x, initial_state=tf.unstack(tf.reshape(state, (-1, *state.shape[-2:]))))
    return y, tf.reshape(tf.stack(states), state.shape)


def reordered(
    weight_input: Tensor, weight_hidden: Tensor, bias_input: Tensor, bias_hidden: Tensor, reset_after: bool = True
) -> list[Tensor]:
    """kernel, recurrent_kernel and bias of a GRU in Keras. The bias is (2, 3H); without reset_after it is the sum, (3H,)."""
    bias = tf.stack([bias_input, bias_hidden]) if reset_after else bias_input + bias_hidden
    return [_swapped(array) for array in (weight_input, weight_hidden, bias)]


def _swapped(array: Tensor) -> Tensor:
    """Exchange the first two of three blocks, both ways: in a GRU's kernels and biases Keras has z before r."""
    first, second, third = tf.split(array, 3, axis=-1)
    return tf.concat([second, first, third], axis=-1)


def _stored_both(params: dict[str, Tensor], *, layer: str) -> dict[str, Tensor]:
    name = _NAMES[KINDS[layer]]
    stored: dict[str, Tensor] = {}
    for way, direction in enumerate(("forward", "backward")):
        values = [params[p][way] for p in _ONE_BIAS]
        if layer == "gru":
            values = [_swapped(value) for value in values]  # the bias has both already, one above the other
        stored |= {f"{direction}_{name}/{name}_cell/{leaf}": value for leaf, value in zip(_LEAVES, values, strict=True)}
    return stored


def _taken_both(stored: dict[str, Tensor], *, layer: str) -> dict[str, Tensor]:
    values = list(stored.values())
    if layer == "gru":
        values = [_swapped(value) for value in values]
    return {name: tf.stack(pair) for name, pair in zip(_ONE_BIAS, zip(values[:3], values[3:], strict=True), strict=True)}


def _build(kind: str) -> Callable[..., keras.Layer]:
    """(params, x, state, ...) -> the layer or cell."""
    return lambda _params, _x, state, *_, reset_after=True, **_static: make(
        kind, state.shape[-1], **({"reset_after": reset_after} if kind.startswith("GRU") else {})
    )


def _run(layer: Any, x: Tensor, *states: Tensor, **_: bool) -> tuple[Tensor, ...]:
    return tuple(layer(x, initial_state=list(states)))


def _one_bias(kind: str, call: Callable[..., Any], within: str = "") -> Layout:
    """within: what Keras puts around a cell's weights."""
    return Layout.renamed(
        {name: within + leaf for name, leaf in zip(_ONE_BIAS, _LEAVES, strict=True)}, layer=_build(kind), call=call
    )


def _gru(kind: str, call: Callable[..., Any], within: str = "") -> Layout:
    names = [within + leaf for leaf in _LEAVES]

    def stored(params: dict[str, Tensor], *, reset_after: bool = True) -> dict[str, Tensor]:
        weight_input, weight_hidden, bias_input, bias_hidden = (params[name] for name in _TWO_BIASES)
        own = reordered(weight_input, weight_hidden, bias_input, bias_hidden, reset_after)
        return dict(zip(names, own, strict=True))

    def taken(own: dict[str, Tensor], *, reset_after: bool = True) -> dict[str, Tensor]:
        weight_input, weight_hidden, bias = (_swapped(own[name]) for name in names)
        biases = tf.unstack(bias) if reset_after else (bias, tf.zeros_like(bias))
        return dict(zip(_TWO_BIASES, (weight_input, weight_hidden, *biases), strict=True))

    return Layout(_TWO_BIASES, stored, taken, merged=_TWO_BIASES[2:], layer=_build(kind), call=call)


def _build_both(_params: Any, _x: Tensor, state: Tensor, /, *, layer: str) -> keras.Layer:
    return make(KINDS[layer], state.shape[-1], both_ways=True)


LAYOUTS = {
    "rnn_tanh": _one_bias("SimpleRNN", _run, "simple_rnn_cell/"),
    "lstm": _one_bias("LSTM", _run, "lstm_cell/"),
    "gru": _gru("GRU", _run, "gru_cell/"),
    "lstm_cell": _one_bias("LSTMCell", lambda cell, x, h, c: tuple(cell(x, [h, c])[1])),
    "gru_cell": _gru("GRUCell", lambda cell, x, h, **_: cell(x, [h])[0]),
    "bidirectional": Layout(_ONE_BIAS, _stored_both, _taken_both, layer=_build_both, call=run_both),
}
