"""Logarithm of the softmax along an axis.

    y_i = x_i - log sum_k exp(x_k)

Derivation.  dy_i/dx_j = [i = j] - p_j with p = exp(y), hence dx_j = dout_j - p_j sum_i dout_i:

    dx = dout - exp(y) * sum_k dout_k

The maximum is subtracted first, so that exp cannot overflow and the largest term of the sum is 1.

Shapes: x, y (...).
Source: Goodfellow, Bengio and Courville, "Deep Learning", 2016, section 6.2.2.3.
"""

import numpy as np

from ..case import Array, Case, invalid, require_floats
from ..domain import Arguments, Pick, classes_along_an_axis
from ..passes import sum_along


def forward(x: Array, /, *, axis: int = -1) -> tuple[Array, tuple[Array, int]]:
    """y = x - log sum exp(x) along axis. x (...) -> y (...).

    Raises ValueError where x is not an array of floats, for an axis that x does not have, or one of length zero.
    """
    require_floats("log_softmax", x=x)
    if not -x.ndim <= axis < x.ndim:
        raise invalid("log_softmax", "axis", axis, f"an axis of x, whose shape is {x.shape}")
    if not x.shape[axis] > 0:
        raise invalid("log_softmax", "x", f"of shape {x.shape}", f"at least one entry along axis {axis}")
    y = x - x.max(axis=axis, keepdims=True)
    y -= np.log(sum_along(np.exp(y), axis))
    return y, (y, axis)


def backward(dout: Array, cache: tuple[Array, int]) -> tuple[Array]:
    """dout (...) -> dx (...)."""
    y, axis = cache
    dx = np.exp(y)
    dx *= sum_along(dout, axis)
    np.subtract(dout, dx, out=dx)
    return (dx,)


CASES = [
    Case("generic", lambda rng: (rng.normal(size=(4, 5)),)),
    Case("two_classes", lambda rng: (rng.normal(size=(1, 2)),)),
    Case("one_class", lambda rng: (rng.normal(size=(3, 1)),), zero=("x",)),
    Case("axis_0", lambda rng: (rng.normal(size=(5, 4)),), {"axis": 0}),
    Case("axis_1_of_3", lambda rng: (rng.normal(size=(3, 7, 5)),), {"axis": 1}),
    Case("classes_1000", lambda rng: (rng.normal(size=(8, 1000)),)),
    Case("saturated", lambda rng: (30 * rng.normal(size=(4, 6)),)),
    Case("shifted_by_1000", lambda rng: (1000 + rng.normal(size=(4, 6)),)),
    Case("rows_apart", lambda rng: (2e4 * np.array([[1.0], [-1.0], [0.0]]) + rng.normal(size=(3, 6)),)),  # each row has a maximum
]


def domain(pick: Pick) -> Arguments:
    return classes_along_an_axis(pick)
