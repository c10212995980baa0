"""Gated linear unit: one half of the axis gates the other.

    y = a sigmoid(b),  x = [a, b] along axis

Derivation.  A product: with s = sigmoid(b) and s' = s (1 - s),

    da = dout * s        db = dout * a s (1 - s)        dx = [da, db]

Shapes: x (..., 2 C, ...), y (..., C, ...).
Source: Dauphin et al., "Language modeling with gated convolutional networks", ICML 2017.
"""

import numpy as np

from ..case import Array, Case, invalid, require_floats
from ..domain import Arguments, Pick, any_shape
from . import sigmoid


def forward(x: Array, /, *, axis: int = -1) -> tuple[Array, tuple[Array, Array, int]]:
    """y = a sigmoid(b), x = [a, b] along axis. x (..., 2 C, ...) -> y (..., C, ...).

    Raises ValueError where x is not an array of floats, or the axis is not there or of odd length.
    """
    require_floats("glu", x=x)
    if not -x.ndim <= axis < x.ndim:
        raise invalid("glu", "axis", axis, f"an axis of x, whose shape is {x.shape}")
    if x.shape[axis] % 2 != 0:
        raise invalid("glu", "x", f"of shape {x.shape}", f"an even length of axis {axis}")
    a, b = np.split(x, 2, axis=axis)
    s, _ = sigmoid.forward(b)
    return a * s, (a, s, axis)


def backward(dout: Array, cache: tuple[Array, Array, int]) -> tuple[Array]:
    """dout (..., C, ...) -> dx (..., 2 C, ...)."""
    a, s, axis = cache
    return (np.concatenate([dout * s, dout * a * (s * (1 - s))], axis=axis),)


CASES = [
    Case("generic", lambda rng: (rng.normal(size=(4, 6)),)),
    Case("one", lambda rng: (rng.normal(size=(1, 2)),)),
    Case("axis_1_of_3", lambda rng: (rng.normal(size=(3, 8, 5)),), {"axis": 1}),
    Case("large", lambda rng: (2 * rng.normal(size=(64, 258)),)),
    Case("shut_and_open", lambda rng: (np.array([[1.0, 2.0, 3.0, -40.0, 0.0, 40.0]]),)),
]


def domain(pick: Pick) -> Arguments:
    shape = list(any_shape(pick))
    axis = pick.one_of(*range(-len(shape), len(shape)))
    shape[axis] = 2 * pick.size(1, 2)
    return (pick.floats(*shape),), {"axis": axis}
