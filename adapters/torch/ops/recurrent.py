"""The reference's recurrent layers in PyTorch: torch.nn's layers and cells."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call

from ... import Layout


def rnn_tanh(x: Tensor, h: Tensor, weight_input: Tensor, weight_hidden: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
    y, h = _call("RNN", _stored((weight_input, weight_hidden, bias)), x, h[None])
    return y, h[0]


def lstm(
    x: Tensor, h: Tensor, c: Tensor, weight_input: Tensor, weight_hidden: Tensor, bias: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    y, (h, c) = _call("LSTM", _stored((weight_input, weight_hidden, bias)), x, (h[None], c[None]))
    return y, h[0], c[0]


def lstm_cell(
    x: Tensor, h: Tensor, c: Tensor, weight_input: Tensor, weight_hidden: Tensor, bias: Tensor
) -> tuple[Tensor, Tensor]:
    return _call("LSTMCell", _stored((weight_input, weight_hidden, bias), suffix=""), x, (h, c))


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
    params = weight_input, weight_hidden, bias_input, bias_hidden
    if reset_after:
        y, h = _call("GRU", _stored(params), x, h[None])
        return y, h[0]
    steps = [h := _reset_before(step, h, *params) for step in x.unbind(dim=1)]
    return torch.stack(steps, dim=1), h


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
    params = weight_input, weight_hidden, bias_input, bias_hidden
    return _call("GRUCell", _stored(params, suffix=""), x, h) if reset_after else _reset_before(x, h, *params)


def bidirectional(
    x: Tensor, state: Tensor, weight_input: Tensor, weight_hidden: Tensor, bias: Tensor, *, layer: str
) -> tuple[Tensor, Tensor]:
    params = {"weight_input": weight_input, "weight_hidden": weight_hidden, "bias": bias}
    stored = LAYOUTS["bidirectional"].from_reference(params, layer=layer)
    if layer != "lstm":
        return _call({"rnn_tanh": "RNN", "gru": "GRU"}[layer], stored, x, state)
    y, (h, c) = _call("LSTM", stored, x, (state[:, 0].contiguous(), state[:, 1].contiguous()))
    return y, torch.stack([h, c], dim=1)


@torch.compiler.allow_in_graph  # a layer cannot be built while a function is compiled; all that it computes is compiled still
def _call(kind: str, stored: dict[str, Tensor], x: Tensor, state: Any) -> Any:
    options = {} if kind.endswith("Cell") else {"batch_first": True, "bidirectional": "weight_ih_l0_reverse" in stored}
    hidden = next(value for name, value in stored.items() if name.startswith("weight_hh")).shape[1]
    layer = getattr(nn, kind)(x.shape[-1], hidden, device="meta", **options)  # without values: they are in stored
    return functional_call(layer, dict(stored), (x, state))  # a copy: it is written to, and a traced one may not be


def _reset_before(x: Tensor, h: Tensor, weight_input: Tensor, weight_hidden: Tensor, *biases: Tensor) -> Tensor:
    # Composed: PyTorch has the form with the reset after the matrix product alone.
    bias = biases[0] + biases[1]
    a_r, a_z, a_n = (x @ weight_input + bias).chunk(3, dim=1)
    w_r, w_z, w_n = weight_hidden.chunk(3, dim=1)
    r, z = torch.sigmoid(a_r + h @ w_r), torch.sigmoid(a_z + h @ w_z)
    n = torch.tanh(a_n + (r * h) @ w_n)
    return z * h + (1 - z) * n


_LEAVES = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


def _stored(params: tuple[Tensor, ...], suffix: str = "_l0") -> dict[str, Tensor]:
    """Weights transposed, and a second bias of zero where the reference has one bias: PyTorch only ever adds them up."""
    weight_input, weight_hidden, bias, *rest = params
    values = weight_input.T, weight_hidden.T, bias, *(rest or [torch.zeros_like(bias)])
    return {f"{leaf}{suffix}": value for leaf, value in zip(_LEAVES, values, strict=True)}


def _taken(stored: dict[str, Tensor], biases: int, suffix: str = "_l0") -> tuple[Tensor, ...]:
    weight_input, weight_hidden, *both = (stored[f"{leaf}{suffix}"] for leaf in _LEAVES)
    return weight_input.T, weight_hidden.T, *(both if biases == 2 else [both[0] + both[1]])


def _layout(*parameters: str, suffix: str) -> Layout:
    biases = len(parameters) - 2
    return Layout(
        parameters,
        lambda params, **_: _stored(tuple(params[name] for name in parameters), suffix),
        lambda stored, **_: dict(zip(parameters, _taken(stored, biases, suffix), strict=True)),
    )


_DIRECTIONS = ("_l0", "_l0_reverse")


def _stored_both(params: dict[str, Tensor], *, layer: str) -> dict[str, Tensor]:
    stored: dict[str, Tensor] = {}
    for way, suffix in enumerate(_DIRECTIONS):
        weight_input, weight_hidden, bias = (params[name][way] for name in ("weight_input", "weight_hidden", "bias"))
        stored |= _stored((weight_input, weight_hidden, *(bias if layer == "gru" else [bias])), suffix)
    return stored


def _taken_both(stored: dict[str, Tensor], *, layer: str) -> dict[str, Tensor]:
    biases = 2 if layer == "gru" else 1
    ahead, back = (_taken(stored, biases, suffix) for suffix in _DIRECTIONS)
    weight_input, weight_hidden, *rest = (torch.stack(pair) for pair in zip(ahead, back, strict=True))
    bias = torch.stack(rest, dim=1) if layer == "gru" else rest[0]
    return {"weight_input": weight_input, "weight_hidden": weight_hidden, "bias": bias}


_one_bias = partial(_layout, "weight_input", "weight_hidden", "bias")
_two_biases = partial(_layout, "weight_input", "weight_hidden", "bias_input", "bias_hidden")

LAYOUTS = {
    "rnn_tanh": _one_bias(suffix="_l0"),
    "lstm": _one_bias(suffix="_l0"),
    "gru": _two_biases(suffix="_l0"),
    "lstm_cell": _one_bias(suffix=""),
    "gru_cell": _two_biases(suffix=""),
    "bidirectional": Layout(("weight_input", "weight_hidden", "bias"), _stored_both, _taken_both),
}
