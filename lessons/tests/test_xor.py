"""`python -m lessons.xor`: what it prints is what happened, and an interrupt loses nothing."""

import signal
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import adapters
from conformance import loops
from conformance.having import having
from gradwitness.frameworks import Unavailable
from lessons.tests.command import run_command
from lessons.xor import app as xor
from lessons.xor.experiment import Experiment

lesson = partial(run_command, xor.app)


@pytest.fixture(scope="module")
def default(tmp_path_factory: pytest.TempPathFactory) -> tuple[int, str, bytes]:
    """Exit code, output and figure of the lesson as it stands, NumPy alone."""
    output = tmp_path_factory.mktemp("lesson") / "xor.png"
    return *lesson("--adapter", "numpy", output=output), output.read_bytes()


def test_three_hidden_units_do_not_learn(default: tuple[int, str, bytes]) -> None:
    code, printed, _ = default
    first, _ = printed.split("XOR: 8 hidden units")
    assert code == 0
    assert "3 hidden units 8 hidden units" in first
    assert "before training loss 0.693331 0.695542 (0, 0), wanted 0 0.5000 0.5000" in first
    assert "epoch 0 0.6933 0.6955 epoch 200 0.6932 0.0328 epoch 400 0.6932 0.0113 epoch 600 0.6932 0.0066 epoch 800" in first
    assert (
        "loss 0.6931 0.0035 (0, 0), wanted 0 0.4988 0.0109 (0, 1), wanted 1 0.5010 0.9988 (1, 0), wanted 1 0.4990 0.9988 "
        "(1, 1), wanted 0 0.5012 0.0008 XOR learned no yes" in first
    )
    assert "units that are dead 1, 1 1, 1 gap between the classes 0.0000, 0.0000 0.0476, 1.9992" in first
    assert "did not learn XOR in 1000 epochs: not on the right side of 0.5 for (1, 0), (1, 1)." in first
    assert "sinks from 0.693331 to 0.693150, toward ln 2 = 0.693147" in first
    assert "correct gradients are necessary, not sufficient" in first


def test_eight_hidden_units_do(default: tuple[int, str, bytes]) -> None:
    _, second = default[1].split("XOR: 8 hidden units")
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
