"""Bilinear map of two inputs.

    y_no = sum_ij x1_ni weight_oij x2_nj + bias_o

Derivation.  y is linear in each of x1, x2, weight and bias if the others are constant. Each gradient is the same sum over the
other indices, with dout in the place of the argument:

    dx1_ni = sum_oj dout_no weight_oij x2_nj         dweight_oij = sum_n dout_no x1_ni x2_nj
    dx2_nj = sum_oi dout_no weight_oij x1_ni         dbias_o = sum_n dout_no

forward computes t_noj = sum_i x1_ni weight_oij first, and hands it over: dx2_nj = sum_o dout_no t_noj.

Shapes: x1 (N, I), x2 (N, J), weight (O, I, J), bias (O,), y (N, O).
Source: Tenenbaum and Freeman, "Separating style and content with bilinear models", Neural Computation 12, 2000. PyTorch has
F.bilinear with the same layout; TensorFlow and JAX have einsum.
"""

import numpy as np

from ..case import Array, Case, Inputs, invalid, require_floats
from ..domain import Arguments, Pick


def forward(x1: Array, x2: Array, weight: Array, bias: Array, /) -> tuple[Array, tuple[Array, ...]]:
    """y = x1 weight_o x2 + bias_o for each o. x1 (N, I), x2 (N, J), weight (O, I, J), bias (O,) -> y (N, O).

    Raises ValueError where the dtypes or shapes do not fit.
    """
    require_floats("bilinear", x1=x1, x2=x2, weight=weight, bias=bias)
    if weight.ndim != 3:
        raise invalid("bilinear", "weight", f"of shape {weight.shape}", "(O, I, J)")
    outputs, first, second = weight.shape
    if not (x1.ndim == 2 and x1.shape[1] == first):
        raise invalid("bilinear", "x1", f"of shape {x1.shape}", f"(N, {first})")
    n = len(x1)
    if x2.shape != (n, second):
        raise invalid("bilinear", "x2", f"of shape {x2.shape}", f"({n}, {second})")
    if bias.shape != (outputs,):
        raise invalid("bilinear", "bias", f"of shape {bias.shape}", f"({outputs},)")
    t = (x1 @ _inputs_first(weight)).reshape(n, outputs, second)
    y = (t @ x2[:, :, None])[:, :, 0]
    y += bias
    return y, (x1, x2, weight, t)


def backward(dout: Array, cache: tuple[Array, ...]) -> tuple[Array, Array, Array, Array]:
    """dout (N, O) -> dx1 (N, I), dx2 (N, J), dweight (O, I, J), dbias (O,)."""
    x1, x2, weight, t = cache
    outputs, first, second = weight.shape
    dx2 = (dout[:, None, :] @ t)[:, 0, :]
    dt = (dout[:, :, None] * x2[:, None, :]).reshape(len(dout), outputs * second)
    dx1 = dt @ _inputs_first(weight).T
    dweight = (x1.T @ dt).reshape(first, outputs, second).swapaxes(0, 1)
    return dx1, dx2, dweight, dout.sum(axis=0)


def _inputs_first(weight: Array) -> Array:
    """(O, I, J) -> (I, O J)."""
    return weight.swapaxes(0, 1).reshape(weight.shape[1], -1)


def domain(pick: Pick) -> Arguments:
    n, first, second, outputs = pick.size(1, 3), pick.size(1, 3), pick.size(1, 3), pick.size(1, 2)
    x1, x2 = pick.floats(n, first), pick.floats(n, second)
    return (x1, x2, pick.floats(outputs, first, second), pick.floats(outputs)), {}


def _inputs(n: int, first: int, second: int, outputs: int) -> Inputs:
    return lambda rng: (
        rng.normal(size=(n, first)),
        rng.normal(size=(n, second)),
        rng.normal(size=(outputs, first, second)) / np.sqrt(first * second),
        rng.normal(size=outputs),
    )


CASES = [
    Case("generic", _inputs(4, 3, 5, 2)),
    Case("one", _inputs(1, 1, 1, 1)),
    Case("odd", _inputs(7, 5, 3, 1)),
    Case("large", _inputs(32, 17, 24, 16)),
    Case("offset", lambda rng: tuple(100 + x if i < 2 else x for i, x in enumerate(_inputs(4, 3, 5, 2)(rng)))),
    Case("zero_input", lambda rng: (np.zeros((4, 3)), *_inputs(4, 3, 5, 2)(rng)[1:]), zero=("x2", "weight")),
]
