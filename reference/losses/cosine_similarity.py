"""Cosine similarity of pairs of vectors: the cosine of the angle between them.

    y = u1 . u2        u = x / max(|x|, eps)

This is the similarity, as in PyTorch and optax. The loss is minus the similarity; keras.losses.cosine_similarity includes the
sign.

Derivation.  A product of two unit vectors, each differentiated as in `unit.py`:

    du1 = dout * u2         dx1 = (du1 - u1 (u1 . du1)) / |x1| = dout * (u2 - y u1) / |x1|

This is orthogonal to x1, because y depends on the direction alone. A vector shorter than eps is divided by the constant eps.
There dx1 = dout * u2 / eps, also at the zero vector. |x| = eps is a kink, where we take the gradient from below.

PyTorch subtracts the derivative of the norm below eps too, where the norm is a constant. The eps of optax bounds the square
of the norm, and has to be squared to mean the same. Keras multiplies by min(1/|x|, 1/eps), which is the same function, but
nan in the gradient of the zero vector where XLA compiles it.

Shapes: x1, x2 (...); y as they are, without the axis.
Source: Singhal, "Modern information retrieval: a brief overview", IEEE Data Engineering Bulletin 24(4), 2001.
"""

import numpy as np

from ..case import Array, Case, invalid
from ..domain import Arguments, Pick, any_shape
from . import unit
from .arguments import normals, require_like

Cache = tuple[Array, Array, unit.Cache, unit.Cache, int]


def forward(x1: Array, x2: Array, /, *, axis: int = -1, eps: float = 1e-8) -> tuple[Array, Cache]:
    """y = sum x1 x2 / (max(|x1|, eps) max(|x2|, eps)) along axis. x1, x2 (...) -> y, without the axis.

    Raises ValueError where dtypes or shapes differ, for an axis that x1 does not have, or eps <= 0.
    """
    name = "cosine_similarity"
    require_like(name, x1=x1, x2=x2)
    if not -x1.ndim <= axis < x1.ndim:
        raise invalid(name, "axis", axis, f"an axis of x1, whose shape is {x1.shape}")
    if not eps > 0:
        raise invalid(name, "eps", eps, "eps > 0")
    u1, cache1 = unit.forward(x1, axis, eps)
    u2, cache2 = unit.forward(x2, axis, eps)
    return (u1 * u2).sum(axis=axis), (u1, u2, cache1, cache2, axis)


def backward(dout: Array, cache: Cache) -> tuple[Array, Array]:
    """dout (... without the axis) -> dx1, dx2 (...)."""
    u1, u2, cache1, cache2, axis = cache
    dout = np.expand_dims(dout, axis)
    return unit.backward(dout * u2, cache1), unit.backward(dout * u1, cache2)


_SHORT = np.array([[0.03, -0.04], [0.3, 0.4], [3.0, 4.0]])

CASES = [
    Case("generic", normals(4, 5)),
    Case("one", lambda rng: (np.array([[2.0]]), np.array([[-3.0]])), zero=("x1", "x2")),
    Case("odd", normals(7, 3)),
    Case("vectors", normals(6)),
    Case("axis_1_of_3", normals(3, 7, 5), {"axis": 1}),
    Case("large", normals(64, 65)),
    Case("small", lambda rng: (1e-3 * rng.normal(size=(4, 5)), 1e3 * rng.normal(size=(4, 5)))),
    Case("parallel", lambda rng: ((x := rng.normal(size=(4, 5))), 2 * x), zero=("x1", "x2")),
    Case("zero_vector", lambda rng: (np.array([[0.0, 0.0], [1.0, 2.0]]), rng.normal(size=(2, 2)))),
    Case("shorter_than_eps", lambda rng: (_SHORT, rng.normal(size=(3, 2))), {"eps": 0.25}),
]


def domain(pick: Pick) -> Arguments:
    shape = list(any_shape(pick))
    axis = pick.one_of(*range(-len(shape), len(shape)))
    shape[axis] = pick.size(2, 4)  # the cosine between two numbers is 1 or -1
    x1, x2 = (pick.floats(*shape, besides=(0.0,)) for _ in range(2))
    return (x1, x2), {"axis": axis, "eps": pick.one_of(1e-8, 2.1)}  # no sum of squares of multiples of GRAIN is 2.1^2
