"""Vectors scaled to length one. A vector shorter than eps is divided by eps.

    u = x / max(|x|, eps)

Derivation.  With d|x|/dx = x / |x|,

    dx = (du - u sum_j du_j u_j) / |x|   where |x| > eps,  the part of du across u;      dx = du / eps   elsewhere

The zero vector has a gradient. Only |x| = eps is a kink, where we take the second line.
"""

import numpy as np

from ..case import Array

Cache = tuple[Array, Array, Array, int]


def forward(x: Array, axis: int, eps: float) -> tuple[Array, Cache]:
    """x (...) -> u (...), of length one along axis."""
    norm = np.sqrt((x * x).sum(axis=axis, keepdims=True))
    length = np.maximum(norm, eps)
    u = x / length
    return u, (u, length, norm > eps, axis)


def backward(du: Array, cache: Cache) -> Array:
    """du (...) -> dx (...)."""
    u, length, free, axis = cache
    along = (du * u).sum(axis=axis, keepdims=True) * free
    dx: Array = (du - u * along) / length
    return dx
