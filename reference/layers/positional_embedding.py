"""Positional embedding: adds a vector for each position, from a learned table.

    y_te = x_te + weight_te,    t = 0 ... T - 1

Derivation.  dy_te/dx_te = dy_te/dweight_te = 1; the row of a position is shared by all sequences, and rows beyond T are not used:

    dx = dout        dweight_te = sum_n dout_nte where t < T, 0 elsewhere

Shapes: x, y (..., T, E), weight (M, E) with M >= T.
Source: Gehring et al., "Convolutional sequence to sequence learning", ICML 2017. The table of Vaswani et al., "Attention is all
you need", NeurIPS 2017, is fixed instead (`sinusoids`):

    weight_t,2i = sin(t / 10000^(2i/E))        weight_t,2i+1 = cos(t / 10000^(2i/E))
"""

import numpy as np

from ..case import Array, Case, Inputs, invalid, require_floats
from ..domain import Arguments, Pick, any_shape


def forward(x: Array, weight: Array, /) -> tuple[Array, tuple[int, ...]]:
    """y = x + weight[:T]. x (..., T, E), weight (M, E) -> y (..., T, E).

    Raises ValueError where dtypes or shapes do not fit, or the sequence is longer than the table.
    """
    require_floats("positional_embedding", x=x, weight=weight)
    if not x.ndim >= 2:
        raise invalid("positional_embedding", "x", f"of shape {x.shape}", "(..., T, E)")
    length, width = x.shape[-2:]
    fits = weight.ndim == 2 and weight.shape[0] >= length and weight.shape[1] == width
    if not fits:
        raise invalid("positional_embedding", "weight", f"of shape {weight.shape}", f"(M, {width}) with M >= {length}")
    return x + weight[:length], weight.shape


def backward(dout: Array, shape: tuple[int, ...]) -> tuple[Array, Array]:
    """dout (..., T, E) -> dx (..., T, E), dweight (M, E)."""
    length, width = dout.shape[-2:]
    dweight = np.zeros_like(dout, shape=shape)
    dweight[:length] = dout.reshape(-1, length, width).sum(axis=0)
    return dout, dweight


def sinusoids(length: int, width: int) -> Array:
    """The fixed table, (length, width)."""
    angles = np.arange(length)[:, None] / 10_000.0 ** (np.arange(width) // 2 * 2 / width)
    return np.where(np.arange(width) % 2, np.cos(angles), np.sin(angles))


def domain(pick: Pick) -> Arguments:
    batch, length, width = any_shape(pick, 0, 2), pick.size(1, 3), pick.size(1, 3)
    return (pick.floats(*batch, length, width), pick.floats(length + pick.size(0, 2), width)), {}


def _inputs(*shape: int, rows: int) -> Inputs:
    return lambda rng: (rng.normal(size=shape), rng.normal(size=(rows, shape[-1])))


CASES = [
    Case("generic", _inputs(2, 5, 6, rows=8)),
    Case("one", _inputs(1, 1, 1, rows=1)),
    Case("whole_table", _inputs(3, 7, 5, rows=7)),
    Case("no_batch", _inputs(5, 6, rows=8)),
    Case("heads", _inputs(2, 3, 5, 6, rows=8)),
    Case("sinusoids", lambda rng: (rng.normal(size=(2, 5, 6)), sinusoids(8, 6))),
    Case("large", _inputs(8, 32, 33, rows=48)),
]
