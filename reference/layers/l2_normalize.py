"""Vectors along an axis scaled to length one. A vector shorter than eps is divided by eps.

    y = x / max(|x|, eps)        |x| = sqrt(sum x^2) along axis

Derivation.  Where |x| > eps, d|x|/dx = y, and the part of dout along y is removed. Elsewhere y is x over a constant:

    dx = (dout - y sum(y * dout)) / |x|        or        dx = dout / eps

At the zero vector, where the norm itself has no gradient, dx = dout / eps. The sphere |x| = eps is a kink. No case lies on it,
because rounding alone decides on which side of it a computed norm is.

Shapes: x, y (...).
Source: Schroff, Kalenichenko and Philbin, "FaceNet", CVPR 2015, section 3. PyTorch clamps the norm at eps, as here; TensorFlow
the square of the norm at epsilon, which is the same function for epsilon = eps^2. Added under the root, as in flax's weight and
spectral normalisation, eps makes another function.
"""

import numpy as np

from ..case import Array, Case, Inputs, invalid, require_floats
from ..domain import Arguments, Pick, any_shape

Cache = tuple[Array, Array, Array, int]


def forward(x: Array, /, *, axis: int = -1, eps: float = 1e-12) -> tuple[Array, Cache]:
    """y = x / max(|x|, eps) along axis. x (...) -> y (...).

    Raises ValueError where x is not an array of floats, for an axis that it does not have, and for an eps that is not positive.
    """
    require_floats("l2_normalize", x=x)
    if not -x.ndim <= axis < x.ndim:
        raise invalid("l2_normalize", "axis", axis, f"an axis of x, whose shape is {x.shape}")
    if not eps > 0:
        raise invalid("l2_normalize", "eps", eps, "eps > 0")
    norm = np.sqrt((x * x).sum(axis=axis, keepdims=True))
    divisor = np.maximum(norm, eps)
    y = x / divisor
    return y, (y, divisor, norm > eps, axis)


def backward(dout: Array, cache: Cache) -> tuple[Array]:
    """dout (...) -> dx (...)."""
    y, divisor, scaled, axis = cache
    along_y = (y * dout).sum(axis=axis, keepdims=True) * scaled
    dx = dout - y * along_y
    dx /= divisor
    return (dx,)


def domain(pick: Pick) -> Arguments:
    shape = list(any_shape(pick))
    axis = pick.one_of(*range(-len(shape), len(shape)))
    shape[axis] += 1
    # The kink: no sum of squares of multiples of GRAIN is the square of 0.3.
    return (pick.distinct(*shape),), {"axis": axis, "eps": pick.one_of(1e-12, 0.3)}


def _inputs(*shape: int) -> Inputs:
    return lambda rng: (rng.normal(size=shape),)


CASES = [
    Case("generic", _inputs(4, 5)),
    Case("one_entry", _inputs(3, 1), zero=("x",)),
    Case("axis_0", _inputs(4, 5), {"axis": 0}),
    Case("axis_1_of_3", _inputs(2, 3, 5), {"axis": 1}),
    Case("large", _inputs(64, 128)),
    Case("small", lambda rng: (1e-6 * rng.normal(size=(4, 5)),)),
    Case("shorter_than_eps", lambda rng: (np.array([[0.3, -0.4, 0.2], [3.0, 4.0, -1.0]]),), {"eps": 1.0}),
    Case("zero_vector", lambda rng: (np.array([[0.0, 0.0, 0.0], [1.0, -2.0, 2.0]]),), {"eps": 2.0**-10}),
]
