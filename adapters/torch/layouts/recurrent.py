"""The recurrent layers and cells of torch.nn: their layouts and how they are called."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from ...layout import Inexpressible
from ..layout import Layout


def run(native: Any, x: Tensor, h: Tensor, **_: object) -> tuple[Tensor, Tensor]:
    """Call an nn.RNN or nn.GRU with the reference's state (N, H)."""
    y, h = native(x, h[None])
    return y, h[0]


def run_lstm(native: Any, x: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    y, (h, c) = native(x, (h[None], c[None]))
    return y, h[0], c[0]


def run_both(native: Any, x: Tensor, state: Tensor, /, *, layer: str) -> tuple[Tensor, Tensor]:
    if layer != "lstm":
        return native(x, state)
    y, (h, c) = native(x, (state[:, 0].contiguous(), state[:, 1].contiguous()))
    return y, torch.stack([h, c], dim=1)


KINDS = {"rnn_tanh": "RNN", "lstm": "LSTM", "gru": "GRU"}
_LEAVES = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


def stored(params: tuple[Tensor, ...], suffix: str = "_l0") -> dict[str, Tensor]:
    """Weights transposed, and a second bias of zero where the reference has one bias: PyTorch only ever adds them up."""
    weight_input, weight_hidden, bias, *rest = params
    values = weight_input.T, weight_hidden.T, bias, *(rest or [torch.zeros_like(bias)])
    return {f"{leaf}{suffix}": value for leaf, value in zip(_LEAVES, values, strict=True)}


def _taken(own: dict[str, Tensor], biases: int, suffix: str = "_l0") -> tuple[Tensor, ...]:
    weight_input, weight_hidden, *both = (own[f"{leaf}{suffix}"] for leaf in _LEAVES)
    return weight_input.T, weight_hidden.T, *(both if biases == 2 else [both[0] + both[1]])


def _build(kind: str) -> Callable[..., nn.Module]:
    """(params, x, h) -> the layer or cell."""

    def build(_params: dict[str, Tensor], x: Tensor, h: Tensor, *_: Tensor, reset_after: bool = True) -> nn.Module:
        if not reset_after:
            raise Inexpressible(f"nn.{kind} has no reset_after=False")
        options = {} if kind.endswith("Cell") else {"batch_first": True}
        return getattr(nn, kind)(x.shape[-1], h.shape[-1], **options)

    return build


def _build_both(_params: dict[str, Tensor], x: Tensor, state: Tensor, /, *, layer: str) -> nn.Module:
    return getattr(nn, KINDS[layer])(x.shape[-1], state.shape[-1], batch_first=True, bidirectional=True)


def _layout(kind: str, call: Callable[..., Any], *parameters: str, suffix: str = "") -> Layout:
    biases = len(parameters) - 2
    return Layout(
        parameters,
        lambda params, **_: stored(tuple(params[name] for name in parameters), suffix),
        lambda own, **_: dict(zip(parameters, _taken(own, biases, suffix), strict=True)),
        layer=_build(kind),
        call=call,
    )


_DIRECTIONS = ("_l0", "_l0_reverse")


def _stored_both(params: dict[str, Tensor], *, layer: str) -> dict[str, Tensor]:
    both: dict[str, Tensor] = {}
    for way, suffix in enumerate(_DIRECTIONS):
        weight_input, weight_hidden, bias = (params[name][way] for name in ("weight_input", "weight_hidden", "bias"))
        both |= stored((weight_input, weight_hidden, *(bias if layer == "gru" else [bias])), suffix)
    return both


def _taken_both(own: dict[str, Tensor], *, layer: str) -> dict[str, Tensor]:
    biases = 2 if layer == "gru" else 1
    ahead, back = (_taken(own, biases, suffix) for suffix in _DIRECTIONS)
    weight_input, weight_hidden, *rest = (torch.stack(pair) for pair in zip(ahead, back, strict=True))
    bias = torch.stack(rest, dim=1) if layer == "gru" else rest[0]
    return {"weight_input": weight_input, "weight_hidden": weight_hidden, "bias": bias}


_ONE_BIAS = ("weight_input", "weight_hidden", "bias")
_TWO_BIASES = ("weight_input", "weight_hidden", "bias_input", "bias_hidden")

LAYOUTS = {
    "rnn_tanh": _layout("RNN", run, *_ONE_BIAS, suffix="_l0"),
    "lstm": _layout("LSTM", run_lstm, *_ONE_BIAS, suffix="_l0"),
    "gru": _layout("GRU", run, *_TWO_BIASES, suffix="_l0"),
    "lstm_cell": _layout("LSTMCell", lambda cell, x, h, c: cell(x, (h, c)), *_ONE_BIAS),
    "gru_cell": _layout("GRUCell", lambda cell, x, h, **_: cell(x, h), *_TWO_BIASES),
    "bidirectional": Layout(_ONE_BIAS, _stored_both, _taken_both, layer=_build_both, call=run_both),
}
