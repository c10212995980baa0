"""Numerical derivatives by hand: Romberg's table of central differences. Nothing here is the engine's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

ROWS = 7
Real = np.longdouble


@dataclass(frozen=True)
class Derivative:
    """A number, and by how much it may be off."""

    value: Real
    bar: Real


def derivative(f: Callable[[Real], Real], size: float, eps: float) -> Derivative:
    """f'(0). Each entry of the table is compared with its two parents; the entry with the least difference is taken.

    size   of the first step
    eps    the roundoff of one value of f, relative to the largest
    """
    best = Derivative(Real(0), Real(np.inf))
    row: list[Real] = []
    for k in range(ROWS):
        h = Real(size) / 2**k
        high, low = f(h), f(-h)
        new = [(high - low) / (2 * h)]
        rounding = 64 * eps * max(abs(high), abs(low)) / h
        for m, above in enumerate(row, 1):
            new.append(new[-1] + (new[-1] - above) / (4**m - 1))
            bar = max(abs(new[m] - new[m - 1]), abs(new[m] - above)) + rounding
            if bar < best.bar:
                best = Derivative(new[m], bar)
        row = new
    return best


def gradient(value: Callable[[list[Any]], Real], arrays: list[Any], dtype: Any) -> list[list[Derivative]]:
    """The derivative by every element, one list for each array."""
    found = []
    for which, array in enumerate(arrays):
        of_array = []
        for place in np.ndindex(array.shape):

            def along(t: Real, which: int = which, place: tuple[int, ...] = place) -> Real:
                moved = [a.astype(dtype) for a in arrays]
                moved[which][place] += t
                return value(moved)

            of_array.append(derivative(along, 2.0**-5 * max(float(abs(array[place])), 2.0**-6), float(np.finfo(dtype).eps)))
        found.append(of_array)
    return found
