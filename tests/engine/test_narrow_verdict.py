"""The verdict on results of any dtype that a framework has: K of its width, overflow, and the projection on the truth."""

from __future__ import annotations

import numpy as np
import pytest

from gradwitness.rounding.arithmetic import Measured, from_runs
from gradwitness.rounding.projection import projection
from gradwitness.rounding.widths import width
from gradwitness.verdict import (
    K_NARROW,
    K_PROJECTION,
    Disagreement,
    K,
    judge_projection,
    judge_slices,
    judge_values,
    k_of,
)

UNIT = 2.0**-8


def measured(elements: int, relative: float = UNIT) -> Measured:
    truth = np.random.default_rng(0).normal(size=elements)
    return Measured(truth, relative * np.abs(truth) + 1e-12, relative / elements**0.5)


@pytest.mark.parametrize(
    ("dtype", "unit", "accumulation", "largest"),
    [
        ("bfloat16", 2**-8, 2**-24, 3.3895313892515355e38),
        ("float16", 2**-11, 2**-24, 65504),
        ("float32", 2**-24, 2**-24, np.finfo(np.float32).max),
        ("float64", 2**-53, 2**-53, np.finfo(np.float64).max),
        (np.longdouble, np.finfo(np.longdouble).eps / 2, np.finfo(np.longdouble).eps / 2, np.finfo(np.longdouble).max),
        (np.dtype("complex64"), 2**-24, 2**-24, np.finfo(np.float32).max),
    ],
)
def test_the_precision_of_a_dtype(dtype: object, unit: float, accumulation: float, largest: float) -> None:
    precision = width(dtype)
    assert (precision.unit, precision.accumulation, precision.largest) == (unit, accumulation, largest)


@pytest.mark.parametrize(("dtype", "smallest"), [("float16", 2.0**-24), ("bfloat16", 2.0**-126), ("float32", 2.0**-126)])
def test_the_smallest_number_that_is_kept(dtype: str, smallest: float) -> None:
    assert width(dtype).kept == smallest


def test_a_dtype_that_is_not_floating_has_no_precision() -> None:
    with pytest.raises(ValueError, match="dtype is int32; wanted a floating one"):
        width("int32")


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "bfloat16"])
def test_k_belongs_to_the_width(dtype: str) -> None:
    k = k_of(dtype)
    assert k == K_NARROW.get(dtype, K)
    expected = Measured(np.ones(2), np.full(2, 1e-2))
    assert round(judge_values("dx", np.array([1, 1 + 0.99e-2 * k]), expected, dtype) / k, 3) == 0.99
    with pytest.raises(Disagreement, match=f"{k:g} are allowed"):
        judge_values("dx", np.array([1, 1 + 1.01e-2 * k]), expected, dtype)


@pytest.mark.parametrize("value", [65504.0, np.inf])
@pytest.mark.parametrize("truth", [65510.0, 65490.0])
def test_at_the_edge_of_overflow_a_finite_number_agrees_and_infinity_too(truth: float, value: float) -> None:
    assert judge_values("out", np.array([value]), Measured(np.array([truth]), np.array([2.0])), "float16") <= 45


@pytest.mark.parametrize(
    ("truth", "value"), [(1e6, 65504.0), (60000.0, np.inf), (65510.0, -np.inf), (65510.0, 60000.0), (1.0, np.nan)]
)
def test_beyond_the_edge_it_does_not(truth: float, value: float) -> None:
    with pytest.raises(Disagreement):
        judge_values("out", np.array([value]), Measured(np.array([truth]), np.array([2.0])), "float16")


def test_the_projection_of_the_truth_is_one_and_of_a_multiple_the_factor() -> None:
    truth = np.array([1e200, -3e200, np.inf, 2e-300])
    assert projection(truth, truth) == 1
    assert round(projection(1.03 * truth, truth), 12) == 1.03
    assert np.isnan(projection(np.ones(3), np.zeros(3)))


def test_a_factor_of_three_percent_is_seen_in_bfloat16_where_every_element_alone_allows_it() -> None:
    expected = measured(400)
    values = 1.03 * expected.truth
    assert judge_values("dx", values, expected, "bfloat16") < k_of("bfloat16")
    with pytest.raises(Disagreement, match=r"all elements together are 1\.03 times the truth; rounding explains 1 "):
        judge_projection("dx", values, expected, "bfloat16")


def test_honest_rounding_is_no_factor() -> None:
    expected = measured(400)
    rounded = expected.truth * (1 + UNIT * np.random.default_rng(1).uniform(-1, 1, 400))
    assert judge_projection("dx", rounded, expected, "bfloat16") < 1


def test_a_result_of_one_element_is_judged_as_an_element_is() -> None:
    expected = measured(1)
    assert judge_projection("out", expected.truth * (1 + 10 * UNIT), expected, "bfloat16") < K_PROJECTION
    assert judge_values("out", expected.truth * (1 + 10 * UNIT), expected, "bfloat16") < k_of("bfloat16")
    for judge in (judge_values, judge_projection):
        with pytest.raises(Disagreement):
            judge("out", expected.truth * (1 + 21 * UNIT), expected, "bfloat16")


def test_a_truth_of_zeros_has_no_projection() -> None:
    assert judge_projection("dx", np.ones(3), Measured(np.zeros(3), np.ones(3)), "float32") == 0


def sliced(shape: tuple[int, ...]) -> Measured:
    """A truth of bfloat16 numbers, each off by a rounding, and the projections of its slices likewise."""
    truth = np.random.default_rng(0).normal(size=shape)
    runs = [[truth * (1 + UNIT * np.random.default_rng((1, i)).uniform(-1, 1, shape))] for i in range(16)]
    return from_runs([truth], runs, sliced=True)[0]


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_factor_of_one_slice_is_seen_and_named(axis: int) -> None:
    expected = sliced((6, 5, 40))
    factor = np.ones(expected.truth.shape)
    factor[(slice(None),) * axis + (2,)] = 1.03
    values = expected.truth * factor
    assert judge_values("dx", values, expected, "bfloat16") < k_of("bfloat16")
    assert judge_projection("dx", values, expected, "bfloat16") < K_PROJECTION
    with pytest.raises(Disagreement, match=rf"those at 2 of axis {axis} are together 1\.03 times the truth") as raised:
        judge_slices("dx", values, expected, "bfloat16")
    assert raised.value.index == (axis, 2)


def test_honest_rounding_is_no_factor_of_a_slice() -> None:
    expected = sliced((6, 5, 40))
    rounded = expected.truth * (1 + UNIT * np.random.default_rng(9).uniform(-1, 1, expected.truth.shape))
    assert judge_slices("dx", rounded, expected, "bfloat16") < 1


def test_slices_of_few_elements_and_of_zeros_are_not_judged() -> None:
    expected = sliced((8, 4))
    assert judge_slices("dx", 2 * expected.truth, expected, "bfloat16") == 0
    zeros = sliced((4, 20))
    zeros.truth[1] = 0
    assert judge_slices("dx", zeros.truth, zeros, "bfloat16") < 1e-9
