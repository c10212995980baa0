"""Long short-term memory over a sequence.

    [h_t, c_t] = lstm_cell(x_t, h_{t-1}, c_{t-1}),  t = 1 to T, from h_0 = h and c_0 = c;  y_t = h_t

Derivation.  Backpropagation through time: the state of a step influences the loss through its output y_t and through the next
step. With dh and dc the cotangents of h_T and c_T at the end, or zero,

    for t = T to 1:    da_t, dc = the cell's gradients for dh' = dy_t + dh, dc' = dc;    dh = da_t @ weight_hidden.T

The steps share their parameters, so their gradients are sums over time. With all da_t stored, each is one product over all
steps, and so is dx:

    dx_t = da_t @ weight_input.T       dweight_input  = sum_t x_t.T @ da_t
    dbias = sum_t sum_n da_t           dweight_hidden = sum_t h_{t-1}.T @ da_t

Shapes: x (N, T, C) with T >= 1; h, c, h_T, c_T (N, H); weight_input (C, 4H), weight_hidden (H, 4H), bias (4H,), gates in
the order i, f, g, o; y (N, T, H).
Source: Hochreiter and Schmidhuber, "Long short-term memory", 1997; Werbos, "Backpropagation through time: what it does
and how to do it", Proceedings of the IEEE 78, 1990. `lstm_cell` says what the frameworks do differently.
"""

from functools import partial
from typing import Any

import numpy as np

from ..case import Array, Case
from ..domain import Arguments, Pick
from . import linear, lstm_cell
from .recurrence import all_steps, chosen, draw, from_rest, require_fitting, saturated, sequence, time_major

Out = tuple[Array, Array, Array]
Cache = tuple[Array, Array, Array, Array, Array, Array, Array]


def forward(x: Array, h: Array, c: Array, weight_input: Array, weight_hidden: Array, bias: Array, /) -> tuple[Out, Cache]:
    """(y, h_T, c_T). x (N, T, C), h and c (N, H), weight_input (C, 4H), weight_hidden (H, 4H), bias (4H,) -> y (N, T, H).

    Raises ValueError where dtypes or shapes do not fit, or the sequence has no step.
    """
    require_fitting("lstm", 4, x=x, h=h, c=c, weight_input=weight_input, weight_hidden=weight_hidden, bias=bias)
    inputs = time_major(x)
    steps, (n, hidden) = len(inputs), h.shape
    gates = linear.forward(all_steps(inputs), weight_input, bias)[0].reshape(steps, n, 4 * hidden)
    h_all, c_all = (np.empty_like(state, shape=(steps + 1, n, hidden)) for state in (h, c))
    h_all[0], c_all[0] = h, c
    shown = np.empty_like(h_all[1:])
    for t in range(steps):
        gates[t] += h_all[t] @ weight_hidden
        h_all[t + 1], c_all[t + 1], (_, _, shown[t]) = lstm_cell.advance(gates[t], c_all[t])
    out = h_all[1:].swapaxes(0, 1), h_all[-1], c_all[-1]
    return out, (inputs, h_all, c_all, gates, shown, weight_input, weight_hidden)


def backward(dout: Out, cache: Cache, *, input_gradient: bool = True) -> tuple[Any, Array, Array, Array, Array, Array]:
    """dy (N, T, H), dh_T and dc_T (N, H) -> dx (N, T, C), dh and dc (N, H), dweight_input, dweight_hidden, dbias.

    The first layer of a network in training needs no dx; without input_gradient it is None, and one product saved.
    """
    dy, dh, dc = dout
    inputs, h_all, c_all, gates, shown, weight_input, weight_hidden = cache
    da, weight_back = np.empty_like(gates), weight_hidden.T.copy()
    for t in reversed(range(len(gates))):
        da[t], dc = lstm_cell.retreat(dy[:, t] + dh, dc, (gates[t], c_all[t], shown[t]))
        dh = da[t] @ weight_back
    dx, dweight_input, dbias = linear.backward(all_steps(da), (all_steps(inputs), weight_input), input_gradient=input_gradient)
    if input_gradient:
        dx = dx.reshape(inputs.shape).swapaxes(0, 1)
    dweight_hidden = all_steps(h_all[:-1]).T @ all_steps(da)
    return dx, dh, dc, dweight_input, dweight_hidden, dbias


def domain(pick: Pick) -> Arguments:
    return chosen(pick, *sequence(pick), hidden=pick.size(1, 2), gates=4, states=2), {}


_inputs = partial(draw, gates=4, states=2)

CASES = [
    Case("generic", _inputs(3, 4, 5, hidden=2)),
    Case("one", _inputs(1, 1, 1, hidden=1)),
    Case("one_step", _inputs(3, 1, 5, hidden=2)),
    Case("large", _inputs(6, 9, 13, hidden=8)),
    Case("saturated", saturated(_inputs(3, 4, 5, hidden=2))),
    Case("from_rest", from_rest(_inputs(3, 4, 5, hidden=2), states=2)),
]
