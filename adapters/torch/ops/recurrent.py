"""The reference's recurrent layers in PyTorch: torch.nn's layers and cells."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call

from ..layouts.recurrent import KINDS, LAYOUTS, run, run_both, run_lstm, stored


def rnn_tanh(x: Tensor, h: Tensor, weight_input: Tensor, weight_hidden: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
    return run(partial(_call, "RNN", stored((weight_input, weight_hidden, bias))), x, h)


def lstm(
    x: Tensor, h: Tensor, c: Tensor, weight_input: Tensor, weight_hidden: Tensor, bias: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    return run_lstm(partial(_call, "LSTM", stored((weight_input, weight_hidden, bias))), x, h, c)


def lstm_cell(
    x: Tensor, h: Tensor, c: Tensor, weight_input: Tensor, weight_hidden: Tensor, bias: Tensor
) -> tuple[Tensor, Tensor]:
    return _call("LSTMCell", stored((weight_input, weight_hidden, bias), suffix=""), x, (h, c))


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
        return run(partial(_call, "GRU", stored(params)), x, h)
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
    return _call("GRUCell", stored(params, suffix=""), x, h) if reset_after else _reset_before(x, h, *params)


def bidirectional(
    x: Tensor, state: Tensor, weight_input: Tensor, weight_hidden: Tensor, bias: Tensor, *, layer: str
) -> tuple[Tensor, Tensor]:
    params = {"weight_input": weight_input, "weight_hidden": weight_hidden, "bias": bias}
    own = LAYOUTS["bidirectional"].from_reference(params, layer=layer)
    return run_both(partial(_call, KINDS[layer], own), x, state, layer=layer)


@torch.compiler.allow_in_graph  # a layer cannot be built while a function is compiled; all that it computes is compiled still
def _call(kind: str, own: dict[str, Tensor], x: Tensor, state: Any) -> Any:
    options = {} if kind.endswith("Cell") else {"batch_first": True, "bidirectional": "weight_ih_l0_reverse" in own}
    hidden = next(value for name, value in own.items() if name.startswith("weight_hh")).shape[1]
    layer = getattr(nn, kind)(x.shape[-1], hidden, device="meta", **options)  # without values: they are in own
    return functional_call(layer, dict(own), (x, state))  # a copy: it is written to, and a traced one may not be


def _reset_before(x: Tensor, h: Tensor, weight_input: Tensor, weight_hidden: Tensor, *biases: Tensor) -> Tensor:
    # Composed: PyTorch has the form with the reset after the matrix product alone.
    bias = biases[0] + biases[1]
    a_r, a_z, a_n = (x @ weight_input + bias).chunk(3, dim=1)
    w_r, w_z, w_n = weight_hidden.chunk(3, dim=1)
    r, z = torch.sigmoid(a_r + h @ w_r), torch.sigmoid(a_z + h @ w_z)
    n = torch.tanh(a_n + (r * h) @ w_n)
    return z * h + (1 - z) * n
