"""Softmax along an axis.

    y_i = exp(x_i) / sum_k exp(x_k)

Derivation.  dy_i/dx_j = y_i * ([i = j] - y_j), hence dx_j = sum_i dout_i * y_i * ([i = j] - y_j), that is

    dx = y * (dout - sum_k dout_k * y_k)

Rows of y sum to one, so a constant cotangent gives dx = 0: test with a random one. The maximum is subtracted first; it
cancels in the ratio and keeps exp from overflowing.

Shapes: x, y (...).
Source: Bridle, "Probabilistic interpretation of feedforward classification network outputs", 1990.
"""

import numpy as np

from ..case import Array, Case, invalid, require_floats
from ..domain import Arguments, Pick, classes_along_an_axis
from ..passes import dot_along, sum_along


def forward(x: Array, /, *, axis: int = -1) -> tuple[Array, tuple[Array, int]]:
    """y = exp(x) / sum exp(x) along axis. x (...) -> y (...).

    Raises ValueError where x is not an array of floats, for an axis that x does not have, or one of length zero.
    """
    require_floats("softmax", x=x)
    if not -x.ndim <= axis < x.ndim:
        raise invalid("softmax", "axis", axis, f"an axis of x, whose shape is {x.shape}")
    if not x.shape[axis] > 0:
        raise invalid("softmax", "x", f"of shape {x.shape}", f"at least one entry along axis {axis}")
    y = x - x.max(axis=axis, keepdims=True)
    np.exp(y, out=y)
    y /= sum_along(y, axis)
    return y, (y, axis)


def backward(dout: Array, cache: tuple[Array, int]) -> tuple[Array]:
    """dout (...) -> dx (...)."""
    y, axis = cache
    dx = dout - dot_along(dout, y, axis)
    dx *= y
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
