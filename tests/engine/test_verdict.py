"""The verdict: what agrees, what differs, and what it says."""

from typing import Any

import numpy as np
import pytest

from gradwitness import Disagreement, K
from gradwitness.rounding.arithmetic import Measured
from gradwitness.verdict import judge, judge_between, judge_within

ONE = Measured(np.ones((2, 2)), np.full((2, 2), 1e-8))


def ones(*changes: tuple[tuple[int, int], float]) -> np.ndarray:
    array = np.ones((2, 2), np.float32)
    for index, value in changes:
        array[index] = value
    return array


def test_the_distance_is_in_units_of_spread() -> None:
    told = Measured(np.zeros(3), np.array([1.0, 2.0, 4.0]))
    assert judge("dx", np.array([3.0, 0, 0]), told, "float64") == 3
    assert judge("dx", np.array([0.0, 3, 3]), told, "float64") == 1.5
    assert judge("dx", np.zeros(3), told, "float64") == 0


def test_k_units_agree_and_a_little_more_differs() -> None:
    told = Measured(np.zeros(()), np.ones(()))
    assert judge("out", np.array(K), told, "float64") == K
    with pytest.raises(Disagreement):
        judge("out", np.array(np.nextafter(K, np.inf)), told, "float64")


def test_where_rounding_can_do_nothing_only_the_truth_agrees() -> None:
    exact = Measured(np.ones(2), np.zeros(2))
    assert judge("dx", np.ones(2), exact, "float64") == 0
    with pytest.raises(Disagreement) as found:
        judge("dx", np.array([1.0, np.nextafter(1.0, 2)]), exact, "float64")
    assert found.value.index == (1,)
    assert found.value.ratio == np.inf


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1 + 1e-5, -1.0, 0.0])
def test_one_wrong_element_among_right_ones_differs(value: float) -> None:
    with pytest.raises(Disagreement) as found:
        judge("dweight", ones(((1, 0), value)), ONE, "float32")
    assert found.value.index == (1, 0)
    assert found.value.count == (1, 4)


@pytest.mark.parametrize(
    ("actual", "reason"),
    [
        (np.ones((2, 2)), "^dx: dtype is float64; wanted float32"),
        (np.ones((2, 2), np.float16), "dtype is float16; wanted float32"),
        (np.ones((4,), np.float32), r"^dx: shape is \(4,\); wanted \(2, 2\)"),
        (np.ones((1, 2), np.float32), r"shape is \(1, 2\); wanted \(2, 2\)"),  # would broadcast
        (np.ones((), np.float32), r"shape is \(\); wanted \(2, 2\)"),
    ],
)
def test_another_dtype_or_shape_differs_whatever_the_values(actual: Any, reason: str) -> None:
    with pytest.raises(Disagreement, match=reason):
        judge("dx", actual, ONE, "float32")


def test_nan_agrees_with_nan_only() -> None:
    told = Measured(np.array([np.nan, 1.0]), np.zeros(2))
    assert judge("dx", np.array([np.nan, 1.0]), told, "float64") == 0
    for value in (0.0, np.inf):
        with pytest.raises(Disagreement):
            judge("dx", np.array([value, 1.0]), told, "float64")


def test_infinity_agrees_with_the_infinity_of_its_sign_only() -> None:
    told = Measured(np.array([np.inf, -np.inf]), np.zeros(2))
    assert judge("dx", np.array([np.inf, -np.inf]), told, "float64") == 0
    for value in (-np.inf, np.nan, 1e300):
        with pytest.raises(Disagreement):
            judge("dx", np.array([value, -np.inf]), told, "float64")


def test_a_truth_that_overflows_the_dtype_is_infinity_there() -> None:
    told = Measured(np.array([1e39, -1e39]), np.array([1e32, 1e32]))
    assert judge("out", np.array([np.inf, -np.inf], np.float32), told, "float32") == 0
    with pytest.raises(Disagreement):
        judge("out", np.array([3e38, -np.inf], np.float32), told, "float32")


def test_the_largest_finite_truth_is_finite() -> None:
    largest = np.finfo(np.float32).max
    told = Measured(np.array([float(largest)]), np.zeros(1))
    assert judge("out", np.array([largest]), told, "float32") == 0
    with pytest.raises(Disagreement):
        judge("out", np.array([np.inf], np.float32), told, "float32")


def test_nan_is_infinitely_wrong_and_reported_before_what_is_less_so() -> None:
    with pytest.raises(Disagreement) as found:
        judge("dx", ones(((0, 1), 2.0), ((1, 1), np.nan)), ONE, "float32")
    assert (found.value.index, found.value.ratio, found.value.count) == ((1, 1), np.inf, (2, 4))


def test_the_worst_of_several_is_reported() -> None:
    with pytest.raises(Disagreement) as found:
        judge("dx", ones(((0, 0), 1.5), ((1, 0), -3.0), ((1, 1), 2.0)), ONE, "float32")
    assert (found.value.index, found.value.count) == ((1, 0), (3, 4))


def test_nothing_agrees_with_nothing() -> None:
    assert judge("dx", np.zeros((0, 3)), Measured(np.zeros((0, 3)), np.zeros((0, 3))), "float64") == 0


def test_at_a_kink_every_member_of_the_set_agrees_and_nothing_outside() -> None:
    told, interval = Measured(np.zeros(3), np.full(3, 1e-3)), (np.zeros(3), np.ones(3))
    assert judge("dx", np.array([0, 0.5, 1.0]), told, "float64", interval) == 0
    for value in (-0.1, 1.1):
        with pytest.raises(Disagreement, match=r"truth       in \[0\.?e\+00, 1\.?e\+00\]"):
            judge("dx", np.array([0, value, 1.0]), told, "float64", interval)


def test_within_and_between_take_the_bar_as_it_is() -> None:
    bar = np.array([0.25])
    assert judge_within("dx", np.array([1.125]), np.array([1.0]), bar) == 0.5
    assert judge_between("dx", np.array([1.125]), np.array([0.0]), np.array([1.0]), bar) == 0.5
    with pytest.raises(Disagreement):
        judge_within("dx", np.array([1.5]), np.array([1.0]), bar)
    with pytest.raises(Disagreement):
        judge_between("dx", np.array([-0.5]), np.array([0.0]), np.array([1.0]), bar)
    with pytest.raises(Disagreement):
        judge_within("dx", np.array([1.0]), np.array([np.nan]), np.array([np.inf]))


def test_an_infinite_value_is_within_no_bar_and_an_infinite_bar_holds_every_finite_one() -> None:
    bar = np.array([np.inf, 1.0])
    assert judge_within("dx", np.array([1e300, 0.5]), np.zeros(2), bar) == 0.5
    with pytest.raises(Disagreement) as found:
        judge_within("dx", np.array([np.inf, 0.5]), np.zeros(2), bar)
    assert (found.value.index, found.value.ratio, found.value.count) == ((0,), np.inf, (1, 2))


@pytest.mark.parametrize(("low", "high"), [(0.0, np.inf), (-np.inf, 0.0)])
def test_an_infinite_end_of_an_interval_belongs_to_it(low: float, high: float) -> None:
    end = low + high
    assert judge_between("dx", np.array([end, 0.0]), np.full(2, low), np.full(2, high), np.ones(2)) == 0
    with pytest.raises(Disagreement):
        judge_between("dx", np.array([-end, 0.0]), np.full(2, low), np.full(2, high), np.ones(2))


def test_a_negative_bar_holds_nothing() -> None:
    for value in (1.0, 1.5):
        with pytest.raises(Disagreement):
            judge_within("dx", np.array(value), np.array(1.0), np.array(-1.0))


@pytest.mark.parametrize(
    ("dtype", "truth", "actual"),
    [
        ("float64", "1e-320", 0.0),  # flushed, as TensorFlow and JAX do
        ("float64", "1e-320", 1e-320),
        ("float64", "2e-308", 0.0),
        ("float64", "-2e-308", 0.0),
        ("float64", "1e-400", 0.0),
        ("float64", "1e-400", 5e-324),
        ("float64", "0", 5e-324),
        ("float32", "1e-40", 0.0),
        ("float32", "1e-38", 0.0),
        ("float32", "1e-348", 0.0),
        ("float32", "1e-348", 1e-45),
        ("float16", "1e-8", 0.0),
        ("float16", "1e-8", 6e-8),
    ],
)
def test_underflow_is_rounding(dtype: str, truth: str, actual: float) -> None:
    told = Measured(np.array([truth], np.longdouble), np.zeros(1))
    assert judge("dx", np.array([actual], dtype), told, dtype) == 0


@pytest.mark.parametrize(
    ("dtype", "truth", "actual"),
    [
        ("float64", "1e-300", 2e-300),
        ("float64", "1e-300", 0.0),
        ("float64", "3e-308", 0.0),
        ("float64", "1e-320", 3e-308),
        ("float64", "1e-308", -2e-308),
        ("float64", "1e-320", np.nan),
        ("float32", "1e-35", 2e-35),
        ("float32", "2e-38", 0.0),
        ("float32", "1e-40", 2e-38),
        ("float16", "1e-5", 0.0),  # a gradient of ordinary size, and a normal number of no use
        ("float16", "2e-7", 0.0),
    ],
)
def test_a_number_that_the_dtype_holds_is_not_lost_to_underflow(dtype: str, truth: str, actual: float) -> None:
    told = Measured(np.array([truth], np.longdouble), np.zeros(1))
    with pytest.raises(Disagreement):
        judge("dx", np.array([actual], dtype), told, dtype)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_underflow_adds_to_what_rounding_may_do(dtype: str) -> None:
    tiny = np.finfo(dtype).tiny
    told = Measured(np.zeros(1), np.array([tiny], np.float64))  # and K of it are allowed
    assert judge("dx", np.array([tiny * (K + 1)], dtype), told, dtype) == K
    with pytest.raises(Disagreement) as found:
        judge("dx", np.array([tiny * (K + 2)], dtype), told, dtype)
    assert found.value.allowance == tiny * (K + 1)
    assert found.value.ratio == K + 1


def test_an_element_that_underflows_hides_no_other() -> None:
    told = Measured(np.array([1e-320, 1.0]), np.zeros(2))
    with pytest.raises(Disagreement) as found:
        judge("dx", np.array([0, np.nextafter(1, 2)]), told, "float64")
    assert (found.value.index, found.value.count) == ((1,), (1, 2))


def test_a_numerical_derivative_has_no_allowance_for_underflow() -> None:
    with pytest.raises(Disagreement):
        judge_within("dx", np.array(0.0), np.array(1e-320), np.array(0.0))
