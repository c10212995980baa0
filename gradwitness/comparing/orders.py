"""Numbers that are right in another order, and numbers that are wrong at some places of an axis alone."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations

import numpy as np

from gradwitness.arrays import Array
from gradwitness.diagnosis.case import Case, Repair
from gradwitness.diagnosis.constants import told
from gradwitness.rounding.projection import projection

HIGHEST = 4
"""Axes of an array whose orders are tried."""
LONGEST = 1024
"""Places of an axis that are put into another order."""
NAMED = 8
"""Places that a sentence names."""
MOST = 0.5
"""Of the places of an axis: where more are wrong, it is no matter of places."""


def orders(case: Case) -> Iterator[Repair]:
    """Numbers that were stored with the axes in another order, such as column by column, and read row by row."""
    shape = case.array.shape
    if case.came.size != case.array.size or len(shape) > HIGHEST:
        return
    flat = np.asarray(case.came, np.longdouble).ravel()
    for order in list(permutations(range(len(shape))))[1:]:
        stored = tuple(shape[axis] for axis in order)
        back = tuple(int(axis) for axis in np.argsort(order))
        by_column = order == tuple(reversed(range(len(shape))))
        how = "column by column, as MATLAB and Fortran do" if by_column else f"with the axes in the order {order}"
        cure = f'ravel().reshape({shape}, order="F")' if by_column else f"reshape({stored}).transpose({back})"
        yield Repair(flat.reshape(stored).transpose(back), "transposed", f"It was stored {how}: {case.name}.{cure} agrees")


def places(case: Case, truth: Array) -> Iterator[Repair]:
    """The places of one axis in another order."""
    shape = case.array.shape
    if case.came.shape != shape:
        return
    came = np.asarray(case.came, np.longdouble)
    for axis, length in enumerate(shape):
        if not 2 < length <= LONGEST:
            continue
        rows = [np.moveaxis(each, axis, 0).reshape(length, -1) for each in (came, np.asarray(truth, np.longdouble))]
        weights = np.random.default_rng(0).normal(size=rows[0].shape[1])
        mine, right = (np.argsort(each @ weights) for each in rows)
        order = np.empty(length, int)
        order[right] = mine
        shown = ", ".join(map(str, order[:NAMED])) + (", ..." if length > NAMED else "")
        what = "its elements" if case.array.ndim == 1 else f"the places of axis {axis}"
        words = f"It is right with {what} in another order: {shown}"
        yield Repair(np.take(came, order, axis), "transposed", words)


def slabs(got: Array, truth: Array, room: Array) -> str:
    """Where along an axis it is wrong, if not everywhere, or by one factor at each place."""
    wrong = np.abs(got - truth) > room
    for axis, length in enumerate(truth.shape if truth.ndim > 1 else ()):
        rows = [np.moveaxis(each, axis, 0).reshape(length, -1) for each in (got, truth, room, wrong)]
        at = np.flatnonzero(rows[3].any(axis=1))
        found = [_factor(*(rows[k][i] for k in range(3))) for i in at]
        alone = f"At {_listed(at)} of axis {axis} alone" if len(at) < length else f"At each place of axis {axis}"
        if rows[0].shape[1] > 1 and len(at) and None not in found:
            said = [f"{factor:.6g}" if factor is not None else "" for factor in found]
            if len(set(said)) == 1:
                return f"{alone} it is {_spelled(found[0] or 0.0)}"
            return f"{alone} it has a factor of its own: {', '.join(said[:NAMED])}{', ...' if len(said) > NAMED else ''}"
    found_at = [np.flatnonzero(wrong.any(axis=tuple(a for a in range(wrong.ndim) if a != axis))) for axis in range(wrong.ndim)]
    shares = [len(at) / length for at, length in zip(found_at, truth.shape, strict=True)]
    if truth.ndim < 2 or not 0 < min(shares) <= MOST:
        return ""
    axis = int(np.argmin(shares))
    return f"It is wrong at {_listed(found_at[axis])} of axis {axis} alone"


def _spelled(factor: float) -> str:
    return f"{told(round(factor, 6))} times what is right" if factor else "zero"


def _factor(got: Array, truth: Array, room: Array) -> float | None:
    """The number that a part of the truth is multiplied by; None if there is none."""
    factor = projection(got, truth)
    return factor if np.isfinite(factor) and (np.abs(got - factor * truth) <= room).all() else None


def _listed(at: Array) -> str:
    return ", ".join(map(str, at[:NAMED])) + (", ..." if len(at) > NAMED else "")
