"""Eigenvectors and singular vectors, each of which is known but for a sign, or for a phase if it is complex.

LAPACK picks them, in float32 not as in float64, and both are right. The exact result that a function in float32 is compared with
is the one that its own choice belongs to: the vectors of float64, each with the sign that it has in float32.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Vectors:
    """Where the results of a decomposition have vectors, by their numbers.

    columns   matrices whose columns are vectors, each with a sign of its own
    tied      a matrix whose vectors have the signs of those of the first one: the other side of a singular value decomposition
    rows      whether the vectors of that are its rows, conjugated
    values    the eigenvalues, where they are sorted in no order: vectors of the same eigenvalue belong together
    """

    columns: tuple[int, ...]
    tied: int | None = None
    rows: bool = False
    values: int | None = None


def aligned(xp: Any, how: Vectors, exact: Sequence[Any], native: Sequence[Any]) -> list[Any]:
    """The exact results, with the signs and the order of the native ones.

    xp       the functions of NumPy, of a framework
    exact    results in float64: vectors (..., m, n), values (..., n)
    native   those that were computed in the dtype of the function, in float64
    """
    found, columns = list(exact), [number for number in how.columns if number < len(exact)]  # values alone may be asked for
    if how.values is not None:
        values = found[how.values]
        order = xp.argmin(xp.abs(native[how.values][..., :, None] - values[..., None, :]), axis=-1)
        found[how.values] = xp.take_along_axis(values, order, -1)
        for number in columns:
            found[number] = xp.take_along_axis(found[number], order[..., None, :], -1)
    signs = [_signs(xp, found[number], native[number]) for number in columns]
    for number, sign in zip(columns, signs, strict=True):
        found[number] = found[number] * sign
    if how.tied is not None and signs:
        vectors, like = (xp.swapaxes(xp.conj(m), -1, -2) if how.rows else m for m in (found[how.tied], native[how.tied]))
        same = signs[0].shape[-1] == vectors.shape[-1]
        vectors = vectors * (signs[0] if same else _signs(xp, vectors, like))
        found[how.tied] = xp.swapaxes(xp.conj(vectors), -1, -2) if how.rows else vectors
    return found


def _signs(xp: Any, vectors: Any, like: Any) -> Any:
    """What each column has to be multiplied by to point where that of the other matrix does: (..., 1, n)."""
    overlap = xp.sum(xp.conj(vectors) * like, axis=-2, keepdims=True)
    return xp.where(overlap == 0, xp.ones_like(overlap), xp.sign(overlap))
