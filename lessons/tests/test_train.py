"""`python -m lessons.train`: what it prints is what happened, and an interrupt loses nothing."""

import signal
from collections.abc import Iterator
from dataclasses import replace
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
from lessons.train import app as train
from lessons.train import comparison
from lessons.train.comparison import Comparison, Rounding
from lessons.train.definitions import MEANINGS, Definitions, definitions
from lessons.train.figure import drawn
from reference import MODELS
from reference.layers import batch_norm

TRAINED = {name: replace(recipe, steps=min(recipe.steps, 3)) for name, recipe in RECIPES.items()}


def lesson(*options: object, output: Path) -> tuple[int, str]:
    """Exit code and output, every run of spaces and line breaks made one space."""
    result = CliRunner().invoke(train.app, [*map(str, options), "--output", str(output)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, " ".join(result.output.replace("│", " ").split())


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


def test_a_broken_op_is_named_and_the_lesson_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    having("torch", "models", "mlp")
    backward = batch_norm.backward
    monkeypatch.setattr(batch_norm, "backward", lambda dout, cache: tuple(1.01 * grad for grad in backward(dout, cache)))
    code, printed = lesson("mlp", "--adapter", "torch", "--steps", 5, output=tmp_path / "curves.png")
    assert code == 1
    assert "The first wrong op on the path is batch_norm, op 2 of 10, says numerical differentiation: dx" in printed
    assert "That was found at the first step." in printed


def explained(name: str, printed: str) -> bool:
    """Whether a score that differs is put down to biased running variances."""
    biased = "unbiased=False: a running variance takes the biased variance of a batch of n, divided by n and not by n - 1"
    why = f"{name} is compared with the reference under its own definitions ({biased}). That is why the test accuracy differs: "
    ours, theirs, *_ = printed.split("test accuracy ")[1].split()
    return f"{why}the reference has {theirs} under them, {ours} without them." in printed


def test_a_score_that_differs_by_definition_is_explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    biased = Definitions({"unbiased": False})
    monkeypatch.setattr(loops, "adapted", lambda _name, recipe, dtype, **_: loops.reference(biased.apply(recipe), dtype))
    monkeypatch.setattr(comparison, "definitions", lambda *_: biased)
    _, printed = lesson("resnet", "--adapter", "jax", "--steps", 15, "--no-rounding", output=tmp_path / "curves.png")
    assert "test accuracy 0.4333 0.4389" in printed
    assert explained("jax", printed)


@pytest.mark.parametrize("name", adapters.NAMES)
def test_every_definition_that_a_recipe_meets_is_put_into_words(name: str) -> None:
    adapter = having(name)
    for recipe in RECIPES.values():
        if not (adapter.missing("models", recipe.model) or adapter.missing("optimizers", recipe.optimizer)):
            own = definitions(recipe, name)
            assert {*own.model.items(), *own.optimizer.items()} <= set(MEANINGS)


@pytest.mark.parametrize(("columns", "panels"), [(["numpy"], 1), (["numpy", "torch"], 2)])
def test_the_figure_has_a_second_panel_if_there_is_something_to_compare(columns: list[str], panels: int) -> None:
    history = run(loops.reference(TRAINED["xor"]), 3)
    made = Comparison("xor", TRAINED["xor"], "float64", Columns(dict.fromkeys(columns, history)))
    assert len(drawn(made).axes) == panels


def test_with_numpy_alone_rounding_is_not_measured_unasked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    options = ("xor", "--adapter", "numpy", "--steps", 5)
    _, asked = lesson(*options, "--rounding", output=tmp_path / "curves.png")
    assert "Rounding alone moves the loss by " in asked
    monkeypatch.setattr(comparison, "measured_rounding", lambda *_: pytest.fail("rounding was measured"))
    _, printed = lesson(*options, output=tmp_path / "curves.png")
    assert "ounding alone" not in printed


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


def test_rounding_is_measured_only_on_demand_where_it_is_dear(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    having("torch", "models", *MODELS)
    monkeypatch.setattr(comparison, "DEAR", 0.0)
    options = ("xor", "--adapter", "torch", "--steps", 5)
    _, dear = lesson(*options, output=tmp_path / "curves.png")
    _, asked = lesson(*options, "--rounding", output=tmp_path / "curves.png")
    assert "was not measured; --rounding measures it." in dear
    assert "torch lies at most" in dear
    assert "the columns agree within rounding." in asked


def test_losses_that_rounding_hides_are_not_compared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    having("torch", "models", *MODELS)
    spread = np.array([1e-16, 1e-16, 1.0, 1.0, 1.0, 1.0])
    monkeypatch.setattr(comparison, "measured_rounding", lambda *_: Rounding(spread, np.ones((4, 1))))
    _, printed = lesson("xor", "--adapter", "torch", "--steps", 5, output=tmp_path / "curves.png")
    assert "From step 2 on rounding may move the loss by more than 1% of it, and nothing is compared." in printed


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
