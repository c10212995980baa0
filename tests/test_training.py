"""Whole training runs from the same weights: the loss and every parameter at every step."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from lessons.data import digits
from reference.models import mlp, two_layer
from tests.matrix import Cell
from tests.run import Run, training_path


def test_training(training_cell: Cell, verify: Callable[[Cell], Any]) -> None:
    _, *params = verify(training_cell)
    if training_cell.name == "digits":
        _, *native = training_path("digits", training_cell.dtype).native
        assert _accuracy(training_cell.dtype, params) == _accuracy(training_cell.dtype, native)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_the_reference_learns_the_digits(dtype: str) -> None:
    _, *params = training_path("digits", dtype).native
    assert _accuracy(dtype, params) >= 0.95


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", ["xor", "digits"])
def test_rounding_stays_small_along_the_whole_run(name: str, dtype: str) -> None:
    # Otherwise the comparison would say nothing from some step on. A millionth of the value is far from that in float32.
    assert training_path(name, dtype).furthest() < 2e5 * np.finfo(dtype).eps


def test_seed_42_with_three_hidden_units_does_not_learn_xor() -> None:
    losses, *params = training_path("xor", "float64").native
    p = two_layer.predict({name: path[-1] for name, path in zip(two_layer.xor_params(), params, strict=True)}, two_layer.XOR_X)
    assert f"{losses[0]:.6f}" == "0.693331"
    assert [f"{losses[epoch]:.4f}" for epoch in (200, 400, 600, 800)] == ["0.6932"] * 4
    assert [f"{v:.4f}" for v in p.ravel()] == ["0.4988", "0.5010", "0.4990", "0.5012"]


def _accuracy(dtype: str, params: list[np.ndarray]) -> float:
    last = {name: path[-1] for name, path in zip(Run("digits").start, params, strict=True)}
    predicted = mlp.predict(last, digits().x_test.astype(dtype)).argmax(axis=1)
    return float((predicted == digits().y_test).mean())
