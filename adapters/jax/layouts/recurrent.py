"""The recurrent layers and cells of flax: their layouts and how they are built and called."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
from flax import linen
from jax import Array

from ...layout import Inexpressible
from ..layout import Layout

CELLS = {"rnn_tanh": linen.SimpleCell, "lstm": linen.OptimizedLSTMCell, "gru": linen.GRUCell}
Stored = dict[str, dict[str, Array]]
_GATES = {"rnn_tanh": "", "lstm": "ifgo", "gru": "rzn"}


def gates(layer: str, weight_input: Array, weight_hidden: Array, bias: Array, bias_hidden: Array | None = None) -> Stored:
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


def _layout(kind: str, *parameters: str, within: str = "", **how: Any) -> Layout:
    """within: what flax puts around a cell's parameters."""

    def from_reference(params: dict[str, Array], **_: object) -> dict[str, Any]:
        stored = gates(kind, *(params[name] for name in parameters))
        return {within: stored} if within else stored

    def to_reference(stored: dict[str, Any], **_: object) -> dict[str, Array]:
        return dict(zip(parameters, _taken(kind, stored[within] if within else stored), strict=True))

    return Layout(parameters, from_reference, to_reference, merged=parameters[2:] if kind == "gru" else (), **how)


def both_ways(_params: Any, x: Array, state: Array, /, *, layer: str) -> linen.Module:
    """linen.Bidirectional around two RNN."""
    ahead, back = (linen.RNN(CELLS[layer](state.shape[-1], param_dtype=x.dtype)) for _ in range(2))
    return linen.Bidirectional(ahead, back, return_carry=True)


def run_both(native: Any, x: Array, state: Array, /, *, layer: str) -> tuple[Array, Array]:
    """Call a Bidirectional module with the reference's state (2, N, H), or (2, 2, N, H) of an LSTM."""
    if layer != "lstm":
        carry, y = native(x, initial_carry=tuple(state))
        return y, jnp.stack(carry)
    carry, y = native(x, initial_carry=tuple((c, h) for h, c in state))
    return y, jnp.stack([jnp.stack([h, c]) for c, h in carry])


def _build(cell: type[linen.Module], *, sequence: bool = False) -> Callable[..., linen.Module]:
    """(params, x, h) -> the cell, or an RNN around it."""

    def build(_params: Any, x: Array, h: Array, *_: Array, reset_after: bool = True) -> linen.Module:
        if not reset_after:
            raise Inexpressible(f"linen.{cell.__name__} has no reset_after=False")
        inner = cell(h.shape[-1], param_dtype=x.dtype)
        return linen.RNN(inner, return_carry=True) if sequence else inner

    return build


def _run(layer: Any, x: Array, h: Array, **_: bool) -> tuple[Array, Array]:
    h, y = layer(x, initial_carry=h)
    return y, h


def _run_lstm(layer: Any, x: Array, h: Array, c: Array) -> tuple[Array, Array, Array]:
    (c, h), y = layer(x, initial_carry=(c, h))
    return y, h, c


def _step_lstm(cell: Any, x: Array, h: Array, c: Array) -> tuple[Array, Array]:
    (c, h), _ = cell((c, h), x)
    return h, c


_DIRECTIONS = ("forward_rnn", "backward_rnn")


def _stored_both(params: dict[str, Array], *, layer: str) -> dict[str, Any]:
    stored = {}
    for way, name in enumerate(_DIRECTIONS):
        weight_input, weight_hidden, bias = (params[p][way] for p in ("weight_input", "weight_hidden", "bias"))
        stored[name] = {"cell": gates(layer, weight_input, weight_hidden, *(bias if layer == "gru" else [bias]))}
    return stored


def _taken_both(stored: dict[str, Any], *, layer: str) -> dict[str, Array]:
    ahead, back = (_taken(layer, stored[name]["cell"]) for name in _DIRECTIONS)
    weight_input, weight_hidden, *rest = (jnp.stack(pair) for pair in zip(ahead, back, strict=True))
    bias = jnp.stack(rest, axis=1) if layer == "gru" else rest[0]
    return {"weight_input": weight_input, "weight_hidden": weight_hidden, "bias": bias}


_ONE_BIAS = ("weight_input", "weight_hidden", "bias")
_TWO_BIASES = ("weight_input", "weight_hidden", "bias_input", "bias_hidden")

LAYOUTS = {
    "rnn_tanh": _layout("rnn_tanh", *_ONE_BIAS, within="cell", layer=_build(linen.SimpleCell, sequence=True), call=_run),
    "lstm": _layout("lstm", *_ONE_BIAS, within="cell", layer=_build(linen.OptimizedLSTMCell, sequence=True), call=_run_lstm),
    "gru": _layout("gru", *_TWO_BIASES, within="cell", layer=_build(linen.GRUCell, sequence=True), call=_run),
    "lstm_cell": _layout("lstm", *_ONE_BIAS, layer=_build(linen.LSTMCell), call=_step_lstm),
    "gru_cell": _layout("gru", *_TWO_BIASES, layer=_build(linen.GRUCell), call=lambda cell, x, h, **_: cell(h, x)[0]),
    "bidirectional": Layout(_ONE_BIAS, _stored_both, _taken_both, merged=("bias",), layer=both_ways, call=run_both),
}
