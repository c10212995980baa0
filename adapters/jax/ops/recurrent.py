"""The reference's recurrent layers in JAX, which has none itself: flax's cells and nn.RNN."""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from flax import linen
from jax import Array

from ..layouts.recurrent import CELLS, LAYOUTS, both_ways, gates, run_both


def rnn_tanh(x: Array, h: Array, weight_input: Array, weight_hidden: Array, bias: Array) -> tuple[Array, Array]:
    h, y = _sequence("rnn_tanh", x, h, weight_input, weight_hidden, bias)
    return y, h


def lstm(x: Array, h: Array, c: Array, weight_input: Array, weight_hidden: Array, bias: Array) -> tuple[Array, Array, Array]:
    (c, h), y = _sequence("lstm", x, (c, h), weight_input, weight_hidden, bias)
    return y, h, c


def lstm_cell(x: Array, h: Array, c: Array, weight_input: Array, weight_hidden: Array, bias: Array) -> tuple[Array, Array]:
    stored = gates("lstm", weight_input, weight_hidden, bias)
    (c, h), _ = linen.LSTMCell(h.shape[-1], param_dtype=x.dtype).apply({"params": stored}, (c, h), x)
    return h, c


def gru(
    x: Array,
    h: Array,
    weight_input: Array,
    weight_hidden: Array,
    bias_input: Array,
    bias_hidden: Array,
    *,
    reset_after: bool = True,
) -> tuple[Array, Array]:
    params = weight_input, weight_hidden, bias_input, bias_hidden
    if reset_after:
        h, y = _sequence("gru", x, h, *params)
        return y, h
    steps = [h := _reset_before(x[:, t], h, *params) for t in range(x.shape[1])]
    return jnp.stack(steps, axis=1), h


def gru_cell(
    x: Array,
    h: Array,
    weight_input: Array,
    weight_hidden: Array,
    bias_input: Array,
    bias_hidden: Array,
    *,
    reset_after: bool = True,
) -> Array:
    params = weight_input, weight_hidden, bias_input, bias_hidden
    if not reset_after:
        return _reset_before(x, h, *params)
    h, _ = linen.GRUCell(h.shape[-1], param_dtype=x.dtype).apply({"params": gates("gru", *params)}, h, x)
    return h


def bidirectional(
    x: Array, state: Array, weight_input: Array, weight_hidden: Array, bias: Array, *, layer: str
) -> tuple[Array, Array]:
    params = {"weight_input": weight_input, "weight_hidden": weight_hidden, "bias": bias}
    stored = LAYOUTS["bidirectional"].from_reference(params, layer=layer)
    both = both_ways(params, x, state, layer=layer)
    return run_both(partial(both.apply, {"params": stored}), x, state, layer=layer)


def _sequence(layer: str, x: Array, carry: Any, *params: Array) -> tuple[Any, Array]:
    cell = CELLS[layer](params[1].shape[0], param_dtype=x.dtype)
    stored = {"cell": gates(layer, *params)}
    return linen.RNN(cell).apply({"params": stored}, x, initial_carry=carry, return_carry=True)


def _reset_before(x: Array, h: Array, weight_input: Array, weight_hidden: Array, *biases: Array) -> Array:
    # Composed: flax has the form with the reset after the matrix product alone.
    a_r, a_z, a_n = jnp.split(x @ weight_input + biases[0] + biases[1], 3, axis=1)
    w_r, w_z, w_n = jnp.split(weight_hidden, 3, axis=1)
    r, z = jax.nn.sigmoid(a_r + h @ w_r), jax.nn.sigmoid(a_z + h @ w_z)
    n = jnp.tanh(a_n + (r * h) @ w_n)
    return z * h + (1 - z) * n
