"""How each kind of NumPy operation rounds: never, once, or as a sum of n terms.

gradwitness/rounding/arithmetic.py derives the variances n/3, n/6 and n/12. Operands are plain arrays here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gradwitness.arrays import Array
from gradwitness.rounding.noise import Noise

EXACT = frozenset([
    "absolute", "ceil", "clip", "conjugate", "copysign", "fabs", "floor", "fmax", "fmin", "maximum", "minimum", "negative",
    "positive", "rint", "sign", "trunc",
])  # fmt: skip
"""Ufuncs that select a value or change a sign. They never round."""
CONTRACTIONS = {np.dot, np.einsum, np.inner, np.tensordot, np.vdot}
MOVES = frozenset([
    "where", "concatenate", "pad", "copy", "choose", "broadcast_to", "broadcast_arrays", "select", "block", "sliding_window_view",
])  # fmt: skip
"""NumPy functions that move values without rounding them, and return a plain array."""


def round_result(noise: Noise, result: Any, scale: float | Array = 1.0) -> Any:
    """The result of an operation, each of its floats rounded by up to scale units. A result of another kind does not change."""
    if isinstance(result, tuple):
        return tuple(round_result(noise, r) for r in result)
    array = np.asarray(result)
    return noise.round(array, scale) if array.dtype.kind == "f" else result


def reduction(noise: Noise, ufunc: Any, method: str, plain: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """The result of `ufunc.reduce`, `accumulate` or `reduceat`: a reduction of n terms, in any order."""
    terms, *others = plain
    n = _length(terms, kwargs.get("axis", 0))
    if method == "reduceat":
        n = np.diff(others[0], append=n).max()  # the longest slice
    if ufunc is np.add:
        terms = noise.round(terms, _units(n / 6))
    return round_result(noise, getattr(ufunc, method)(terms, *others, **kwargs), _units(n / 3))


def contract(noise: Noise, function: Any, plain: Sequence[Any], kwargs: Mapping[str, Any], n: float) -> Any:
    """The result of a function whose every element is a sum of n products: matmul, einsum, ..."""
    factors = [noise.round(x, _units(n / 12)) if isinstance(x, np.ndarray) and x.dtype.kind == "f" else x for x in plain]
    return round_result(noise, function(*factors, **kwargs), _units(n / 3))


def scatter(noise: Noise, ufunc: Any, target: Array, indices: Any, *values: Any) -> None:
    """`ufunc.at`: the n values that go into one element of target are a reduction of n terms, one after the other."""
    if ufunc.__name__ in EXACT:
        ufunc.at(target, indices, *values)
        return
    counts = np.zeros(target.shape)
    np.add.at(counts, indices, 1)
    terms = counts[indices]
    ufunc.at(target, indices, *(noise.round(np.broadcast_to(v, terms.shape), _units(terms / 6)) for v in values))
    target[...] = noise.round(target, np.where(counts > 0, _units(counts / 3), 0))


def _units(square: float | Array) -> Array:
    """A number of units roundoff from its square; at least one, because every operation rounds once."""
    return np.maximum(1, np.sqrt(square))


def _length(array: Array, axis: int | tuple[int, ...] | None) -> int:
    """The number of terms of a reduction along axis."""
    if axis is None:
        return array.size
    axes = axis if isinstance(axis, tuple) else (axis,)
    return math.prod(array.shape[a] for a in axes if array.shape)
