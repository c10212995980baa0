"""Monte Carlo arithmetic: is its spread what rounding really does, and does it watch every operation?"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradwitness.arithmetic import Noise, Perturbed, Unstable, measure, unit_roundoff, wider

U = unit_roundoff("float32")


def lifted(array: Any, seed: int = 0, dtype: str = "float32") -> Perturbed:
    return Noise(dtype, np.random.default_rng(seed)).lift(np.asarray(array))


def test_unit_roundoff_is_half_the_gap_after_one() -> None:
    for dtype in (np.float16, np.float32, np.float64):
        one = dtype(1)
        assert one + dtype(unit_roundoff(dtype)) == one
        assert one + dtype(2 * unit_roundoff(dtype)) > one


@pytest.mark.parametrize(("dtype", "wide"), [("float16", "float64"), ("float32", "float64"), ("float64", "longdouble")])
def test_truth_is_computed_in_a_wider_dtype(dtype: str, wide: str) -> None:
    assert wider(dtype) == np.dtype(wide)


def test_an_operation_is_off_by_at_most_one_unit_roundoff_and_reaches_far_towards_it() -> None:
    x = np.linspace(1, 2, 5000)
    error = (np.asarray(lifted(x) * lifted(x)) - x * x) / (x * x)
    assert np.abs(error).max() <= U
    assert error.max() > 0.99 * U
    assert error.min() < -0.99 * U
    assert abs(error.mean()) < 0.05 * U


def test_zeros_infinities_and_nan_stay_what_they_are() -> None:
    x = np.array([0.0, np.inf, -np.inf, np.nan])
    with np.errstate(invalid="ignore"):
        np.testing.assert_array_equal(np.asarray(lifted(x) + 0), x)


EXACT: list[Callable[[Any], Any]] = [
    np.abs, np.sign, np.floor, np.flip, np.negative,
    lambda x: np.maximum(x, 0), lambda x: x.max(axis=0), lambda x: np.where(x > 0, x, 0), lambda x: np.clip(x, -0.5, 0.5),
    lambda x: x.T.reshape(-1), lambda x: np.concatenate([x, x]), lambda x: np.broadcast_to(x, (2, 3, 4)), lambda x: np.pad(x, 1),
    lambda x: np.take(x, [1, 0], axis=0), lambda x: np.stack([x, x]), lambda x: x[0, 0], lambda x: np.tril(x),
]  # fmt: skip


@pytest.mark.parametrize("function", EXACT)
def test_selection_sign_and_movement_are_exact(function: Callable[[Any], Any]) -> None:
    x = np.random.default_rng(0).normal(size=(3, 4))
    assert np.array_equal(np.asarray(function(lifted(x))), function(x))


ROUNDED: list[Callable[[Any], Any]] = [
    np.exp, np.sqrt, np.tanh, np.cumsum,
    lambda x: x + x, lambda x: x / 3, lambda x: x**2, lambda x: x[0, 0] * x[1, 1], lambda x: np.logaddexp(x, x),
    lambda x: x @ x.T, lambda x: np.dot(x, x.T), lambda x: np.matmul(x, x.T), lambda x: x[0].dot(x[1]), lambda x: np.vdot(x, x),
    lambda x: np.inner(x, x), lambda x: np.einsum("ij,kj->ik", x, x), lambda x: np.tensordot(x, x, axes=([1], [1])),
    lambda x: np.add.outer(x[0], x[0]), lambda x: x.sum(axis=0), lambda x: np.sum(x, keepdims=True), lambda x: x.mean(),
    lambda x: x.var(axis=1), lambda x: np.prod(x, axis=0),
]  # fmt: skip


@pytest.mark.parametrize("function", ROUNDED)
def test_every_operation_is_watched_and_rounds(function: Callable[[Any], Any]) -> None:
    x = np.random.default_rng(0).uniform(1, 2, size=(3, 4))
    result, exact = function(lifted(x)), np.asarray(function(x))
    assert isinstance(result, Perturbed)
    assert result.noise.dtype == np.float32
    error = np.abs(np.asarray(result) - exact) / np.abs(exact)
    assert (error > 0).all()
    assert error.max() < 100 * U


def test_in_place_and_scattered_accumulation_round() -> None:
    x, y = lifted(np.ones(3)), lifted(np.full(3, 1 / 3))
    x += y
    assert isinstance(x, Perturbed)
    assert (np.asarray(x) != 1 + 1 / 3).all()
    table = lifted(np.zeros(4))
    np.add.at(table, np.array([1, 1, 2]), lifted(np.ones(3)))
    assert np.asarray(table)[[0, 3]].tolist() == [0, 0]
    assert 0 < abs(np.asarray(table)[1] - 2) < 4 * U
    assert 0 < abs(np.asarray(table)[2] - 1) < 4 * U


def test_a_constant_rounds_only_where_the_dtype_cannot_hold_it() -> None:
    for constant, as_array in ((0.5, False), (0.1, False), (0.1, True)):
        given = np.full(1, constant) if as_array else constant
        values = np.array([np.asarray(np.maximum(lifted(np.zeros(1), seed), given)) for seed in range(200)])
        assert (np.ptp(values) > 0) == (constant == 0.1)
        assert np.abs(values / constant - 1).max() <= U


def test_equal_seeds_give_equal_runs_and_others_do_not() -> None:
    first, again, other = (np.asarray(np.exp(lifted(np.ones(5), seed))) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


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
    with pytest.raises(TypeError, match="lost the subclass"):
        measure(lambda lift: [np.exp(np.array(lift(np.ones(3)), subok=False))], "float32", seed=0)


def test_a_function_that_computes_on_a_stripped_array_is_refused() -> None:
    with pytest.raises(TypeError, match=r"numpy\.norm strips the subclass"):
        np.linalg.norm(lifted(np.ones(3)))


def test_a_point_that_rounding_can_push_out_of_the_domain_is_refused() -> None:
    with pytest.raises(Unstable, match="inf or nan"):
        measure(lambda lift: [np.sqrt(lift(np.ones(50)) / 3 * 3 - 1)], "float32", seed=0)


def test_nan_in_is_nan_out() -> None:
    (told,) = measure(lambda lift: [lift(np.array([1.0, np.nan])) * 2], "float32", seed=0)
    assert np.isnan(told.truth[1])
    assert np.isfinite(told.spread).all()
