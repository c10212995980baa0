"""Monte Carlo arithmetic: does it watch every operation, and what does it round?"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradwitness.arrays import unit_roundoff, wider
from gradwitness.rounding.perturbed import Perturbed
from tests.rounding import U, lifted


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
    x = np.repeat([0.0, np.inf, -np.inf, np.nan], 20)  # often enough to be rounded both up and down
    with np.errstate(invalid="ignore"):
        np.testing.assert_array_equal(np.asarray(lifted(x) + 0), x)


EXACT: list[Callable[[Any], Any]] = [
    np.abs, np.sign, np.floor, np.flip, np.negative,
    lambda x: np.maximum(x, 0), lambda x: x.max(axis=0), lambda x: np.where(x > 0, x, 0), lambda x: np.clip(x, -0.5, 0.5),
    lambda x: x.T.reshape(-1), lambda x: np.concatenate([x, x]), lambda x: np.broadcast_to(x, (2, 3, 4)), lambda x: np.pad(x, 1),
    lambda x: np.take(x, [1, 0], axis=0), lambda x: np.stack([x, x]), lambda x: x[0, 0], lambda x: np.tril(x),
    lambda x: x.max(axis=1, keepdims=True), lambda x: np.block([[x, x], [x, x]]), lambda x: np.copy(x),
    lambda x: np.select([np.asarray(x) > 0], [x]), lambda x: np.choose([[0, 1, 0, 1]], [x, -x]),
    lambda x: np.stack(np.broadcast_arrays(x, x[:1])), lambda x: np.lib.stride_tricks.sliding_window_view(x, 2, axis=0),
    lambda x: np.nan_to_num(x), lambda x: np.sort(x), lambda x: np.stack(np.split(x, 3)),
]  # fmt: skip


@pytest.mark.parametrize("function", EXACT)
def test_selection_sign_and_movement_are_exact(function: Callable[[Any], Any]) -> None:
    x = np.random.default_rng(0).normal(size=(3, 4))
    result = function(lifted(x))
    assert isinstance(result, Perturbed)
    assert np.array_equal(np.asarray(result), function(x))


@pytest.mark.parametrize("name", [
    "absolute", "ceil", "conjugate", "fabs", "floor", "negative", "positive", "rint", "sign", "trunc",
    "copysign", "fmax", "fmin", "maximum", "minimum",
])  # fmt: skip
def test_an_exact_ufunc_is_exact(name: str) -> None:
    function, x = getattr(np, name), np.random.default_rng(0).normal(size=50)
    others = [x[::-1]] * (function.nin - 1)
    assert np.array_equal(np.asarray(function(lifted(x), *(lifted(y) for y in others))), function(x, *others))


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


def test_equal_seeds_give_equal_runs_and_others_do_not() -> None:
    first, again, other = (np.asarray(np.exp(lifted(np.ones(5), seed))) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
