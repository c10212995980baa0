"""What `python -m lessons.xor` names as the cause: a wrong op, a wrong update, a rate, dead units."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from conformance import loops
from conformance.having import having
from conformance.recipes import Recipe
from lessons.tests.command import run_command
from lessons.xor import app as xor
from lessons.xor.experiment import Experiment
from lessons.xor.figure import COLORS
from lessons.xor.setting import Setting, dead
from reference.activations import relu

lesson = partial(run_command, xor.app)


def at_rate(recipe: Recipe, change: Callable[[float], float]) -> Recipe:
    """A recipe at another rate."""
    return replace(recipe, hyper={**recipe.hyper, "lr": change(recipe.hyper["lr"])})


def test_a_rate_kept_in_float32_is_found_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        loops, "adapted", lambda _name, recipe, _dtype, **_: loops.reference(at_rate(recipe, lambda lr: float(np.float32(lr))))
    )
    code, printed = lesson("--adapter", "torch", "--rate", 0.1, "--epochs", 50, output=tmp_path / "xor.png")
    assert code == 0
    assert "that does not explain it. torch lies" in printed
    assert "It keeps the rate in float32, 0.10000000149011612: from NumPy with that rate it lies 0.0e+00." in printed


def test_a_wrong_update_is_not_called_right(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    having("torch", "ops", "relu")
    monkeypatch.setattr(
        loops, "adapted", lambda _name, recipe, _dtype, **_: loops.reference(at_rate(recipe, lambda lr: 1.001 * lr))
    )
    code, printed = lesson("--adapter", "torch", "--rate", 0.1, "--epochs", 50, output=tmp_path / "xor.png")
    assert code == 1
    assert "that does not explain it. torch lies" in printed
    assert "In torch each of these ops computes the same. Look at the update and the model." in printed
    assert "keeps the rate" not in printed
    assert "gradient along the way is right" not in printed


@pytest.mark.parametrize("column", ["numpy", "torch"])
def test_a_broken_op_is_named_and_the_lesson_fails(column: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if column != "numpy":
        having(column, "models", "two_layer")
    monkeypatch.setattr(relu, "backward", lambda dout, _x: (dout,))
    code, printed = lesson("--adapter", column, "--epochs", 50, output=tmp_path / "xor.png")
    assert code == 1
    assert "The first wrong op on the path is relu, op 2 of 5, says numerical differentiation: dx[" in printed
    assert "That was found at epoch 0." in printed
    assert "is right" not in printed
    assert printed.count("XOR: ") == 1


def test_a_rate_that_is_too_large_is_named_before_the_network(tmp_path: Path) -> None:
    code, printed = lesson("--adapter", "numpy", "--rate", 50, output=tmp_path / "xor.png")
    fast, slow, wide = printed.split("XOR: ")[1:]
    assert code == 0
    assert fast.startswith("3 hidden units, seed 42, rate 50,")
    assert "The rate is the cause: a short enough step against the gradient lowers the loss, and at 50 the steps are too" in fast
    assert "Dead hidden units: 3 of 3 (1 at the start)." in fast
    assert slow.startswith("3 hidden units, seed 42, rate 0.5,")
    assert wide.startswith("8 hidden units, seed 42, rate 0.5,")
    for other in (slow, wide):
        assert "The rate is the cause" not in other


@pytest.mark.parametrize("rate", [1e300, 1e308])
def test_where_numbers_overflow_no_op_is_called_wrong(rate: float, tmp_path: Path) -> None:
    code, printed = lesson("--adapter", "numpy", "--rate", rate, "--epochs", 20, output=tmp_path / "xor.png")
    assert code == 0
    assert "The rate is the cause" in printed
    assert "wrong" not in printed


def test_a_rate_that_kills_all_units_is_named(tmp_path: Path) -> None:
    _, printed = lesson("--adapter", "numpy", "--hidden", 8, "--rate", 4, "--epochs", 300, output=tmp_path / "xor.png")
    fast, slow = printed.split("XOR: ")[1:]
    assert "The rate is the cause" in fast
    assert "Dead hidden units: 8 of 8 (1 at the start)." in fast
    assert slow.startswith("8 hidden units, seed 42, rate 0.5,")
    assert "learned XOR in 300 epochs" in slow


@pytest.mark.parametrize("rate", [0.01, 0.5, 2.0])
def test_a_rate_at_which_the_loss_sinks_is_not_blamed(rate: float) -> None:
    experiment = Experiment(Setting(3, 42, rate, 300, "bce"))
    experiment.columns.fill(experiment.setting.recipe, np.float64, ["numpy"], lambda _: lambda: None, 1)
    assert not experiment.rate_is_to_blame


def test_a_dead_unit_is_0_for_all_four_points() -> None:
    params = {"hidden.weight": np.array([[1.0, -1.0, -1.0], [1.0, -1.0, 2.0]]), "hidden.bias": np.array([-3.0, 0.0, 0.0])}
    assert dead(params) == 2


def test_every_number_of_experiments_has_its_colours() -> None:
    assert {count: len(colors) for count, colors in COLORS.items()} == {1: 1, 2: 2, 3: 3}
