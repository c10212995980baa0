"""`python -m lessons.train`: what it prints is what happened, and an interrupt loses nothing."""

import signal
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

import adapters
from conformance import loops
from conformance.having import having
from conformance.recipes import RECIPES
from gradwitness.frameworks import Unavailable
from lessons.columns import Columns, run
from lessons.tests.command import explained, run_command
from lessons.train import app as train
from lessons.train import comparison
from lessons.train.comparison import Comparison
from lessons.train.figure import drawn
from reference import MODELS

TRAINED = {name: replace(recipe, steps=min(recipe.steps, 3)) for name, recipe in RECIPES.items()}


lesson = partial(run_command, train.app)


@pytest.mark.parametrize("name", RECIPES)
def test_each_recipe_is_told(name: str, tmp_path: Path) -> None:
    output = tmp_path / "curves.png"
    code, printed = lesson(name, "--adapter", "numpy", "--steps", 3, output=output)
    losses = run(loops.reference(TRAINED[name]), 3).losses
    assert code == 0
    assert f"{name}: " in printed
    for step in range(3):
        assert f"step {step} {losses[step]:.6f}" in printed
    assert f"loss after the last {losses[3]:.6f}" in printed
    assert "before training" in printed
    assert output.read_bytes().startswith(b"\x89PNG\r\n")


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", adapters.NAMES)
def test_a_framework_agrees_within_rounding(name: str, dtype: str, tmp_path: Path) -> None:
    biased = having(name, "models", *MODELS).models["mlp"].conventions.get("unbiased") is False
    code, printed = lesson("mlp", "--adapter", name, "--steps", 5, "--dtype", dtype, output=tmp_path / "curves.png")
    assert code == 0
    assert f"Monte Carlo arithmetic in {dtype}; 32 times that is allowed): the columns agree within rounding." in printed
    assert explained(name, printed) == biased


@pytest.mark.parametrize("name", adapters.NAMES)
def test_asking_for_the_loss_changes_nothing_that_is_told(name: str) -> None:
    # In training PyTorch and Keras update running statistics whenever the loss is computed.
    having(name, "models", *MODELS)
    told, loop = run(loops.adapted(name, TRAINED["mlp"]), 3), loops.adapted(name, TRAINED["mlp"])
    for _ in range(3):
        loop.step()
    assert np.array_equal(told.final, loop.predict())
    for part, now in zip(told.weights, loop.weights(), strict=True):
        assert all(np.array_equal(value, now[key]) for key, value in part.items())


@pytest.mark.parametrize(("columns", "panels"), [(["numpy"], 1), (["numpy", "torch"], 2)])
def test_the_figure_has_a_second_panel_if_there_is_something_to_compare(columns: list[str], panels: int) -> None:
    history = run(loops.reference(TRAINED["xor"]), 3)
    made = Comparison("xor", TRAINED["xor"], "float64", Columns(dict.fromkeys(columns, history)))
    assert len(drawn(made).axes) == panels + 1  # the axis of the scores is the first panel's, to the right


def test_the_score_is_beside_the_loss(tmp_path: Path) -> None:
    recipe = replace(RECIPES["mlp"], steps=30)
    made = Comparison("mlp", recipe, "float64")
    made.fill(["numpy"], False, lambda _: lambda: None, 1)
    scores = made.scores(made.history)
    assert list(scores) == [*made.points, 30]
    assert scores[30] == made.score(made.history)
    for step in (3, 27):
        assert scores[step] == made.score(run(loops.reference(recipe), step)), step
    losses, beside = drawn(made).axes
    assert np.array_equal(losses.lines[0].get_ydata(), made.history.losses)
    assert [*beside.lines[0].get_ydata()] == [*scores.values()]
    assert beside.get_ylabel() == "test accuracy"
    _, printed = lesson("mlp", "--adapter", "numpy", "--steps", 30, output=tmp_path / "curves.png")
    assert "test accuracy before the update of " + " ".join(f"step {step} {scores[step]:.4f}" for step in made.points) in printed
    assert f"test accuracy after the last {scores[30]:.4f}" in printed


@pytest.mark.parametrize("name", ["numpy", *adapters.NAMES])
def test_asking_for_scores_along_the_way_changes_nothing(name: str) -> None:
    if name != "numpy":
        having(name, "models", *MODELS)
    asked, silent = (
        run(loops.reference(TRAINED["mlp"]) if name == "numpy" else loops.adapted(name, TRAINED["mlp"]), 3, predict=points)
        for points in (range(3), ())
    )
    assert np.array_equal(asked.losses, silent.losses)
    assert np.array_equal(asked.final, silent.final)
    assert list(asked.outputs) == [0, 1, 2, 3]
    assert list(silent.outputs) == [0, 3]


def test_with_numpy_alone_rounding_is_not_measured_unasked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    options = ("xor", "--adapter", "numpy", "--steps", 5)
    _, asked = lesson(*options, "--rounding", output=tmp_path / "curves.png")
    assert "Rounding alone moves the loss by " in asked
    monkeypatch.setattr(comparison, "measured_rounding", lambda *_: pytest.fail("rounding was measured"))
    _, printed = lesson(*options, output=tmp_path / "curves.png")
    assert "ounding alone" not in printed


def test_rounding_is_measured_only_on_demand_where_it_is_dear(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    having("torch", "models", *MODELS)
    monkeypatch.setattr(comparison, "DEAR", 0.0)
    options = ("xor", "--adapter", "torch", "--steps", 5)
    _, dear = lesson(*options, output=tmp_path / "curves.png")
    _, asked = lesson(*options, "--rounding", output=tmp_path / "curves.png")
    assert "was not measured; --rounding measures it." in dear
    assert "torch lies at most" in dear
    assert "the columns agree within rounding." in asked


def test_what_the_trained_network_makes_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    having("torch", "models", *MODELS)
    sampling = replace(RECIPES["xor"], sample=lambda params, _state: f"{len(params)} arrays and a [bracket]")
    monkeypatch.setitem(RECIPES, "xor", sampling)
    _, printed = lesson("xor", "--adapter", "torch", "--steps", 2, output=tmp_path / "curves.png")
    for name in ("numpy", "torch"):
        assert f"{name} makes: 4 arrays and a [bracket]" in printed


def test_an_interrupt_keeps_what_was_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*args: Any, **kwargs: Any) -> Iterator[Any]:
        for number, step in enumerate(steps(*args, **kwargs), start=1):
            if number == 3:
                signal.raise_signal(signal.SIGINT)
            yield step

    steps = loops.train
    monkeypatch.setattr(loops, "train", interrupted)
    code, printed = lesson("mlp", output=tmp_path / "curves.png")
    assert code == 130
    assert "numpy stopped after 3 of 220 steps" in printed
    assert "after 3 steps. After 220 steps it should be at least 0.95." in printed
    assert (tmp_path / "curves.png").stat().st_size > 10_000


def test_a_column_that_is_broken_off_is_compared_as_far_as_it_went(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_name: str, recipe: Any, dtype: Any, **_: Any) -> loops.Loop:
        loop = loops.reference(recipe, dtype)

        def step() -> Any:
            signal.raise_signal(signal.SIGINT)
            return loop.step()

        return replace(loop, step=step)

    monkeypatch.setattr(loops, "adapted", interrupted)
    code, printed = lesson("mlp", "--adapter", "torch", "--steps", 5, output=tmp_path / "curves.png")
    assert code == 130
    assert "torch stopped after 1 of 5 steps" in printed
    assert "Largest difference between the columns' losses: 0.0e+00." in printed


def test_a_framework_that_is_not_there_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def load(name: str) -> Any:
        raise Unavailable(f"{name} is not installed")

    monkeypatch.setattr(adapters, "load", load)
    code, printed = lesson("xor", "--steps", 2, output=tmp_path / "curves.png")
    assert code == 0
    for name in adapters.NAMES:
        assert f"No column for {name}: {name} is not installed." in printed


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        (("perceptron",), ("'perceptron' came", "one of xor, mlp")),
        (("mlp", "--steps", "-1"), ("--steps", "'-1' came", "0 or more")),
        (("mlp", "--dtype", "float16"), ("--dtype", "'float64', 'float32'")),
        (("mlp", "--adapter", "caffe"), ("--adapter", "'caffe' came", "one of numpy, torch, tensorflow, jax")),
        (("mlp", "--output", "mlp.txt"), ("--output", "a name that ends in .png, .pdf, .svg")),
        (("mlp", "--output", "no/mlp.png"), ("--output", "a file in a directory that exists")),
    ],
)
def test_a_bad_option_is_refused_before_training(
    options: tuple[str, ...], wanted: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Comparison, "fill", lambda *_: pytest.fail("training started"))
    result = CliRunner().invoke(train.app, options)
    message = " ".join(result.output.replace("│", " ").split())
    assert result.exit_code == 2
    for part in wanted:
        assert part in message


def test_more_steps_than_there_are_batches_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    finite = replace(RECIPES["xor"], steps=4, data=lambda: iter([next(RECIPES["mlp"].data())] * 4))
    monkeypatch.setitem(RECIPES, "xor", finite)
    code, printed = lesson("xor", "--steps", 5, output=tmp_path / "curves.png")
    assert code == 2
    assert "5 came; wanted at most 4, for there are no more batches" in printed
