"""What `python -m lessons.train` says of columns that differ: a wrong op, a wrong update, another definition, rounding."""

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import adapters
from conformance import loops
from conformance.having import having
from conformance.recipes import RECIPES
from lessons.tests.command import explained, run_command
from lessons.train import app as train
from lessons.train import comparison
from lessons.train.comparison import Rounding
from lessons.train.definitions import MEANINGS, Definitions, definitions
from reference import MODELS
from reference.layers import batch_norm

TRAINED = {name: replace(recipe, steps=min(recipe.steps, 3)) for name, recipe in RECIPES.items()}


lesson = partial(run_command, train.app)


def test_a_broken_op_is_named_and_the_lesson_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    having("torch", "models", "mlp")
    backward = batch_norm.backward
    monkeypatch.setattr(batch_norm, "backward", lambda dout, cache: tuple(1.01 * grad for grad in backward(dout, cache)))
    code, printed = lesson("mlp", "--adapter", "torch", "--steps", 5, output=tmp_path / "curves.png")
    assert code == 1
    assert "The first wrong op on the path is batch_norm, op 2 of 10, says numerical differentiation: dx" in printed
    assert "That was found at the first step." in printed


def test_a_score_that_differs_by_definition_is_explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    biased = Definitions({"unbiased": False})
    monkeypatch.setattr(loops, "adapted", lambda _name, recipe, dtype, **_: loops.reference(biased.apply(recipe), dtype))
    monkeypatch.setattr(comparison, "definitions", lambda *_: biased)
    _, printed = lesson("resnet", "--adapter", "jax", "--steps", 15, "--no-rounding", output=tmp_path / "curves.png")
    assert "test accuracy after the last 0.4333 0.4389" in printed
    assert explained("jax", printed)


@pytest.mark.parametrize("name", adapters.NAMES)
def test_every_definition_that_a_recipe_meets_is_put_into_words(name: str) -> None:
    adapter = having(name)
    for recipe in RECIPES.values():
        if not (adapter.missing("models", recipe.model) or adapter.missing("optimizers", recipe.optimizer)):
            own = definitions(recipe, name)
            assert {*own.model.items(), *own.optimizer.items()} <= set(MEANINGS)


def test_a_wrong_update_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def slower(_name: str, recipe: Any, dtype: Any, **_: Any) -> loops.Loop:
        return loops.reference(replace(recipe, hyper={"lr": 1.001 * recipe.hyper["lr"]}), dtype)

    monkeypatch.setattr(loops, "adapted", slower)
    monkeypatch.setattr(comparison, "definitions", lambda *_: Definitions())
    code, printed = lesson("mlp", "--adapter", "torch", "--steps", 5, output=tmp_path / "curves.png")
    assert code == 1
    assert "that does not explain it. torch lies" in printed
    assert "agree within rounding" not in printed
    assert (
        "Numerical differentiation and torch confirm every op on the path of the first step (linear, batch_norm, relu, "
        in printed
    )
    assert "Look at the update and at the model." in printed
    single = replace(RECIPES["mlp"], steps=5)
    assert comparison.Comparison("mlp", single, "float32").kinks_may_part
    assert not comparison.Comparison("mlp", single, "float64").kinks_may_part


def test_a_column_is_compared_under_its_own_definitions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def margin(recipe: Any) -> Any:
        return replace(recipe, config={"margin": 2.0})

    monkeypatch.setattr(loops, "adapted", lambda _name, recipe, dtype, **_: loops.reference(margin(recipe), dtype))
    monkeypatch.setattr(comparison, "definitions", lambda *_: Definitions({"margin": 2.0}))
    code, printed = lesson("siamese", "--adapter", "torch", "--steps", 5, output=tmp_path / "curves.png")
    assert code == 0
    assert "torch is compared with the reference under its own definitions (margin=2.0)." in printed
    assert "the columns agree within rounding." in printed


def test_losses_that_rounding_hides_are_not_compared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    having("torch", "models", *MODELS)
    spread = np.array([1e-16, 1e-16, 1.0, 1.0, 1.0, 1.0])
    monkeypatch.setattr(comparison, "measured_rounding", lambda *_: Rounding(spread, np.ones((4, 1))))
    _, printed = lesson("xor", "--adapter", "torch", "--steps", 5, output=tmp_path / "curves.png")
    assert "From step 2 on rounding may move the loss by more than 1% of it, and nothing is compared." in printed
