"""The spread that Monte Carlo arithmetic measures: is it what rounding really does?"""

from typing import Any

import numpy as np
import pytest

from gradwitness.arrays import unit_roundoff
from gradwitness.rounding.arithmetic import Unstable, combine, measure


@pytest.mark.parametrize("terms", [16, 256, 4096])
@pytest.mark.parametrize("sign", ["same", "random"])
def test_the_spread_of_a_sum_is_that_of_a_sequential_sum(terms: int, sign: str) -> None:
    # Sum the same numbers in float32, one after the other, in 400 random orders: how far off are they, against the spread?
    rng = np.random.default_rng(terms)
    x = rng.uniform(0.5, 1.5, size=terms) if sign == "same" else rng.normal(size=terms)
    x = x.astype(np.float32)
    orders = rng.permuted(np.tile(x, (400, 1)), axis=1)
    errors = np.cumsum(orders, axis=1, dtype=np.float32)[:, -1].astype(float) - x.astype(float).sum()
    (told,) = measure(lambda lift: [lift(x).sum()], "float32", seed=0)
    assert 0.15 < np.sqrt((errors**2).mean()) / float(told.spread) < 1.5


@pytest.mark.parametrize("terms", [16, 256, 1024])
def test_the_spread_of_a_product_is_that_of_sequential_accumulation(terms: int) -> None:
    rng = np.random.default_rng(terms)
    a, b = (rng.normal(size=shape).astype(np.float32) for shape in ((24, terms), (terms, 24)))
    sequential = np.zeros((24, 24), np.float32)
    for k in range(terms):
        sequential += np.outer(a[:, k], b[k])
    (told,) = measure(lambda lift: [lift(a) @ lift(b)], "float32", seed=0)
    ratios = (sequential - told.truth) / told.spread
    assert 0.15 < float(np.sqrt((ratios**2).mean())) < 1.5


def test_the_spread_follows_the_conditioning_of_the_function() -> None:
    # (1 + x) - 1 loses the digits of a small x; x itself does not.
    x = np.full(4, 1e-3)
    lost, kept = measure(lambda lift: [(1 + lift(x)) - 1, lift(x) * 1], "float32", seed=0)
    assert (np.asarray(lost.spread) > 300 * np.asarray(kept.spread)).all()


def test_each_time_step_has_a_spread_of_its_own() -> None:
    x = np.array([[1.0, 1.0], [1000.0, 1000.0]])
    (together,) = measure(lambda lift: [lift(x) * 1.1], "float32", seed=0)
    (apart,) = measure(lambda lift: [lift(x) * 1.1], "float32", seed=0, stacked=True)
    assert together.spread[0].max() > 100 * apart.spread[0].max()


def test_a_function_that_loses_the_subclass_is_refused() -> None:
    with pytest.raises(TypeError, match=r"^result 1 is a ndarray: the function lost the subclass on the way$"):
        measure(lambda lift: [lift(np.ones(3)), np.exp(np.array(lift(np.ones(3)), subok=False))], "float32", seed=0)


def test_a_function_that_returns_another_number_of_results_under_rounding_is_refused() -> None:
    calls = iter(range(99))
    with pytest.raises(ValueError, match="zip"):
        measure(lambda lift: [lift(np.ones(3))] * (2 if next(calls) else 1), "float32", seed=0)


def test_a_point_that_rounding_can_push_out_of_the_domain_is_refused() -> None:
    with pytest.raises(Unstable, match=r"^result 0: rounding makes [0-9]+ of 50 finite elements inf or nan$"):
        measure(lambda lift: [np.sqrt(lift(np.ones(50)) / 3 * 3 - 1)], "float32", seed=0)


def test_nan_in_is_nan_out() -> None:
    (told,) = measure(lambda lift: [lift(np.array([1.0, np.nan])) * 2], "float32", seed=0)
    assert np.isnan(told.truth[1])
    assert np.isfinite(told.spread).all()


def test_infinity_in_is_infinity_out_and_spreads_nothing() -> None:
    (told,) = measure(lambda lift: [lift(np.array([1.0, np.inf, np.nan])) * 3], "float32", seed=0)
    assert told.truth[1] == np.inf
    assert (told.spread > 0).all()
    assert (told.spread < 1e-6).all()


@pytest.mark.parametrize(("dtype", "wide"), [("float32", np.float64), ("float64", np.longdouble)])
def test_the_truth_has_the_digits_of_the_wider_dtype(dtype: str, wide: Any) -> None:
    (told,) = measure(lambda lift: [1 / lift(np.full(1, 3.0))], dtype, seed=0)
    assert told.truth.dtype == wide
    assert told.truth[0] == wide(1) / 3


@pytest.mark.skipif(np.finfo(np.longdouble).eps == np.finfo(np.float64).eps, reason="here longdouble is float64")
def test_tiny_results_have_a_spread() -> None:
    (told,) = measure(lambda lift: [lift(np.full(2, 1e-200)) * 3], "float64", seed=0)
    assert (told.spread > 0).all()


def test_the_spread_depends_on_the_seed_alone() -> None:
    first, again, other = (measure(lambda lift: [lift(np.ones(5)) * 3], "float32", seed=s)[0].spread for s in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_the_spread_of_an_operation_is_known() -> None:
    # r uniform in [-1, 1] has a variance of 1/3; an element's own and its tensor's add up to 2/3 of a unit squared.
    (told,) = measure(lambda lift: [lift(np.ones(3000)) * 1], "float32", seed=0)
    assert 0.99 < np.sqrt(np.square(told.spread).mean()) / (unit_roundoff("float32") * (2 / 3) ** 0.5) < 1.01


def test_an_element_and_its_tensor_have_a_share_each_in_its_spread() -> None:
    squares = np.array([[[8.0, 0.0], [0.0, 0.0]], [[0.0, 0.0], [0.0, 0.0]]])
    assert (combine(squares) ** 2).round(9).tolist() == [[[9, 1], [1, 1]], [[1, 1], [1, 1]]]
    assert (combine(squares, stacked=True) ** 2).round(9).tolist() == [[[10, 2], [2, 2]], [[0, 0], [0, 0]]]


def test_nothing_has_no_spread() -> None:
    (told,) = measure(lambda lift: [lift(np.zeros((0, 3))) * 1], "float32", seed=0)
    assert told.spread.shape == (0, 3)
