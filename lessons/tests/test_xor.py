"""`python -m lessons.xor`: what it prints is what happened, and an interrupt loses nothing."""

import signal
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

import adapters
from conformance import loops
from conformance.having import having
from conformance.recipes import Recipe
from gradwitness.frameworks import Unavailable
from lessons.xor import app as xor
from lessons.xor.experiment import Experiment
from lessons.xor.figure import COLORS
from lessons.xor.setting import Setting, dead
from reference.activations import relu


def lesson(*options: object, output: Path) -> tuple[int, str]:
    """Exit code and output, every run of spaces and line breaks made one space."""
    result = CliRunner().invoke(xor.app, [*map(str, options), "--output", str(output)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, " ".join(result.output.replace("│", " ").split())


def at_rate(recipe: Recipe, change: Callable[[float], float]) -> Recipe:
    """A recipe at another rate."""
    return replace(recipe, hyper={**recipe.hyper, "lr": change(recipe.hyper["lr"])})


@pytest.fixture(scope="module")
def default(tmp_path_factory: pytest.TempPathFactory) -> tuple[int, str, bytes]:
    """Exit code, output and figure of the lesson as it stands, NumPy alone."""
    output = tmp_path_factory.mktemp("lesson") / "xor.png"
    return *lesson("--adapter", "numpy", output=output), output.read_bytes()


def test_three_hidden_units_do_not_learn(default: tuple[int, str, bytes]) -> None:
    code, printed, _ = default
    first, _ = printed.split("XOR: 8 hidden units")
    assert code == 0
    assert "before training loss 0.693331 (0, 0), wanted 0 0.5000" in first
    assert (
        "epoch 0 0.6933 epoch 200 0.6932 epoch 400 0.6932 epoch 600 0.6932 epoch 800 0.6932 after training loss 0.6931" in first
    )
    assert (
        "(0, 0), wanted 0 0.4988 (0, 1), wanted 1 0.5010 (1, 0), wanted 1 0.4990 (1, 1), wanted 0 0.5012 XOR learned no" in first
    )
    assert "did not learn XOR in 1000 epochs: not on the right side of 0.5 for (1, 0), (1, 1)." in first
    assert "sinks from 0.693331 to 0.693150, toward ln 2 = 0.693147" in first
    assert "correct gradients are necessary, not sufficient" in first


def test_eight_hidden_units_do(default: tuple[int, str, bytes]) -> None:
    _, second = default[1].split("XOR: 8 hidden units")
    assert (
        "(0, 0), wanted 0 0.0109 (0, 1), wanted 1 0.9988 (1, 0), wanted 1 0.9988 (1, 1), wanted 0 0.0008 XOR learned yes"
        in second
    )
    assert "With 8 hidden units and seed 42 the network learned XOR" in second
    assert "did not learn" not in second


def test_the_figure_is_a_png(default: tuple[int, str, bytes]) -> None:
    assert default[2].startswith(b"\x89PNG\r\n")
    assert len(default[2]) > 10_000


def test_a_setting_that_learns_is_not_compared_with_another(tmp_path: Path) -> None:
    code, printed = lesson("--adapter", "numpy", "--hidden", 8, output=tmp_path / "xor.svg")
    assert code == 0
    assert printed.count("XOR: ") == 1
    assert "the network learned XOR" in printed


@pytest.mark.parametrize("options", [("--epochs", 0), ("--rate", 0, "--epochs", 3), ("--seed", 2, "--epochs", 300)])
def test_where_the_wider_network_does_not_learn_either_it_is_said(options: tuple[Any, ...], tmp_path: Path) -> None:
    code, printed = lesson("--adapter", "numpy", *options, output=tmp_path / "xor.png")
    assert code == 0
    assert printed.count("the network did not learn XOR") == 2
    assert "network learned XOR" not in printed


def test_mean_squared_error(tmp_path: Path) -> None:
    code, printed = lesson("--adapter", "numpy", "--loss", "mse", output=tmp_path / "xor.png")
    assert code == 0
    assert "before training loss 0.250092" in printed
    assert "toward 0.25, the cost of answering 0.5 to everything" in printed
    assert "ln 2" not in printed


@pytest.mark.parametrize(
    ("option", "came", "wanted"),
    [
        ("--hidden", "0", "1 or more"),
        ("--epochs", "-1", "0 or more"),
        ("--rate", "-0.5", "a finite number, 0 or more"),
        ("--rate", "nan", "a finite number, 0 or more"),
        ("--rate", "inf", "a finite number, 0 or more"),
        ("--seed", "-1", "0 to 4294967295"),
        ("--seed", "4294967296", "0 to 4294967295"),
        ("--loss", "hinge", "'bce', 'mse'"),
        ("--adapter", "caffe", "one of numpy, torch, tensorflow, jax"),
        ("--output", "xor.txt", "a name that ends in .png, .pdf, .svg"),
        ("--output", "no/xor.png", "a file in a directory that exists"),
    ],
)
def test_a_bad_option_is_refused_before_training(option: str, came: str, wanted: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Experiment, "fill", lambda *_: pytest.fail("training started"))
    result = CliRunner().invoke(xor.app, [option, came])
    message = " ".join(result.output.replace("│", " ").split())
    assert result.exit_code == 2
    for part in (option, came, wanted):
        assert part in message


def test_an_interrupt_keeps_what_was_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*args: Any, **kwargs: Any) -> Iterator[Any]:
        for epoch, step in enumerate(train(*args, **kwargs), start=1):
            if epoch == 300:
                signal.raise_signal(signal.SIGINT)
            yield step

    train = loops.train
    monkeypatch.setattr(loops, "train", interrupted)
    code, printed = lesson("--adapter", "numpy", output=tmp_path / "xor.png")
    assert code == 130
    assert "numpy stopped after 300 of 1000 epochs" in printed
    assert "epoch 200 0.6932 epoch 400 epoch 600" in printed
    assert "did not learn XOR in 300 epochs" in printed
    assert (tmp_path / "xor.png").stat().st_size > 10_000


def test_a_framework_that_is_not_there_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def load(name: str) -> Any:
        raise Unavailable(f"{name} is not installed")

    monkeypatch.setattr(adapters, "load", load)
    code, printed = lesson("--epochs", 2, output=tmp_path / "xor.png")
    assert code == 0
    for name in adapters.NAMES:
        assert f"No column for {name}: {name} is not installed." in printed


@pytest.mark.parametrize("name", adapters.NAMES)
def test_each_framework_agrees_within_rounding(name: str, tmp_path: Path) -> None:
    having(name, "models", "two_layer")
    code, printed = lesson("--adapter", name, "--epochs", 50, output=tmp_path / "xor.png")
    assert code == 0
    assert "before training loss 0.693331 0.693331" in printed
    assert printed.count("the columns agree within rounding") == 2
    assert f"Every gradient along the way is right, and {name} found the same" in printed


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


def test_without_frameworks_numerical_differentiation_says_what_is_right(default: tuple[int, str, bytes]) -> None:
    code, printed, _ = default
    assert code == 0
    assert (
        "No framework confirms these gradients. Numerical differentiation looked at the ops on the path (linear, relu, sigmoid, "
        "binary_cross_entropy), with the values of epochs 0, 250, 500, 750 and 1000, and at the gradient of the whole network, "
        "and finds them right." in printed
    )
    assert "Every gradient that was looked at is right: correct gradients are necessary, not sufficient." in printed
    assert "Every gradient along the way" not in printed


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
