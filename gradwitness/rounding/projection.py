"""The projection of a result on its truth: a constant factor that no element shows alone, of all or of one channel."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gradwitness.arrays import Array

FEWEST = 16
"""Elements of a slice: below, one of them decides."""


def projection(got: Array, truth: Array) -> float:
    """<got, truth> / <truth, truth>: 1 for the truth itself, 1.03 for a result that is 3% too large everywhere.

    Rounding errors of single elements cancel in it, so that it is known far better than any element. Elements whose truth is not
    finite are left out. nan where the truth is zero everywhere or got is not finite.
    """
    finite = np.isfinite(truth)
    got, truth = np.asarray(got)[finite], np.asarray(truth)[finite]
    size = np.abs(truth).max(initial=0)
    if not size or not np.isfinite(got).all():
        return float("nan")
    parts = (truth / size).astype(np.result_type(truth, np.longdouble))  # their squares neither overflow nor vanish
    return float((np.vdot(parts, got / size) / np.vdot(parts, parts)).real)


def axes(shape: tuple[int, ...]) -> list[int]:
    """The axes of which each place is a slice of enough elements: rows, channels."""
    size = int(np.prod(shape))
    return [axis for axis, length in enumerate(shape) if length > 1 and size >= FEWEST * length]


def by_slice(values: Array, axis: int) -> Array:
    """The sum over each slice along an axis."""
    return np.asarray(values.sum(axis=tuple(other for other in range(values.ndim) if other != axis)))


def slices(truth: Array) -> Callable[[Array], list[Array]]:
    """A result to its projections on the truth, of each slice along each of `axes`; nan where the truth is zero or not finite."""
    size = float(np.max(np.abs(truth), where=np.isfinite(truth), initial=0)) or 1.0
    parts = np.asarray(truth / size, np.result_type(truth, np.float64))
    which = axes(parts.shape)
    with np.errstate(invalid="ignore", over="ignore"):
        squares = [by_slice(np.abs(parts) ** 2, axis) for axis in which]

    def projected(got: Array) -> list[Array]:
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            product = (np.conj(parts) * (got / size)).real
            return [by_slice(product, axis) / square for axis, square in zip(which, squares, strict=True)]

    return projected
