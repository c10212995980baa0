"""The reference's recurrent layers in TensorFlow: Keras's layers and cells."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, partial
from typing import Any

import tensorflow as tf
from tensorflow import Tensor

from ..layouts.recurrent import KINDS, LAYOUTS, make, reordered, run_both


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
    stored = reordered(weight_input, weight_hidden, bias_input, bias_hidden, reset_after)
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
    stored = reordered(weight_input, weight_hidden, bias_input, bias_hidden, reset_after)
    h, _ = _call("GRUCell", stored, x, [h], reset_after=reset_after)
    return h


def bidirectional(
    x: Tensor, state: Tensor, weight_input: Tensor, weight_hidden: Tensor, bias: Tensor, *, layer: str
) -> tuple[Tensor, Tensor]:
    params = {"weight_input": weight_input, "weight_hidden": weight_hidden, "bias": bias}
    stored = LAYOUTS["bidirectional"].from_reference(params, layer=layer)
    native = partial(_call, KINDS[layer], list(stored.values()), both_ways=True)
    return run_both(native, x, state)


def _call(kind: str, stored: Sequence[Tensor], x: Tensor, initial_state: list[Tensor], **options: bool) -> Any:
    layer = _layer(kind, x.shape[-1], initial_state[0].shape[-1], x.dtype.name, **options)
    frozen = [variable.value for variable in layer.non_trainable_variables]  # the state of a dropout that is off
    if kind.endswith("Cell"):
        return layer.stateless_call(stored, frozen, x, initial_state)[0]
    return layer.stateless_call(stored, frozen, x, initial_state=initial_state)[0]


@cache
def _layer(kind: str, inputs: int, hidden: int, dtype: str, **options: bool) -> Any:
    with tf.init_scope():  # also when the first call is inside of a tf.function
        layer = make(kind, hidden, dtype=dtype, **options)
        layer.build((None, inputs) if kind.endswith("Cell") else (None, None, inputs))
    return layer
