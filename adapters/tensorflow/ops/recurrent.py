"""The reference's recurrent layers in TensorFlow: Keras's layers and cells."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import keras
import tensorflow as tf
from tensorflow import Tensor

from ... import Layout

_KINDS = {"rnn_tanh": ("SimpleRNN", "simple_rnn"), "lstm": ("LSTM", "lstm"), "gru": ("GRU", "gru")}
_LEAVES = ("kernel", "recurrent_kernel", "bias")


def rnn_tanh(x: Tensor, h: Tensor, weight_input: Tensor, weight_hidden: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
    y, h = _call("SimpleRNN", [weight_input, weight_hidden, bias], x, [h])
    return y, h


def lstm(
    x: Tensor, h: Tensor, c: Tensor, weight_input: Tensor, weight_hidden: Tensor, bias: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    y, h, c = _call("LSTM", [weight_input, weight_hidden, bias], x, [h, c])
    return y, h, c


def lstm_cell(
    x: Tensor, h: Tensor, c: Tensor, weight_input: Tensor, weight_hidden: Tensor, bias: Tensor
) -> tuple[Tensor, Tensor]:
    _, (h, c) = _call("LSTMCell", [weight_input, weight_hidden, bias], x, [h, c])
    return h, c


def gru(
    x: Tensor,
    h: Tensor,
    weight_input: Tensor,
    weight_hidden: Tensor,
    bias_input: Tensor,
    bias_hidden: Tensor,
    *,
    reset_after: bool = True,
) -> tuple[Tensor, Tensor]:
    stored = _reordered(weight_input, weight_hidden, bias_input, bias_hidden, reset_after)
    y, h = _call("GRU", stored, x, [h], reset_after=reset_after)
    return y, h


def gru_cell(
    x: Tensor,
    h: Tensor,
    weight_input: Tensor,
    weight_hidden: Tensor,
    bias_input: Tensor,
    bias_hidden: Tensor,
    *,
    reset_after: bool = True,
) -> Tensor:
    stored = _reordered(weight_input, weight_hidden, bias_input, bias_hidden, reset_after)
    h, _ = _call("GRUCell", stored, x, [h], reset_after=reset_after)
    return h


def bidirectional(
    x: Tensor, state: Tensor, weight_input: Tensor, weight_hidden: Tensor, bias: Tensor, *, layer: str
) -> tuple[Tensor, Tensor]:
    params = {"weight_input": weight_input, "weight_hidden": weight_hidden, "bias": bias}
    stored = LAYOUTS["bidirectional"].from_reference(params, layer=layer)
    states = tf.unstack(tf.reshape(state, (-1, *state.shape[-2:])))
    y, *states = _call(_KINDS[layer][0], list(stored.values()), x, states, both_ways=True)
    return y, tf.reshape(tf.stack(states), state.shape)


def _call(kind: str, stored: Sequence[Tensor], x: Tensor, states: list[Tensor], **options: bool) -> Any:
    layer = _layer(kind, x.shape[-1], states[0].shape[-1], x.dtype.name, **options)
    frozen = [variable.value for variable in layer.non_trainable_variables]  # the state of a dropout that is off
    if kind.endswith("Cell"):
        return layer.stateless_call(stored, frozen, x, states)[0]
    return layer.stateless_call(stored, frozen, x, initial_state=states)[0]


@cache
def _layer(kind: str, inputs: int, hidden: int, dtype: str, *, both_ways: bool = False, **options: bool) -> Any:
    if not kind.endswith("Cell"):
        options |= {"return_sequences": True, "return_state": True}
    if kind in ("LSTM", "GRU"):
        options["use_cudnn"] = False
    with tf.init_scope():  # also when the first call is inside of a tf.function
        layer = getattr(keras.layers, kind)(hidden, dtype=dtype, **options)
        if both_ways:
            layer = keras.layers.Bidirectional(layer, dtype=dtype)
        layer.build((None, inputs) if kind.endswith("Cell") else (None, None, inputs))
    return layer


def _reordered(
    weight_input: Tensor, weight_hidden: Tensor, bias_input: Tensor, bias_hidden: Tensor, reset_after: bool = True
) -> list[Tensor]:
    """kernel, recurrent_kernel and bias of a GRU in Keras: the bias is (2, 3H), or one (3H,) where both would be added up."""
    bias = tf.stack([bias_input, bias_hidden]) if reset_after else bias_input + bias_hidden
    return [_swapped(array) for array in (weight_input, weight_hidden, bias)]


def _swapped(array: Tensor) -> Tensor:
    """Keras has z before r, in a GRU's kernels and biases: the first two of three blocks change places, both ways."""
    first, second, third = tf.split(array, 3, axis=-1)
    return tf.concat([second, first, third], axis=-1)


_ONE_BIAS = ("weight_input", "weight_hidden", "bias")
_TWO_BIASES = ("weight_input", "weight_hidden", "bias_input", "bias_hidden")


def _gru_stored(params: dict[str, Tensor], *, reset_after: bool = True) -> dict[str, Tensor]:
    weight_input, weight_hidden, bias_input, bias_hidden = (params[name] for name in _TWO_BIASES)
    stored = _reordered(weight_input, weight_hidden, bias_input, bias_hidden, reset_after)
    return dict(zip(_LEAVES, stored, strict=True))


def _gru_taken(stored: dict[str, Tensor], *, reset_after: bool = True) -> dict[str, Tensor]:
    weight_input, weight_hidden, bias = (_swapped(stored[leaf]) for leaf in _LEAVES)
    biases = tf.unstack(bias) if reset_after else (bias, tf.zeros_like(bias))
    return dict(zip(_TWO_BIASES, (weight_input, weight_hidden, *biases), strict=True))


def _stored_both(params: dict[str, Tensor], *, layer: str) -> dict[str, Tensor]:
    _, name = _KINDS[layer]
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


_ONE_BIAS_LAYOUT = Layout.renamed(**dict(zip(_ONE_BIAS, _LEAVES, strict=True)))

LAYOUTS = {
    "rnn_tanh": _ONE_BIAS_LAYOUT,
    "lstm": _ONE_BIAS_LAYOUT,
    "gru": Layout(_TWO_BIASES, _gru_stored, _gru_taken, merged=_TWO_BIASES[2:]),
    "lstm_cell": _ONE_BIAS_LAYOUT,
    "gru_cell": Layout(_TWO_BIASES, _gru_stored, _gru_taken, merged=_TWO_BIASES[2:]),
    "bidirectional": Layout(_ONE_BIAS, _stored_both, _taken_both),
}
