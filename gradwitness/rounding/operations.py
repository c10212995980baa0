"""How each kind of NumPy operation rounds: not at all, once, or as a sum of n terms (where n/3, n/6 and n/12 come from is told in
gradwitness/rounding/arithmetic.py). Operands are plain arrays here: `Perturbed` has undressed them.
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
"""Ufuncs that select, or change a sign: they never round."""
CONTRACTIONS = {np.dot, np.einsum, np.inner, np.tensordot, np.vdot}
MOVES = frozenset([
    "where", "concatenate", "pad", "copy", "choose", "broadcast_to", "broadcast_arrays", "select", "block", "sliding_window_view",
])  # fmt: skip
"""NumPy functions that only move values, and return a plain array."""


def rounded(noise: Noise, result: Any, scale: float | Array = 1.0) -> Any:
    """One array of floats or several, each element rounded by up to scale units; anything else as it is."""
    if isinstance(result, tuple):
        return tuple(rounded(noise, r) for r in result)
    array = np.asarray(result)
    return noise.round(array, scale) if array.dtype.kind == "f" else result


def reduction(noise: Noise, ufunc: Any, method: str, plain: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """`ufunc.reduce`, `accumulate` and `reduceat`: of n terms, in any order."""
    terms, *others = plain
    n = _length(terms, kwargs.get("axis", 0))
    if method == "reduceat":
        n = np.diff(others[0], append=n).max()  # the longest of the slices
    if ufunc is np.add:
        terms = noise.round(terms, _at_least_one(n / 6))
    return rounded(noise, getattr(ufunc, method)(terms, *others, **kwargs), _at_least_one(n / 3))


def contract(noise: Noise, function: Any, plain: Sequence[Any], kwargs: Mapping[str, Any], n: float) -> Any:
    """Sums of n products each: matmul, einsum, ..."""
    factors = [noise.round(x, _at_least_one(n / 12)) if isinstance(x, np.ndarray) and x.dtype.kind == "f" else x for x in plain]
    return rounded(noise, function(*factors, **kwargs), _at_least_one(n / 3))


def scatter(noise: Noise, ufunc: Any, target: Array, indices: Any, *values: Any) -> None:
    """`ufunc.at`: n values that meet in one element of target are a reduction of n terms, one after the other."""
    if ufunc.__name__ in EXACT:
        ufunc.at(target, indices, *values)
        return
    counts = np.zeros(target.shape)
    np.add.at(counts, indices, 1)
    terms = counts[indices]
    ufunc.at(target, indices, *(noise.round(np.broadcast_to(v, terms.shape), _at_least_one(terms / 6)) for v in values))
    target[...] = noise.round(target, np.where(counts > 0, _at_least_one(counts / 3), 0))


def _at_least_one(square: float | Array) -> Array:
    return np.maximum(1, np.sqrt(square))


def _length(array: Array, axis: int | tuple[int, ...] | None) -> int:
    """How many terms a reduction along axis adds up."""
    if axis is None:
        return array.size
    axes = axis if isinstance(axis, tuple) else (axis,)
    return math.prod(array.shape[a] for a in axes if array.shape)
