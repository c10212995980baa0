"""What a claimed gradient explains of the way to another point, against rational arithmetic."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from gradwitness.arrays import Array
from gradwitness.judging.inner_product import BLOCK, MANY, inner_product

EPS = Fraction(float(np.finfo(np.longdouble).eps))
SIZES = (5, MANY + 1, 3 * BLOCK - 7)


def case(size: int, step: float) -> tuple[Array, Array, Array]:
    """A claim, a moved array and where it came from: elements of very unequal size, of which some move by more than they are."""
    rng = np.random.default_rng(size)
    start = rng.normal(size=size) * np.exp(3 * rng.normal(size=size))
    claim = rng.normal(size=size) * np.exp(3 * rng.normal(size=size))
    moved = start + step * rng.uniform(0.5, 1, size=size) * np.maximum(np.abs(start), 0.1)
    return claim, np.where(np.arange(size) % 3 == 0, start, moved), start


def exact(claim: Array, array: Array, start: Array) -> tuple[Fraction, Fraction]:
    terms = [
        Fraction(c) * (Fraction(a) - Fraction(s)) for c, a, s in zip(claim.tolist(), array.tolist(), start.tolist(), strict=True)
    ]
    return sum(terms, Fraction(0)), sum(map(abs, terms), Fraction(0))


def alone(claim: Array, array: Array, start: Array) -> tuple[np.longdouble, float]:
    return inner_product([claim], [array], [start])


def as_fraction(value: np.longdouble) -> Fraction:
    upper = float(value)
    return Fraction(upper) + Fraction(float(value - np.longdouble(upper)))


@pytest.mark.parametrize("step", [0.37, 2.96, 0.37 * 2.0**-9, 1e-12])
@pytest.mark.parametrize("size", SIZES)
def test_it_is_as_exact_as_longdouble(size: int, step: float) -> None:
    given = case(size, step)
    value, sizes = alone(*given)
    true, true_sizes = exact(*given)
    assert abs(as_fraction(value) - true) <= EPS * true_sizes
    assert abs(Fraction(sizes) - true_sizes) <= true_sizes / 2**24  # of the upper parts of the factors


@pytest.mark.parametrize("size", SIZES)
def test_an_element_that_does_not_move_may_have_any_claim(size: int) -> None:
    claim, array, start = case(size, 0.37)
    true, sizes = exact(claim, array, start)
    claim[0] = np.nan
    assert array[0] == start[0]
    assert abs(as_fraction(alone(claim, array, start)[0]) - true) <= EPS * sizes


@pytest.mark.parametrize("scale", [2.0**-830, 2.0**830])
def test_numbers_whose_products_float64_does_not_hold_are_left_to_longdouble(scale: float) -> None:
    given = case(2 * BLOCK, 0.37)
    true, sizes = exact(*given)
    with np.errstate(over="ignore"):  # of the sum of the sizes, as a float
        value, _ = alone(*(scale * each for each in given))
    assert abs(as_fraction(value / np.longdouble(scale) / np.longdouble(scale)) - true) <= EPS * sizes


def test_what_does_not_move_explains_nothing() -> None:
    claim, _, start = case(2 * BLOCK, 0.37)
    assert alone(claim, start, start) == (0, 0.0)


def test_arrays_of_all_sizes_are_added() -> None:
    cases = [case(size, 0.37) for size in SIZES]
    value, sizes = inner_product(*zip(*cases, strict=True))
    true, true_sizes = map(sum, zip(*(exact(*each) for each in cases), strict=True))
    assert abs(as_fraction(value) - true) <= EPS * true_sizes
    assert abs(Fraction(sizes) - true_sizes) <= true_sizes / 2**24
