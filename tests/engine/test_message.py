"""What a disagreement says."""

import numpy as np
import pytest

from gradwitness import Disagreement
from gradwitness.rounding.arithmetic import Measured
from gradwitness.verdict import judge, judge_between, judge_within


def test_the_message_says_which_element_what_came_the_truth_and_the_allowance() -> None:
    with pytest.raises(Disagreement) as found:
        judge("dweight", np.array([[1, 1], [1.25, 1]], np.float32), Measured(np.ones((2, 2)), np.full((2, 2), 1e-8)), "float32")
    assert str(found.value).splitlines() == [
        "dweight[1, 0] is wrong, as 1 of 4 elements are",
        "  got         1.25e+00",
        "  truth       1e+00",
        "  difference  2.5e-01",
        "  allowance   3.2e-07",
        "  that is     2.5e+07 units of rounding spread; 32 are allowed",
    ]


def test_a_scalar_has_no_index_and_is_not_one_of_many() -> None:
    with pytest.raises(Disagreement) as found:
        judge("out", np.array(2.0), Measured(np.array(1.0), np.array(0.25 / 32)), "float64")
    assert str(found.value).splitlines()[0] == "out is wrong"


def test_against_a_numerical_derivative_the_unit_is_its_error_bar() -> None:
    with pytest.raises(Disagreement) as found:
        judge_within("dx", np.array([1.0, 3.0]), np.array([1.0, 1.0]), np.array([0.5, 0.5]))
    assert str(found.value).splitlines() == [
        "dx[1] is wrong, as 1 of 2 elements are",
        "  got         3e+00",
        "  truth       1e+00",
        "  difference  2e+00",
        "  allowance   5e-01",
        "  that is     4 error bars of the numerical derivative",
    ]


def test_at_a_kink_the_truth_is_an_interval() -> None:
    with pytest.raises(Disagreement) as found:
        judge_between("dx", np.array([-1.0]), np.array([0.0]), np.array([1.0]), np.array([0.5]))
    assert str(found.value).splitlines()[2:4] == ["  truth       in [0e+00, 1e+00]", "  difference  1e+00"]


@pytest.mark.parametrize("dtype", ["float32", "float64", "longdouble"])
def test_values_are_told_with_all_the_digits_of_their_dtype(dtype: str) -> None:
    third = np.array([1], dtype) / 3
    with pytest.raises(Disagreement) as found:
        judge("dx", third, Measured(np.zeros(1), np.zeros(1)), dtype)
    told = str(found.value).splitlines()[1].split()[1]
    assert np.array(told, dtype) == third[0]
    assert len(told) < len("3.") + np.finfo(dtype).precision + 3 + len("e-01")


def test_a_reason_is_told_instead_of_numbers() -> None:
    assert str(Disagreement("dx", reason="shape is (1,); wanted (2,)")) == "dx: shape is (1,); wanted (2,)"
