"""Monte Carlo arithmetic: how far one operation may be off, in units roundoff, with every rounding as far up as it can go."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradwitness.arrays import unit_roundoff
from gradwitness.rounding.arithmetic import measure
from tests.rounding import units, upward

# n = 54 terms: the terms of a sum are off by sqrt(n/6) = 3, the sum by sqrt(n/3).
SUM = 3 + 18**0.5
# n = 108 terms: the factors of a product are off by sqrt(n/12) = 3 each, the sum of products by sqrt(n/3) = 6.
PRODUCT, ONE_FACTOR = 12, 9


def ones(*shape: int) -> np.ndarray:
    return np.ones(shape)


SCALES: dict[str, tuple[Callable[[Any], Any], np.ndarray, float]] = {
    "one operation": (lambda x: x * x, ones(3), 1),
    "fraction and whole": (lambda x: np.stack(np.modf(x)) * 1, np.full(2, 1.5), 2),
    "largest": (lambda x: x.max(axis=0), ones(54, 2), 0),
    "sum": (lambda x: x.sum(), ones(54), SUM),
    "sum of everything": (lambda x: x.sum(), ones(6, 9), SUM),
    "sum over rows": (lambda x: x.sum(axis=0), ones(54, 2), SUM),
    "sum over columns": (lambda x: x.sum(axis=1), ones(2, 54), SUM),
    "sum over the last axis": (lambda x: x.sum(axis=-1), ones(2, 3, 54), SUM),
    "sum over two axes": (lambda x: x.sum(axis=(0, 2)), ones(6, 5, 9), SUM),
    "sum over axis 0 by default": (np.add.reduce, ones(54, 2), SUM),
    "sum of one": (lambda x: x.sum(axis=0), ones(1), 2),
    "sum of two": (lambda x: x.sum(axis=0), ones(2, 5), 2),
    "sum of a scalar": (lambda x: np.add.reduce(x), ones(), 2),
    "product of all": (np.multiply.reduce, ones(54), 18**0.5),
    "cumulative over rows": (lambda x: np.cumsum(x, axis=0)[-1:] * 1, ones(54, 2), SUM + 1),
    "cumulative over columns": (lambda x: np.cumsum(x, axis=1)[:, -1], ones(2, 54), SUM),
    "cumulative over axis 0 by default": (lambda x: np.add.accumulate(x)[-1], ones(54, 2), SUM),
    "slices": (lambda x: np.add.reduceat(x, [0, 54, 57], axis=1), ones(2, 60), SUM),
    "slices of axis 0 by default": (lambda x: np.add.reduceat(x, [0, 6]), ones(60, 2), SUM),
    "matrices": (lambda x: x @ x.T, ones(3, 108), PRODUCT),
    "vectors": (lambda x: x @ x, ones(108), PRODUCT),
    "stacks of matrices": (lambda x: x @ np.swapaxes(x, 1, 2), ones(2, 5, 108), PRODUCT),
    "vecdot": (lambda x: np.vecdot(x, x), ones(2, 108), PRODUCT),
    "dot": (lambda x: np.dot(x, x.T), ones(3, 108), PRODUCT),
    "dot of vectors, as a method": (lambda x: x[0].dot(x[1]), ones(2, 108), PRODUCT),
    "inner": (lambda x: np.inner(x, x), ones(3, 108), PRODUCT),
    "vdot": (lambda x: np.vdot(x, x), ones(108), PRODUCT),
    "tensordot over one axis": (lambda x: np.tensordot(x, x.T, axes=1), ones(3, 108), PRODUCT),
    "tensordot over two axes": (lambda x: np.tensordot(x, x), ones(12, 9), PRODUCT),
    "einsum": (lambda x: np.einsum("ij,kj->ik", x, x), ones(3, 108), PRODUCT),
    "einsum of one operand": (lambda x: np.einsum("ij->j", x), ones(108, 2), ONE_FACTOR),
    "einsum of what only moves": (lambda x: np.einsum("ij->ji", x), ones(108, 2), 2),
    "a product of values that are not one": (lambda x: np.dot(x, np.full(108, 3.0)), np.full(108, 2.0), PRODUCT),
    "integers are exact": (lambda x: np.ones((2, 108), int) @ x, ones(108), ONE_FACTOR),
    "a short product": (lambda x: x @ x, ones(2), 3),
}


@pytest.mark.parametrize("name", SCALES)
def test_an_operation_is_off_by_as_much_as_its_terms_ask_for(name: str) -> None:
    function, x, wanted = SCALES[name]
    result, exact = np.asarray(function(upward(x))), np.asarray(function(x))
    assert result.shape == exact.shape
    assert set(units(result, exact)) == {round(wanted, 3)}


@pytest.mark.skipif(np.finfo(np.longdouble).eps == np.finfo(np.float64).eps, reason="here longdouble is float64")
@pytest.mark.parametrize("constant", [np.float32, np.float64, np.longdouble])
def test_a_constant_factor_rounds_in_the_wider_dtype(constant: Any) -> None:
    x = upward(np.ones(108, np.longdouble), "float64")
    assert units(x @ np.ones(108, constant), 108, unit_roundoff("float64")) == [PRODUCT]


def scattered(ufunc: Any, start: Any, indices: Any, values: Any) -> Any:
    target = upward(np.array(start, dtype=float))
    ufunc.at(target, indices, values)
    return target


def test_values_scattered_to_one_place_are_a_sum_of_as_many_terms() -> None:
    target = scattered(np.add, np.zeros(4), np.array([1] * 54 + [2]), upward(np.ones(55)))
    assert units(target[1:3], [54, 1]) == [round(SUM, 3), 2]
    assert np.asarray(target)[[0, 3]].tolist() == [0, 0]


def test_what_is_scattered_to_is_a_partial_sum_too() -> None:
    assert units(scattered(np.add, [1e6, 3.0], [0] * 54, upward(np.ones(54))), [1e6 + 54, 3]) == [round(18**0.5, 3), 0]


def test_a_number_or_a_broadcast_row_is_scattered() -> None:
    assert units(scattered(np.add, [0.0], [0] * 54, 1.0), 54) == [round(SUM, 3)]
    assert units(scattered(np.add, np.zeros((2, 3)), ([0, 1],), upward(np.ones(3))), 1) == [2] * 6


def test_a_scattered_maximum_is_exact() -> None:
    assert np.asarray(scattered(np.maximum, [0.0, 5.0], [0, 0, 1], upward([2.0, 3.0, 4.0]))).tolist() == [3, 5]


def test_perturbed_values_are_not_scattered_into_an_array_that_forgets_them() -> None:
    with pytest.raises(TypeError, match=r"^numpy\.add\.at puts perturbed values into a plain array; make it from an input$"):
        np.add.at(np.zeros(3), [0, 1], upward(np.ones(2)))


@pytest.mark.parametrize("repeats", [16, 256, 4096])
def test_the_spread_of_scattered_values_is_that_of_accumulation_in_any_order(repeats: int) -> None:
    rng = np.random.default_rng(repeats)
    x, where = rng.uniform(0.5, 1.5, size=repeats).astype(np.float32), np.zeros(repeats, int)

    def summed(lift: Any) -> Any:
        total = lift(np.zeros(1, np.float32))
        np.add.at(total, where, lift(x))
        return [total]

    (told,) = measure(summed, "float32", seed=0)
    errors = [rng.permutation(x).cumsum(dtype=np.float32)[-1] - told.truth[0] for _ in range(200)]
    assert 0.15 < np.sqrt(np.mean(np.square(errors))) / float(told.spread[0]) < 1.5
