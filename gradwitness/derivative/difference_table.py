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
from typing import Any, Literal

import numpy as np

from gradwitness.arrays import Array

POINTS = range(-4, 5)
FIRST_SPACING = 2.0**-26
WIDER, NARROWER, MUCH_NARROWER = 2.0**6, 2.0**-7, 2.0**-16
"""Changes of a spacing that is too small, too large, or leaves the domain."""
ASIDE = 0.77
"""The same once, for a spacing that is too large where there are stairs: those whose width divides it, as the steps of a
bisection may, look smooth there, and at a half and a quarter of it, too.
"""
TABLES = 5
"""Tables that are made before the search is given up."""
STILL = 2.0**-21
"""The stairs of float32 are narrower, as a share of the scale."""
AGREE = 4.0
CLOSER, LESS_CLOSE = 16.0, 11.0
"""By how much the spacings of a second look are smaller. Stairs may look smooth at one of them: see above."""
LATE = 3
"""Differences of this order and above: those of a function that is smooth over a table are below its noise."""
DIGITS = 8
"""Binary digits of a centre and of a spacing: their sums are exact in float64, and the points are equally spaced. Points that are
off by a roundoff of the centre look like noise, 20 times that of longdouble."""


@dataclass(frozen=True)
class Table:
    """What a table of differences says: the noise, or why there is none to be had at this spacing."""

    noise: float
    answer: Literal["noise", "constant", "too small", "too large", "outside"]


@dataclass(frozen=True)
class Noise:
    """The noise of one value as a standard deviation, and the spacing of the table that showed it.

    centre   of the table
    stairs   the widest spacing, as a share of the scale, over which most neighbours had the same value; 0 where none did
    """

    value: float
    spacing: float
    stairs: float = 0.0
    centre: float = 0.0


def table(values: Sequence[Any]) -> Table:
    """The noise in equally spaced values of a function. Values that are inf or nan lie outside the domain."""
    row = np.asarray(values, np.longdouble)
    if not np.isfinite(row).all():
        return Table(math.nan, "outside")
    if not np.diff(row).any():
        return Table(0.0, "constant")
    if np.count_nonzero(np.diff(row) == 0) >= len(row) // 2:
        return Table(math.nan, "too small")
    found = float(of_columns(row[:, None])[0])
    return Table(found, "too large" if math.isnan(found) else "noise")


def of_columns(values: Array) -> Array:
    """The noise of each column of values (points, n), of which each is a function of its own.

    It is nan where a table shows none, also where most neighbours are equal.
    """
    sizes, mixed = _sizes(values)
    noise = np.full(values.shape[1], np.nan)
    for k in range(len(sizes) - 3):  # the last column is a single difference, and says nothing of its size
        three = np.stack(sizes[k : k + 3])
        shows = mixed[k] & (three.max(axis=0) <= AGREE * three.min(axis=0))
        noise = np.where(np.isnan(noise) & shows, sizes[k], noise)
    return np.where(_stands(values), np.nan, noise).astype(np.float64)


def of_two(near: Array, far: Array) -> Array:
    """The noise of each column, 0 where there is none, from tables at two spacings: it does not depend on the spacing.

    What the wider table shows may be the function itself, at a pole for instance. It counts as far as the nearer table has
    differences of that size, and where neighbours in the nearer table are equal.
    """
    bound = np.where(_stands(near), np.inf, np.max(_sizes(near)[0][LATE:], axis=0))
    with np.errstate(invalid="ignore"):
        return np.nan_to_num(np.fmax(of_columns(near), np.minimum(of_columns(far), bound)), posinf=0.0)


def _sizes(values: Array) -> tuple[list[Array], list[Array]]:
    """What each order of differences, from the first, says of the noise of each column; and whether it has both signs."""
    sizes, mixed, factor = [], [], 1.0
    for k in range(1, len(values)):
        differences = np.diff(values, k, axis=0)
        factor *= k / (2 * (2 * k - 1))
        sizes.append(np.sqrt(factor * np.mean(np.square(differences), axis=0)))
        mixed.append((differences.min(axis=0) < 0) & (differences.max(axis=0) > 0))
    return sizes, mixed


def _stands(values: Array) -> Array:
    """Whether most neighbours in a column are equal."""
    return np.asarray(np.count_nonzero(np.diff(values, axis=0) == 0, axis=0) >= len(values) // 2)


def noise(
    value: Callable[[float], Any],
    scale: float,
    centre: float = 0.0,
    first: float = FIRST_SPACING,
    plain: float = math.inf,
    still: float = STILL,
) -> Noise | None:
    """The noise of value(t) near a centre; None where no spacing shows it.

    scale   by how much t may change, roughly, before the function does
    first   the first spacing, as a share of the scale
    plain   noise that needs no second look. More of it may be a kink, whose table looks like noise but falls with the spacing, or
            a jump at the centre, beside which there is none
    still   a function that is constant over spacings of this share of the scale is taken to be constant
    """
    spacing, stairs, centre, aside = first, 0.0, _short(centre), iter([ASIDE, *[NARROWER] * TABLES])
    for _ in range(TABLES):
        width = _short(spacing * scale)
        values = [value(centre + j * width) for j in POINTS]
        found = table(values)
        if found.answer == "noise" and found.noise < abs(values[-1] - values[0]) / len(values) * stairs / spacing / CLOSER:
            found = Table(math.nan, "too large")  # a step of the stairs is higher
        if found.answer == "noise" and found.noise > plain:
            second = [[value(centre + j * width / times) for j in POINTS] for times in (CLOSER, LESS_CLOSE)]
            if all(_falls(closer, found.noise) for closer in second) or _jump(second[0]) > _jump(values) / 2 > 0:
                return None  # a slope falls with the spacing, and a step stays
        if found.answer == "noise" or (found.answer == "constant" and spacing >= still):
            return Noise(found.noise, width, stairs, centre)
        if found.answer in ("constant", "too small"):
            stairs, spacing = spacing, spacing * WIDER
        elif found.answer == "too large" and 0 < stairs < spacing:
            spacing *= next(aside)
        else:
            spacing *= NARROWER if found.answer == "too large" else MUCH_NARROWER
    return None


def _falls(closer: Sequence[Any], noise: float) -> bool:
    """Whether there is less noise in a table of a smaller spacing."""
    second = table(closer)
    return second.answer == "noise" and second.noise < noise / LESS_CLOSE**0.5


def _jump(values: Sequence[Any]) -> float:
    """The height of the step that a function takes at the centre of a table, beyond its slope; 0 where it is not smooth to either
    side of the centre, or takes none.
    """
    row = np.asarray(values, np.longdouble)
    middle = len(row) // 2
    sides = row[:middle], row[middle + 1 :]
    slope = np.mean([np.mean(np.diff(side)) for side in sides])
    height = np.max(np.abs(np.diff(row)[middle - 1 : middle + 1] - slope))
    rough = max(np.max(np.abs(np.diff(side, 2))) for side in sides)
    return float(height) if rough <= height / CLOSER**2 else 0.0


def _short(number: float) -> float:
    """A number with few binary digits, near another."""
    fraction, exponent = math.frexp(number)
    return math.ldexp(round(math.ldexp(fraction, DIGITS)), exponent - DIGITS)
