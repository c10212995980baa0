"""Monte Carlo arithmetic: what comes in. Inputs are lifted as they are, constants round where the dtype cannot hold them."""

from typing import Any

import numpy as np
import pytest

from gradwitness.arrays import unit_roundoff
from gradwitness.rounding.perturbed import Perturbed
from tests.rounding import U, lifted, units, upward

THIRD = np.longdouble(1) / 3


@pytest.mark.parametrize(("dtype", "wide"), [("float32", np.float64), ("float64", np.longdouble)])
def test_an_input_is_lifted_to_the_wider_dtype_as_it_is(dtype: str, wide: Any) -> None:
    x = np.array([0.1, np.inf, 0.0], dtype=np.float32)
    array = lifted(x, dtype=dtype)
    assert isinstance(array, Perturbed)
    assert array.dtype == wide
    assert np.array_equal(np.asarray(array), x)


def test_lifting_copies() -> None:
    x = np.ones(3)
    lifted(x)[:] = 2
    assert x.tolist() == [1, 1, 1]


def test_a_constant_rounds_only_where_the_dtype_cannot_hold_it() -> None:
    for constant, as_array in ((0.5, False), (0.1, False), (0.1, True)):
        given = np.full(1, constant) if as_array else constant
        values = np.array([np.asarray(np.maximum(lifted(np.zeros(1), seed), given)) for seed in range(200)])
        assert (np.ptp(values) > 0) == (constant == 0.1)
        assert np.abs(values / constant - 1).max() <= U


def test_of_an_array_of_constants_those_round_that_the_dtype_cannot_hold() -> None:
    given = np.array([0.5, 0.1, 3.0, 1 / 3])
    assert units(np.maximum(upward(np.zeros(4)), given), given) == [0, 1, 0, 1]


def test_a_nan_among_constants_stays_one_and_excuses_no_other() -> None:
    result = np.asarray(upward(np.zeros(2)) + np.array([np.nan, 0.1]))
    assert np.isnan(result[0])
    assert units(result[1], 0.1) == [2]


def test_a_constant_keeps_the_digits_of_the_wider_dtype() -> None:
    result = np.asarray(np.maximum(upward(np.zeros(1), "float64"), THIRD))
    assert units(result, THIRD, unit_roundoff("float64")) == [1]


def test_a_constant_becomes_of_the_wider_dtype() -> None:
    assert upward(np.zeros(1)).noise.constant(0.1).dtype == np.float64


def test_a_constant_beyond_the_dtype_warns_of_nothing() -> None:
    assert np.isfinite(np.asarray(lifted(np.ones(1)) * 1e300)).all()


@pytest.mark.parametrize("constant", [3, True, np.int64(3), np.array([3]), np.array([True])])
def test_integers_and_truth_values_are_exact(constant: Any) -> None:
    assert np.asarray(np.maximum(upward(np.zeros(1)), constant)).tolist() == [int(np.ravel(constant)[0])]


def test_an_infinity_does_not_keep_its_neighbours_from_rounding() -> None:
    result = np.asarray(upward([1.0, np.inf]) * 1)
    assert units(result[0], 1) == [1]
    assert result[1] == np.inf


def test_rounding_is_scaled_element_by_element() -> None:
    noise = upward(np.ones(3)).noise
    assert noise.unit == U
    assert units(noise.round(np.ones(3), np.array([0, 1, 5])), 1) == [0, 1, 5]
