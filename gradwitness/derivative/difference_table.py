"""The noise of one evaluation of a function, from differences of its values at equally spaced points.

The k-th differences of a smooth function fall with every k; those of independent errors of variance s^2 have variance
s^2 (2k)! / (k!)^2. Where three columns of the table agree about s, within a factor of four, and the first of them has both signs,
what is left is noise:

    s_k^2 = (k!)^2 / (2k)! * mean over j of (k-th difference at j)^2

A spacing may be too small (most neighbours have the same value: the function moves in steps) or too large (the differences still
fall: they are those of the function). The spacing is then changed and the table is made anew.

Source: Moré and Wild, "Estimating computational noise", SIAM Journal on Scientific Computing 33, 2011.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

POINTS = range(-4, 5)
FIRST_SPACING = 2.0**-26
WIDER, NARROWER, MUCH_NARROWER = 2.0**6, 2.0**-7, 2.0**-16
"""Changes of a spacing that is too small, too large, or leaves the domain."""
TABLES = 7
"""Tables that are made before the search is given up."""
AGREE = 4.0


@dataclass(frozen=True)
class Table:
    """What a table of differences says: the noise, or why there is none to be had at this spacing."""

    noise: float
    answer: Literal["noise", "too small", "too large", "outside"]


def table(values: Sequence[float | np.longdouble]) -> Table:
    """The noise in equally spaced values of a function. Values that are inf or nan lie outside the domain."""
    row = np.asarray(values, np.longdouble)
    if not np.isfinite(row).all():
        return Table(math.nan, "outside")
    if not np.diff(row).any():
        return Table(0.0, "noise")  # constant: nothing is rounded, as far as anybody can see
    if np.count_nonzero(np.diff(row) == 0) >= len(row) // 2:
        return Table(math.nan, "too small")
    sizes, mixed, factor = [], [], 1.0
    for k in range(1, len(row)):
        row_k = np.diff(row, k)
        factor *= k / (2 * (2 * k - 1))
        sizes.append(math.sqrt(factor * float(np.mean(np.square(row_k)))))
        mixed.append(bool(row_k.min() < 0 < row_k.max()))
    for k in range(len(sizes) - 3):  # the last column is a single difference, and says nothing of its size
        three = sizes[k : k + 3]
        if mixed[k] and max(three) <= AGREE * min(three):
            return Table(sizes[k], "noise")
    return Table(math.nan, "too large")


def noise(value: Callable[[float], float | np.longdouble], scale: float, centre: float = 0.0) -> float | None:
    """The noise of value(t) near a centre, as a standard deviation; None where no spacing shows it.

    scale   by how much t may change, roughly, before the function does
    """
    spacing = scale * FIRST_SPACING
    for _ in range(TABLES):
        found = table([value(centre + j * spacing) for j in POINTS])
        if found.answer == "noise":
            return found.noise
        spacing *= {"too small": WIDER, "too large": NARROWER, "outside": MUCH_NARROWER}[found.answer]
    return None
