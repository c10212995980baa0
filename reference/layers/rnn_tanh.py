"""Simple recurrent network (Elman's) over a sequence.

    h_t = tanh(x_t @ weight_input + h_{t-1} @ weight_hidden + bias),  t = 1 to T, from h_0 = h;  y_t = h_t

Derivation.  Backpropagation through time: h_t influences the loss through its output y_t and through the next step. With
a_t the argument of tanh, whose slope is 1 - h_t^2, and dh the cotangent of h_T at the end,

    for t = T to 1:    da_t = (dy_t + dh) * (1 - h_t^2);    dh = da_t @ weight_hidden.T

The steps share their parameters, so their gradients are sums over time. With all da_t stored, each is one product over all
steps, and so is dx:

    dx_t = da_t @ weight_input.T       dweight_input  = sum_t x_t.T @ da_t
    dbias = sum_t sum_n da_t           dweight_hidden = sum_t h_{t-1}.T @ da_t

The product of T factors weight_hidden.T and 1 - h_t^2 is why gradients vanish or explode over long sequences.

Shapes: x (N, T, C) with T >= 1; h, h_T (N, H); weight_input (C, H), weight_hidden (H, H), bias (H,); y (N, T, H).
Source: Elman, "Finding structure in time", Cognitive Science 14, 1990; Werbos, "Backpropagation through time: what it does
and how to do it", Proceedings of the IEEE 78, 1990. PyTorch stores (H, C), (H, H) and two biases that only occur as a sum;
Keras and flax as we do.
"""

from functools import partial

import numpy as np

from ..case import Array, Case
from ..domain import Arguments, Pick
from . import linear
from .recurrence import all_steps, chosen, draw, from_rest, require_fitting, saturated, sequence, time_major

Out = tuple[Array, Array]
Cache = tuple[Array, Array, Array, Array]


def forward(x: Array, h: Array, weight_input: Array, weight_hidden: Array, bias: Array, /) -> tuple[Out, Cache]:
    """(y, h_T). x (N, T, C), h (N, H), weight_input (C, H), weight_hidden (H, H), bias (H,) -> y (N, T, H), h_T (N, H).

    Raises ValueError where dtypes or shapes do not fit, or the sequence has no step.
    """
    require_fitting("rnn_tanh", 1, x=x, h=h, weight_input=weight_input, weight_hidden=weight_hidden, bias=bias)
    inputs = time_major(x)
    steps, (n, hidden) = len(inputs), h.shape
    h_all = np.empty_like(h, shape=(steps + 1, n, hidden))
    h_all[0] = h
    h_all[1:] = linear.forward(all_steps(inputs), weight_input, bias)[0].reshape(steps, n, hidden)
    for t in range(steps):
        h_all[t + 1] += h_all[t] @ weight_hidden
        np.tanh(h_all[t + 1], out=h_all[t + 1])
    return (h_all[1:].swapaxes(0, 1), h_all[-1]), (inputs, h_all, weight_input, weight_hidden)


def backward(dout: Out, cache: Cache) -> tuple[Array, Array, Array, Array, Array]:
    """dy (N, T, H), dh_T (N, H) -> dx (N, T, C), dh (N, H), dweight_input (C, H), dweight_hidden (H, H), dbias (H,)."""
    dy, dh = dout
    inputs, h_all, weight_input, weight_hidden = cache
    da = (1 - h_all[1:]) * (1 + h_all[1:])
    for t in reversed(range(len(da))):
        da[t] *= dy[:, t] + dh
        dh = da[t] @ weight_hidden.T
    dx, dweight_input, dbias = linear.backward(all_steps(da), (all_steps(inputs), weight_input))
    dweight_hidden = all_steps(h_all[:-1]).T @ all_steps(da)
    return dx.reshape(inputs.shape).swapaxes(0, 1), dh, dweight_input, dweight_hidden, dbias


def domain(pick: Pick) -> Arguments:
    return chosen(pick, *sequence(pick), hidden=pick.size(1, 2), gates=1), {}


_inputs = partial(draw, gates=1)

CASES = [
    Case("generic", _inputs(3, 4, 5, hidden=3)),
    Case("one", _inputs(1, 1, 1, hidden=1)),
    Case("one_step", _inputs(3, 1, 5, hidden=3)),
    Case("large", _inputs(6, 9, 13, hidden=8)),
    Case("saturated", saturated(_inputs(3, 4, 5, hidden=3))),
    Case("from_rest", from_rest(_inputs(3, 4, 5, hidden=3))),
]
