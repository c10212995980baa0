"""Long short-term memory, one step.

    [a_i, a_f, a_g, a_o] = x @ weight_input + h @ weight_hidden + bias
    i = sigmoid(a_i)        input gate           f = sigmoid(a_f)        forget gate
    g = tanh(a_g)           candidate            o = sigmoid(a_o)        output gate
    c' = f * c + i * g      the cell's memory    h' = o * tanh(c')       the cell's output

Derivation.  c' influences the loss directly and through h', with dtanh(c')/dc' = 1 - tanh(c')^2. The rest is products and the
slopes of the gates: i (1 - i) for sigmoid, 1 - g^2 for tanh.

    dmemory = dc' + dh' * o * (1 - tanh(c')^2)               dc = dmemory * f
    da_i = dmemory * g * i (1 - i)                           da_f = dmemory * c * f (1 - f)
    da_g = dmemory * i * (1 - g^2)                           da_o = dh' * tanh(c') * o (1 - o)

With the four da side by side, the affine map's gradients are those of `linear`: dx = da @ weight_input.T,
dh = da @ weight_hidden.T, dweight_input = x.T @ da, dweight_hidden = h.T @ da, dbias = sum_n da. Through c alone the
gradient is multiplied by f from step to step, and by nothing else. That keeps it from vanishing over long sequences.

Shapes: x (N, C); h, c, h', c' (N, H); weight_input (C, 4H), weight_hidden (H, 4H), bias (4H,), the gates in the order
i, f, g, o.
Source: Hochreiter and Schmidhuber, "Long short-term memory", Neural Computation 9, 1997; forget gate: Gers,
Schmidhuber and Cummins, "Learning to forget", 2000. Same order of gates in PyTorch, which stores (4H, C) and two biases
that only occur as a sum; in Keras (g is called c) with one bias, started at 1 for f; flax has one kernel per gate, i and
h followed by the gate's letter, and keeps the bias with h.
"""

from functools import partial

import numpy as np

from ..case import Array, Case
from ..domain import Arguments, Pick
from . import linear
from .recurrence import chosen, draw, from_rest, require_fitting, saturated, sigmoid_in_place

Step = tuple[Array, Array, Array]


def forward(
    x: Array, h: Array, c: Array, weight_input: Array, weight_hidden: Array, bias: Array, /
) -> tuple[tuple[Array, Array], tuple[Array, Array, Array, Array, Step]]:
    """(h', c') after one step. x (N, C), h (N, H), c (N, H), weight_input (C, 4H), weight_hidden (H, 4H), bias (4H,).

    Raises ValueError where dtypes or shapes do not fit.
    """
    require_fitting("lstm_cell", 4, x=x, h=h, c=c, weight_input=weight_input, weight_hidden=weight_hidden, bias=bias)
    a, _ = linear.forward(x, weight_input, bias)
    a += h @ weight_hidden
    h_next, c_next, step = advance(a, c)
    return (h_next, c_next), (x, h, weight_input, weight_hidden, step)


def backward(
    dout: tuple[Array, Array], cache: tuple[Array, Array, Array, Array, Step]
) -> tuple[Array, Array, Array, Array, Array, Array]:
    """dh', dc' (N, H) -> dx (N, C), dh, dc (N, H), dweight_input (C, 4H), dweight_hidden (H, 4H), dbias (4H,)."""
    x, h, weight_input, weight_hidden, step = cache
    da, dc = retreat(*dout, step)
    dx, dweight_input, dbias = linear.backward(da, (x, weight_input))
    return dx, da @ weight_hidden.T, dc, dweight_input, h.T @ da, dbias


def advance(a: Array, c: Array) -> tuple[Array, Array, Step]:
    """a (N, 4H), c (N, H) -> h', c' (N, H), and what `retreat` needs. The pre-activations a are overwritten by the gates."""
    i, f, g, o = _gates(a)
    candidate = np.tanh(g)
    sigmoid_in_place(a)  # of g too: one contiguous array takes less time than two parts of its rows
    g[...] = candidate
    c_next = f * c
    c_next += i * g
    shown = np.tanh(c_next)
    return o * shown, c_next, (a, c, shown)


def retreat(dh: Array, dc: Array, step: Step) -> tuple[Array, Array]:
    """dh', dc' (N, H) -> da (N, 4H), dc (N, H)."""
    gates, c, shown = step
    i, f, g, o = _gates(gates)
    dmemory = dc + dh * o * ((1 - shown) * (1 + shown))
    da = 1 - gates
    da *= gates
    da_i, da_f, da_g, da_o = _gates(da)
    da_i *= dmemory * g
    da_f *= dmemory * c
    np.multiply(dmemory * i, (1 - g) * (1 + g), out=da_g)
    da_o *= dh * shown
    return da, dmemory * f


def _gates(a: Array) -> tuple[Array, ...]:
    hidden = a.shape[1] // 4
    return tuple(a[:, k * hidden : (k + 1) * hidden] for k in range(4))


def domain(pick: Pick) -> Arguments:
    return chosen(pick, pick.size(1, 2), pick.size(1, 2), hidden=pick.size(1, 2), gates=4, states=2), {}


_inputs = partial(draw, gates=4, states=2)

CASES = [
    Case("generic", _inputs(3, 5, hidden=4)),
    Case("one", _inputs(1, 1, hidden=1)),
    Case("odd", _inputs(7, 3, hidden=5)),
    Case("large", _inputs(32, 24, hidden=20)),
    Case("saturated", saturated(_inputs(3, 5, hidden=4))),
    Case("from_rest", from_rest(_inputs(3, 5, hidden=4), states=2), zero=("weight_hidden",)),
]
