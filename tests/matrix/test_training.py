"""Whole training runs from the same weights: the loss at every step, the parameters and the trained network at the end."""

from collections.abc import Callable
from typing import Any

import pytest

from conformance.matrix import Cell
from conformance.recipes import RECIPES
from conformance.training import learned, told_of, trajectory


def test_training(training_cell: Cell, verify: Callable[[Cell], Any]) -> None:
    verify(training_cell)
    recipe, told = RECIPES[training_cell.name], told_of(training_cell)
    if told.whole == recipe.steps:
        assert recipe.reached(told.scores[training_cell.adapter])


LEARNING = [name for name, recipe in RECIPES.items() if (recipe.at_least, recipe.at_most) != (None, None)]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", LEARNING)
def test_the_reference_learns(name: str, dtype: str) -> None:
    score = learned(name, dtype)
    assert RECIPES[name].reached(score), score


def test_seed_42_with_three_hidden_units_does_not_learn_xor() -> None:
    losses, p, *_ = trajectory("xor", "float64").native
    assert f"{losses[0]:.6f}" == "0.693331"
    assert [f"{losses[epoch]:.4f}" for epoch in (200, 400, 600, 800)] == ["0.6932"] * 4
    assert [f"{v:.4f}" for v in p.ravel()] == ["0.4988", "0.5010", "0.4990", "0.5012"]
