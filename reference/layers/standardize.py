"""Rows shifted to mean zero and scaled to variance one, as all normalisation layers do.

    mean = sum_i x_i / n        centred = x - mean        rstd = 1 / sqrt(sum_i centred_i^2 / n + eps)
    xhat = centred rstd

Derivation.  With dmean/dx_j = 1/n and drstd/dx_j = -rstd^3 centred_j / n,

    dxhat_i/dx_j = rstd ([i = j] - 1/n - xhat_i xhat_j / n)

i and j may be exchanged, so the vjp is the same map. It removes the parts of the cotangent g of xhat along 1 and along xhat,

    dx = rstd (g - mean(g) - xhat mean(g xhat))

because neither a shift of x changes xhat, nor (but for eps) a scale. The variance takes a second pass, because mean(x^2) - mean^2
loses all its digits where the mean is large.

xhat itself is never computed. Passes over memory are the cost of these layers, and a later product includes rstd without one.

Shapes: x, centred, g (..., n); rstd (..., 1).
"""

import math

import numpy as np

from ..case import Array, Inputs, invalid, require_floats
from ..domain import Pick, any_shape
from ..passes import dot_along, pieces, sum_along


def standardize(x: Array, eps: float) -> tuple[Array, Array]:
    """x (..., n) -> centred (..., n), rstd (..., 1)."""
    n = x.shape[-1]
    centred = x - sum_along(x) / n
    return centred, 1 / np.sqrt(dot_along(centred, centred) / n + eps)


def standardize_backward(g_rstd: Array, sum_g: Array, sum_g_centred: Array, centred: Array, rstd: Array) -> Array:
    """The cotangent g of centred * rstd -> dx. g_rstd, whose memory dx uses, and centred (..., n); sums, rstd (..., 1).

    The caller gives the sums of g and of g centred over a row, because it computes them without g.
    """
    n = centred.shape[-1]
    mean_g_xhat = sum_g_centred * rstd / n
    slope = mean_g_xhat * rstd * rstd  # one after the other: the cube of rstd may overflow
    for dx, deviation, along_xhat, along_1 in pieces(g_rstd, centred, slope, sum_g * rstd / n):
        np.subtract(dx, deviation * along_xhat, out=dx)
        np.subtract(dx, along_1, out=dx)
    return g_rstd


def positions(x: Array) -> Array:
    """x (N, C, ...) -> (N, C, S), a view where x is contiguous: all positions of a channel in one axis."""
    return x.reshape(*x.shape[:2], math.prod(x.shape[2:]))


def require_channels(op: str, x: Array, eps: float, **parameters: Array) -> None:
    """Check that x is (N, C, ...), and that each parameter is (C,), one number for each channel.

    Raises ValueError, which names the op, the argument, what came and what was wanted.
    """
    require_floats(op, x=x, **parameters)
    if not x.ndim >= 2:
        raise invalid(op, "x", f"of shape {x.shape}", "(N, C, ...)")
    for name, parameter in parameters.items():
        if parameter.shape != (x.shape[1],):
            raise invalid(op, name, f"of shape {parameter.shape}", f"({x.shape[1]},), one a channel of x")
    if not eps >= 0:
        raise invalid(op, "eps", eps, "eps >= 0")


def require_trailing(op: str, x: Array, eps: float, **parameters: Array) -> None:
    """Check that every parameter has the shape of the trailing axes of x, and that they have at least one element.

    Raises ValueError, which names the op, the argument, what came and what was wanted.
    """
    require_floats(op, x=x, **parameters)
    weight = parameters["weight"]
    if not (weight.ndim >= 1 and weight.size > 0):
        raise invalid(op, "weight", f"of shape {weight.shape}", "at least one axis, and none of length 0")
    trailing = x.shape[x.ndim - weight.ndim :] if x.ndim >= weight.ndim else None
    if trailing != weight.shape:
        raise invalid(op, "x", f"of shape {x.shape}", f"(..., {', '.join(map(str, weight.shape))})")
    for name, parameter in parameters.items():
        if parameter.shape != weight.shape:
            raise invalid(op, name, f"of shape {parameter.shape}", f"{weight.shape}, the shape of weight")
    if not eps >= 0:
        raise invalid(op, "eps", eps, "eps >= 0")


def channel_inputs(*shape: int, mean: float = 0, deviation: float = 1) -> Inputs:
    """Normal x (N, C, ...) of some mean and standard deviation, and weight and bias (C,)."""
    return lambda rng: (rng.normal(mean, deviation, size=shape), rng.normal(size=shape[1]), rng.normal(size=shape[1]))


EPS = (1e-5, 1e-3, 0.5)
"""For domains: the frameworks' defaults, and one that counts."""


def scaled(pick: Pick, *shape: int, channels: tuple[int, ...]) -> tuple[Array, Array, Array]:
    """For domains: x of distinct values, so that no variance is zero; weight without a zero, and bias."""
    return pick.distinct(*shape), pick.floats(*channels, besides=(0.0,)), pick.floats(*channels)


def trailing(pick: Pick) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """For domains: leading axes, and trailing ones to normalise over, of more than one element."""
    features = (*any_shape(pick, 0, 1), pick.size(2, 4))
    return any_shape(pick, 0, 2), features
