"""Gated recurrent unit over a sequence.

    h_t = gru_cell(x_t, h_{t-1}),  t = 1 to T, from h_0 = h;  y_t = h_t

Derivation.  Backpropagation through time: h_t influences the loss through its output y_t and through the next step. With dh the
cotangent of h_T at the end,

    for t = T to 1:    da_t, db_t, dh = the cell's gradients for dh' = dy_t + dh

The steps share their parameters, so their gradients are sums over time. With all da_t and db_t stored, each is one product over
all steps, and so is dx:

    dx_t = da_t @ weight_input.T            dweight_input  = sum_t x_t.T @ da_t         dbias_input  = sum_t sum_n da_t
                                            dweight_hidden = sum_t h_{t-1}.T @ db_t     dbias_hidden = sum_t sum_n db_t

(without reset_after, the last block of dweight_hidden has r_t * h_{t-1} in the place of h_{t-1}, as in `gru_cell`).

Shapes: x (N, T, C) with T >= 1; h, h_T (N, H); weight_input (C, 3H), weight_hidden (H, 3H), bias_input, bias_hidden (3H,),
blocks in the order r, z, n; y (N, T, H).
Source: Cho et al., "Learning phrase representations using RNN encoder-decoder", EMNLP 2014; Werbos, "Backpropagation
through time: what it does and how to do it", Proceedings of the IEEE 78, 1990. `gru_cell` says what the
frameworks do differently.
"""

from functools import partial

import numpy as np

from ..case import Array, Case
from ..domain import Arguments, Pick
from . import gru_cell, linear
from .recurrence import all_steps, chosen, draw, from_rest, require_fitting, saturated, sequence, time_major

Out = tuple[Array, Array]
Cache = tuple[Array, Array, Array, Array, Array, Array, bool]


def forward(
    x: Array,
    h: Array,
    weight_input: Array,
    weight_hidden: Array,
    bias_input: Array,
    bias_hidden: Array,
    /,
    *,
    reset_after: bool = True,
) -> tuple[Out, Cache]:
    """(y, h_T). x (N, T, C), h (N, H), weight_input (C, 3H), weight_hidden (H, 3H), biases (3H,) -> y (N, T, H), h_T (N, H).

    Raises ValueError where dtypes or shapes do not fit, or the sequence has no step.
    """
    arguments = {"x": x, "h": h, "weight_input": weight_input, "weight_hidden": weight_hidden}
    require_fitting("gru", 3, **arguments, bias_input=bias_input, bias_hidden=bias_hidden)
    inputs = time_major(x)
    steps, (n, hidden) = len(inputs), h.shape
    gates = linear.forward(all_steps(inputs), weight_input, bias_input)[0].reshape(steps, n, 3 * hidden)
    h_all = np.empty_like(h, shape=(steps + 1, n, hidden))
    h_all[0] = h
    inner = np.empty_like(h_all[1:])
    for t in range(steps):
        h_all[t + 1], (_, _, inner[t]) = gru_cell.advance(gates[t], h_all[t], weight_hidden, bias_hidden, reset_after)
    out = h_all[1:].swapaxes(0, 1), h_all[-1]
    return out, (inputs, h_all, gates, inner, weight_input, weight_hidden, reset_after)


def backward(dout: Out, cache: Cache) -> tuple[Array, Array, Array, Array, Array, Array]:
    """dy (N, T, H), dh_T (N, H) -> dx (N, T, C), dh (N, H), dweight_input, dweight_hidden, dbias_input, dbias_hidden."""
    dy, dh = dout
    inputs, h_all, gates, inner, weight_input, weight_hidden, reset_after = cache
    da, db = np.empty_like(gates), np.empty_like(gates)
    for t in reversed(range(len(gates))):
        step = gates[t], h_all[t], inner[t]
        da[t], db[t], dh = gru_cell.retreat(dy[:, t] + dh, step, weight_hidden, reset_after)
    dx, dweight_input, dbias_input = linear.backward(all_steps(da), (all_steps(inputs), weight_input))
    h_before, inner, db = all_steps(h_all[:-1]), all_steps(inner), all_steps(db)
    dweight_hidden = gru_cell.hidden_weight(h_before, inner, db, reset_after)
    return dx.reshape(inputs.shape).swapaxes(0, 1), dh, dweight_input, dweight_hidden, dbias_input, db.sum(axis=0)


def domain(pick: Pick) -> Arguments:
    return chosen(pick, *sequence(pick), hidden=pick.size(1, 2), gates=3, biases=2), {"reset_after": pick.one_of(True, False)}


_inputs = partial(draw, gates=3, biases=2)

CASES = [
    Case("generic", _inputs(3, 4, 5, hidden=2)),
    Case("one", _inputs(1, 1, 1, hidden=1)),
    Case("one_step", _inputs(3, 1, 5, hidden=2)),
    Case("large", _inputs(6, 9, 13, hidden=8)),
    Case("saturated", saturated(_inputs(3, 4, 5, hidden=2))),
    Case("from_rest", from_rest(_inputs(3, 4, 5, hidden=2))),
    Case("reset_before", _inputs(3, 4, 5, hidden=2), {"reset_after": False}),
    Case("reset_before_large", _inputs(6, 9, 13, hidden=8), {"reset_after": False}),
    Case("reset_before_saturated", saturated(_inputs(3, 4, 5, hidden=2)), {"reset_after": False}),
]
