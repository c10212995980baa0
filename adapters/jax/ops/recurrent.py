"""The reference's recurrent layers in JAX, which has none itself: flax's cells and nn.RNN."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from flax import linen
from jax import Array

from ... import Layout

_CELLS = {"rnn_tanh": linen.SimpleCell, "lstm": linen.OptimizedLSTMCell, "gru": linen.GRUCell}


def rnn_tanh(x: Array, h: Array, weight_input: Array, weight_hidden: Array, bias: Array) -> tuple[Array, Array]:
    h, y = _sequence("rnn_tanh", x, h, weight_input, weight_hidden, bias)
    return y, h


def lstm(x: Array, h: Array, c: Array, weight_input: Array, weight_hidden: Array, bias: Array) -> tuple[Array, Array, Array]:
    (c, h), y = _sequence("lstm", x, (c, h), weight_input, weight_hidden, bias)
    return y, h, c


def lstm_cell(x: Array, h: Array, c: Array, weight_input: Array, weight_hidden: Array, bias: Array) -> tuple[Array, Array]:
    stored = _stored("lstm", weight_input, weight_hidden, bias)
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
    h, _ = linen.GRUCell(h.shape[-1], param_dtype=x.dtype).apply({"params": _stored("gru", *params)}, h, x)
    return h


def bidirectional(
    x: Array, state: Array, weight_input: Array, weight_hidden: Array, bias: Array, *, layer: str
) -> tuple[Array, Array]:
    params = {"weight_input": weight_input, "weight_hidden": weight_hidden, "bias": bias}
    stored = LAYOUTS["bidirectional"].from_reference(params, layer=layer)
    ahead, back = (linen.RNN(_CELLS[layer](weight_hidden.shape[1], param_dtype=x.dtype)) for _ in range(2))
    both = linen.Bidirectional(ahead, back, return_carry=True)
    if layer != "lstm":
        carry, y = both.apply({"params": stored}, x, initial_carry=tuple(state))
        return y, jnp.stack(carry)
    carry, y = both.apply({"params": stored}, x, initial_carry=tuple((c, h) for h, c in state))
    return y, jnp.stack([jnp.stack([h, c]) for c, h in carry])


def _sequence(layer: str, x: Array, carry: Any, *params: Array) -> tuple[Any, Array]:
    cell = _CELLS[layer](params[1].shape[0], param_dtype=x.dtype)
    stored = {"cell": _stored(layer, *params)}
    return linen.RNN(cell).apply({"params": stored}, x, initial_carry=carry, return_carry=True)


def _reset_before(x: Array, h: Array, weight_input: Array, weight_hidden: Array, *biases: Array) -> Array:
    # Composed: flax has the form with the reset after the matrix product alone.
    a_r, a_z, a_n = jnp.split(x @ weight_input + biases[0] + biases[1], 3, axis=1)
    w_r, w_z, w_n = jnp.split(weight_hidden, 3, axis=1)
    r, z = jax.nn.sigmoid(a_r + h @ w_r), jax.nn.sigmoid(a_z + h @ w_z)
    n = jnp.tanh(a_n + (r * h) @ w_n)
    return z * h + (1 - z) * n


Stored = dict[str, dict[str, Array]]
_GATES = {"rnn_tanh": "", "lstm": "ifgo", "gru": "rzn"}


def _stored(layer: str, weight_input: Array, weight_hidden: Array, bias: Array, bias_hidden: Array | None = None) -> Stored:
    """flax has a kernel for each gate, named i or h for input or hidden state, and the gate's letter. The bias of a gate
    stands with the input; with the hidden state in the LSTM; with both in the last block of the GRU.
    """
    gates = _GATES[layer] or [""]
    parts = zip(gates, *(jnp.split(a, len(gates), axis=-1) for a in (weight_input, weight_hidden, bias)), strict=True)
    stored: Stored = {}
    for gate, kernel_input, kernel_hidden, gate_bias in parts:
        stored[f"i{gate}"], stored[f"h{gate}"] = {"kernel": kernel_input}, {"kernel": kernel_hidden}
        stored[f"h{gate}" if layer == "lstm" else f"i{gate}"]["bias"] = gate_bias
    if layer == "gru":
        b_r, b_z, b_n = jnp.split(bias_hidden, 3)
        stored["ir"]["bias"], stored["iz"]["bias"] = stored["ir"]["bias"] + b_r, stored["iz"]["bias"] + b_z
        stored["hn"]["bias"] = b_n
    return stored


def _taken(layer: str, stored: Stored) -> tuple[Array, ...]:
    """The inverse; the two biases of the GRU's r and z have been added up, and come back in the first."""
    gates = _GATES[layer] or [""]
    biased = "h" if layer == "lstm" else "i"
    names = [("i", "kernel"), ("h", "kernel"), (biased, "bias")]
    params = [jnp.concatenate([stored[f"{side}{gate}"][kind] for gate in gates], axis=-1) for side, kind in names]
    if layer == "gru":
        b_n = stored["hn"]["bias"]
        params.append(jnp.concatenate([jnp.zeros_like(b_n), jnp.zeros_like(b_n), b_n]))
    return tuple(params)


def _layout(layer: str, *parameters: str, within: str = "") -> Layout:
    """within: what flax puts around a cell's parameters."""

    def from_reference(params: dict[str, Array], **_: object) -> dict[str, Any]:
        stored = _stored(layer, *(params[name] for name in parameters))
        return {within: stored} if within else stored

    def to_reference(stored: dict[str, Any], **_: object) -> dict[str, Array]:
        return dict(zip(parameters, _taken(layer, stored[within] if within else stored), strict=True))

    return Layout(parameters, from_reference, to_reference, merged=parameters[2:] if layer == "gru" else ())


_DIRECTIONS = ("forward_rnn", "backward_rnn")


def _stored_both(params: dict[str, Array], *, layer: str) -> dict[str, Any]:
    stored = {}
    for way, name in enumerate(_DIRECTIONS):
        weight_input, weight_hidden, bias = (params[p][way] for p in ("weight_input", "weight_hidden", "bias"))
        stored[name] = {"cell": _stored(layer, weight_input, weight_hidden, *(bias if layer == "gru" else [bias]))}
    return stored


def _taken_both(stored: dict[str, Any], *, layer: str) -> dict[str, Array]:
    ahead, back = (_taken(layer, stored[name]["cell"]) for name in _DIRECTIONS)
    weight_input, weight_hidden, *rest = (jnp.stack(pair) for pair in zip(ahead, back, strict=True))
    bias = jnp.stack(rest, axis=1) if layer == "gru" else rest[0]
    return {"weight_input": weight_input, "weight_hidden": weight_hidden, "bias": bias}


_ONE_BIAS = ("weight_input", "weight_hidden", "bias")
_TWO_BIASES = ("weight_input", "weight_hidden", "bias_input", "bias_hidden")

LAYOUTS = {
    "rnn_tanh": _layout("rnn_tanh", *_ONE_BIAS, within="cell"),
    "lstm": _layout("lstm", *_ONE_BIAS, within="cell"),
    "gru": _layout("gru", *_TWO_BIASES, within="cell"),
    "lstm_cell": _layout("lstm", *_ONE_BIAS),
    "gru_cell": _layout("gru", *_TWO_BIASES),
    "bidirectional": Layout(_ONE_BIAS, _stored_both, _taken_both, merged=("bias",)),
}
