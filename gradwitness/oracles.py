"""Numerical differentiation that knows how wrong it may be.

`derivative` extrapolates difference quotients at steps h, h/2, h/4, ... to h = 0 (Richardson). Two things limit it:
truncation, seen as the difference between neighbouring entries of the extrapolation table, and the rounding of the
function, which a step h magnifies by 1/h and extrapolation passes on linearly. Both are carried through the table;
the entry with the smallest sum is the estimate, and the sum its error bar. Two neighbours agree by accident now and
then (with Ridders' original rule 1 in 1000 bars was too small, some by a factor of a million), so an entry is
trusted only as far as it agrees with all five around it: then the worst error over 33,000 derivatives of eleven
functions was 0.40 of its bar (tests/test_engine.py repeats a part of them). The noise of one evaluation is not
guessed either: the caller measures it by Monte Carlo arithmetic.

A step that crosses a kink or leaves the domain spoils the entries it enters; smaller steps start clean ones.

Where longdouble is no wider than float64 the noise is larger, and so is the bar.

Source: Ridders, "Accurate computation of F'(x) and F'(x) F''(x)", Advances in Engineering Software 4, 1982.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

FIRST_STEP = 2.0**-2
LEVELS = 40
"""Steps down to 2^-41, for functions whose nearest kink is that close; most stop after about eight."""
ORDER = 8
"""Columns of the table: beyond it rounding grows faster than truncation falls."""


@dataclass(frozen=True)
class Estimate:
    """A numerical derivative: the true one lies within value +- error."""

    value: np.longdouble
    error: np.longdouble


def derivative(f: Callable[[np.longdouble], np.longdouble], noise: float, side: Literal[-1, 0, 1] = 0) -> Estimate:
    """f'(0), with an error bar.

    f       a scalar function of a scalar, in longdouble
    noise   the error that rounding may put into one value of f, in its units
    side    0 for central differences; +1 or -1 for the derivative from above or below, which differ at a kink

    The error is inf where no step gave a finite value.
    """
    base = 2.0 if side else 4.0  # the truncation error is a series in h, or for central differences in h^2
    zero = f(np.longdouble(0)) if side else np.longdouble(0)
    best = Estimate(np.longdouble(np.nan), np.longdouble(np.inf))
    values: list[np.longdouble] = []
    noises: list[float] = []
    for level in range(LEVELS):
        h = np.longdouble(FIRST_STEP) / 2**level
        quotient = (f(side * h) - zero) / (side * h) if side else (f(h) - f(-h)) / (2 * h)
        row, row_noise = [quotient], [(2 if side else 1) * noise / float(h)]
        for m in range(1, min(len(values), ORDER) + 1):
            power = base**m
            finer, coarser = row[m - 1], values[m - 1]
            row.append(finer + (finer - coarser) / (power - 1))
            row_noise.append((power * row_noise[m - 1] + noises[m - 1]) / (power - 1))
            if m < 2 or m >= len(values):
                continue
            witnesses = (finer, coarser, row[m - 2], values[m - 2], values[m])
            error = max(abs(row[m] - w) for w in witnesses) + np.longdouble(row_noise[m])
            if np.isfinite(error) and error < best.error:
                best = Estimate(row[m], error)
        values, noises = row, row_noise
        if best.error <= 2**7 * noise:
            break
    return best
