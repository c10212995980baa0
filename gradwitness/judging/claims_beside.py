"""What rounding does to gradients, measured beside the point: from difference tables, and from runs in float64 and longdouble."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gradwitness.arrays import Array
from gradwitness.derivative.difference_table import POINTS, of_two
from gradwitness.judging.claims import EPS, Evaluated, jitter, row
from gradwitness.subjects.errors import UserError

BESIDE = 2.0**8
"""How far beside the point rounding itself is seen, in eps."""


def noise_of_gradients(point: Evaluated, directions: Sequence[Array], spacings: tuple[float, float]) -> list[Array]:
    """The noise of each element of each gradient, from difference tables along a direction; 0 where they show none.

    spacings   of two tables, the nearer one first
    """
    near, far = [_gradients_along(point, directions, spacing) for spacing in spacings]
    with np.errstate(invalid="ignore"):
        noise = of_two(near, far)
    ends = np.cumsum([array.size for array in point.arrays])[:-1]
    return [part.reshape(array.shape) for part, array in zip(np.split(noise, ends), point.arrays, strict=True)]


def _gradients_along(point: Evaluated, directions: Sequence[Array], spacing: float) -> Array:
    """The gradients as one row, at each point of a table; nan where backward raises, or returns other shapes."""
    rows = []
    for j in POINTS:
        try:
            gradients = point.gradients(point.moved(j * spacing, directions))
        except UserError:
            gradients = [None] * len(point.arrays)
        fits = [g is not None and np.shape(g) == a.shape for g, a in zip(gradients, point.arrays, strict=True)]
        rows.append(
            row([g if fit else np.full(a.shape, np.nan) for g, a, fit in zip(gradients, point.arrays, fits, strict=True)])
        )
    return np.stack(rows)


def rounding(point: Evaluated, runs: int) -> list[Array]:
    """What float64 does to each gradient, from runs in float64 and in longdouble beside the point; 0 where that says nothing.

    Moved inputs do not show it where / sqrt(3) in forward is * (1 / sqrt(3)) in backward: both move alike.
    """
    squares = [np.zeros(array.shape) for array in point.arrays]
    rng = np.random.default_rng((point.seed, 9))

    def beside(array: Array) -> Array:
        return np.asarray(array * (1 + BESIDE * EPS * jitter(array, rng))).astype(np.float64)

    for _ in range(runs if point.dtype != np.float64 else 0):
        arrays, douts = [beside(array) for array in point.arrays], [beside(dout) for dout in point.douts]
        try:
            narrow = point.gradients(arrays, douts)
            wide = point.gradients([a.astype(point.dtype) for a in arrays], [d.astype(point.dtype) for d in douts])
        except UserError:
            continue
        for i, (one, other) in enumerate(zip(narrow, wide, strict=True)):
            if one is not None and other is not None and np.shape(one) == np.shape(other) == squares[i].shape:
                with np.errstate(invalid="ignore", over="ignore"):
                    squares[i] += np.nan_to_num(np.square(np.asarray(one, np.longdouble) - other)).astype(np.float64) / runs
    return [np.sqrt(square) for square in squares]
