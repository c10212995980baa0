"""Affine map.

    y = x @ weight + bias            y_no = sum_i x_ni * weight_io + bias_o

Derivation.  dy_no/dx_ni = weight_io, so dx_ni = sum_o dout_no * weight_io; dy_no/dweight_io = x_ni, summed over the
rows that share the weight; dy_no/dbias_o = 1, likewise summed:

    dx = dout @ weight.T         dweight = x.T @ dout         dbias = sum_n dout

Shapes: x (..., I), weight (I, O), bias (O,), y (..., O). PyTorch stores the weight as (O, I); Keras and JAX as we do.
Source: Goodfellow, Bengio and Courville, "Deep Learning", 2016, section 6.5.
"""

import math
from typing import Any

import numpy as np

from ..case import Array, Case, Inputs, invalid, require_floats
from ..domain import Arguments, Pick, any_shape


def forward(x: Array, weight: Array, bias: Array, /) -> tuple[Array, tuple[Array, Array]]:
    """y = x @ weight + bias. x (..., I), weight (I, O), bias (O,) -> y (..., O).

    Raises ValueError where the dtypes or shapes do not fit.
    """
    require_floats("linear", x=x, weight=weight, bias=bias)
    if weight.ndim != 2:
        raise invalid("linear", "weight", f"of shape {weight.shape}", "(I, O)")
    inputs, outputs = weight.shape
    if not (x.ndim >= 1 and x.shape[-1] == inputs):
        raise invalid("linear", "x", f"of shape {x.shape}", f"(..., {inputs})")
    if bias.shape != (outputs,):
        raise invalid("linear", "bias", f"of shape {bias.shape}", f"({outputs},)")
    y = _rows(x) @ weight
    y += bias
    return y.reshape(*x.shape[:-1], outputs), (x, weight)


def backward(dout: Array, cache: tuple[Array, Array], *, input_gradient: bool = True) -> tuple[Any, Array, Array]:
    """dout (..., O) -> dx (..., I), dweight (I, O), dbias (O,).

    The first layer of a network in training needs no dx; without input_gradient it is None, and a third of the work saved.
    """
    x, weight = cache
    rows = _rows(dout)
    dx = (rows @ weight.T).reshape(x.shape) if input_gradient else None
    return dx, _rows(x).T @ rows, rows.sum(axis=0)


def _rows(x: Array) -> Array:
    """x (..., I) -> (N, I): one product of all rows is faster than one for each index of the leading axes."""
    return x.reshape(math.prod(x.shape[:-1]), x.shape[-1])  # explicit: reshape cannot infer it where there are no columns


def domain(pick: Pick) -> Arguments:
    batch, inputs, outputs = any_shape(pick, 0, 2), pick.size(), pick.size()
    return (pick.floats(*batch, inputs), pick.floats(inputs, outputs), pick.floats(outputs)), {}


def _inputs(*shape: int) -> Inputs:
    *batch, inputs, outputs = shape
    return lambda rng: (
        rng.normal(size=(*batch, inputs)),
        rng.normal(size=(inputs, outputs)) / np.sqrt(inputs),
        rng.normal(size=outputs),
    )


CASES = [
    Case("generic", _inputs(4, 3, 5)),
    Case("one", _inputs(1, 1, 1)),
    Case("odd", _inputs(7, 13, 3)),
    Case("vector", _inputs(3, 5)),
    Case("sequence", _inputs(2, 5, 3, 4)),
    Case("large", _inputs(64, 257, 96)),
    Case("long_batch", _inputs(512, 3, 2)),
    Case("offset", lambda rng: (100 + rng.normal(size=(6, 8)), rng.normal(size=(8, 4)), rng.normal(size=4))),
]
