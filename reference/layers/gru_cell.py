"""Gated recurrent unit, one step.

    a = x @ weight_input + bias_input            b = h @ weight_hidden + bias_hidden            each of three blocks r, z, n
    r = sigmoid(a_r + b_r)        reset gate     z = sigmoid(a_z + b_z)        update gate
    n = tanh(a_n + r * b_n)       candidate      h' = z * h + (1 - z) * n

with reset_after: the reset gate acts after the affine map of the hidden state. Without, as in the paper of 2014, it acts
before: b_n = (r * h) @ weight_n + bias_n and n = tanh(a_n + b_n), where weight_n, bias_n are the last blocks.

Derivation.  Products, and the slopes of the gates: sigmoid has r (1 - r), tanh has 1 - n^2. Of h', and then of n,

    dz = dh' * (h - n)        dn = dh' * (1 - z)        dh gets dh' * z        da_n = dn * (1 - n^2)
    after:    db_n = da_n * r        dr = da_n * b_n
    before:   db_n = da_n            q = da_n @ weight_n.T        dr = q * h        dh gets q * r
    da_r = db_r = dr * r (1 - r)     da_z = db_z = dz * z (1 - z)

The rest is affine: dx = da @ weight_input.T, dweight_input = x.T @ da, dbias_input = sum_n da; dh gets
db @ weight_hidden.T, dweight_hidden = h.T @ db, dbias_hidden = sum_n db. In the form "before", the last block has r * h in the
place of h, and its share of dh is the one above. There both biases are added to the same sums and have the same gradient.

Shapes: x (N, C); h, h' (N, H); weight_input (C, 3H), weight_hidden (H, 3H), bias_input, bias_hidden (3H,), the blocks in
the order r, z, n.
Source: Cho et al., "Learning phrase representations using RNN encoder-decoder", EMNLP 2014, with the reset before; the
other form is cuDNN's: one product instead of two, of which the second waits for the first. PyTorch has this form alone, with the
same order and (3H, C). Keras has both (reset_after=True by default), in the order z, r, n, with biases (2, 3H), or (3H,) without
reset_after. flax has the form "after" alone, with an array for each gate, and of bias_hidden the last block alone, because the
others only occur in sums.
"""

from functools import partial

import numpy as np

from ..case import Array, Case
from ..domain import Arguments, Pick
from . import linear
from .recurrence import chosen, draw, require_fitting, saturated, sigmoid_in_place

Step = tuple[Array, Array, Array]


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
) -> tuple[Array, tuple[Array, Array, Array, bool, Step]]:
    """h' after one step. x (N, C), h (N, H), weight_input (C, 3H), weight_hidden (H, 3H), biases (3H,) -> h' (N, H).

    Raises ValueError where dtypes or shapes do not fit.
    """
    arguments = {"x": x, "h": h, "weight_input": weight_input, "weight_hidden": weight_hidden}
    require_fitting("gru_cell", 3, **arguments, bias_input=bias_input, bias_hidden=bias_hidden)
    a, _ = linear.forward(x, weight_input, bias_input)
    h_next, step = advance(a, h, weight_hidden, bias_hidden, reset_after)
    return h_next, (x, weight_input, weight_hidden, reset_after, step)


def backward(dout: Array, cache: tuple[Array, Array, Array, bool, Step]) -> tuple[Array, Array, Array, Array, Array, Array]:
    """dh' (N, H) -> dx (N, C), dh (N, H), dweight_input (C, 3H), dweight_hidden (H, 3H), dbias_input, dbias_hidden (3H,)."""
    x, weight_input, weight_hidden, reset_after, step = cache
    da, db, dh = retreat(dout, step, weight_hidden, reset_after)
    dx, dweight_input, dbias_input = linear.backward(da, (x, weight_input))
    _, h, inner = step
    return dx, dh, dweight_input, hidden_weight(h, inner, db, reset_after), dbias_input, db.sum(axis=0)


def advance(a: Array, h: Array, weight_hidden: Array, bias_hidden: Array, reset_after: bool) -> tuple[Array, Step]:
    """a (N, 3H), h (N, H) -> h' (N, H), and what `retreat` needs. The input's share a is overwritten by the gates r, z, n."""
    hidden = h.shape[1]
    gates, r, z, n = a[:, : 2 * hidden], *_blocks(a)
    if reset_after:
        b = h @ weight_hidden
        b += bias_hidden
        gates += b[:, : 2 * hidden]
        sigmoid_in_place(gates)
        inner = b[:, 2 * hidden :]
        n += r * inner
    else:
        gates += h @ weight_hidden[:, : 2 * hidden]
        gates += bias_hidden[: 2 * hidden]
        sigmoid_in_place(gates)
        inner = r * h
        n += inner @ weight_hidden[:, 2 * hidden :]
        n += bias_hidden[2 * hidden :]
    np.tanh(n, out=n)
    return z * h + (1 - z) * n, (a, h, inner)


def retreat(dh: Array, step: Step, weight_hidden: Array, reset_after: bool) -> tuple[Array, Array, Array]:
    """dh' (N, H) -> da, db (N, 3H), dh (N, H). step also holds h, and b_n or, in the form "before", r * h."""
    gates, h, inner = step
    hidden = h.shape[1]
    r, z, n = _blocks(gates)
    da = 1 - gates
    da *= gates
    da_r, da_z, da_n = _blocks(da)
    np.multiply(dh * (1 - z), (1 - n) * (1 + n), out=da_n)
    da_z *= dh * (h - n)
    dh = dh * z
    if reset_after:
        da_r *= da_n * inner
        db = da.copy()
        db[:, 2 * hidden :] *= r
        return da, db, dh + db @ weight_hidden.T
    q = da_n @ weight_hidden[:, 2 * hidden :].T
    da_r *= q * h
    dh += q * r
    return da, da, dh + da[:, : 2 * hidden] @ weight_hidden[:, : 2 * hidden].T


def hidden_weight(h: Array, inner: Array, db: Array, reset_after: bool) -> Array:
    """dweight_hidden (H, 3H) of any number of steps: h, inner (M, H), db (M, 3H)."""
    if reset_after:
        return h.T @ db
    hidden = h.shape[1]
    return np.concatenate([h.T @ db[:, : 2 * hidden], inner.T @ db[:, 2 * hidden :]], axis=1)


def _blocks(a: Array) -> tuple[Array, ...]:
    hidden = a.shape[1] // 3
    return tuple(a[:, k * hidden : (k + 1) * hidden] for k in range(3))


def domain(pick: Pick) -> Arguments:
    return chosen(pick, pick.size(1, 2), pick.size(1, 2), hidden=pick.size(1, 2), gates=3, biases=2), {
        "reset_after": pick.one_of(True, False)
    }


_inputs = partial(draw, gates=3, biases=2)

CASES = [
    Case("generic", _inputs(3, 5, hidden=4)),
    Case("one", _inputs(1, 1, hidden=1)),
    Case("odd", _inputs(7, 3, hidden=5)),
    Case("large", _inputs(32, 24, hidden=20)),
    Case("saturated", saturated(_inputs(3, 5, hidden=4))),
    Case("reset_before", _inputs(3, 5, hidden=4), {"reset_after": False}),
    Case("reset_before_one", _inputs(1, 1, hidden=1), {"reset_after": False}),
    Case("reset_before_saturated", saturated(_inputs(3, 5, hidden=4)), {"reset_after": False}),
]
