"""`python -m lessons.rates`: each word is what was measured, the paths lie on the surface, and the figures show both."""

import signal
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from conformance import loops
from lessons.rates import figure, rules_figure
from lessons.rates.app import app
from lessons.rates.curvature import curvature
from lessons.rates.experiment import Experiment, path
from lessons.rates.surface import frame, named, places, surface
from lessons.rates.task import TASKS
from lessons.rates.words import CRITERIA, WORDS, lost, word, words
from lessons.tests.command import run_command
from reference.models.two_layer import init
from reference.training import gradients

lesson = partial(run_command, app)


def silent(_: str) -> Any:
    return lambda: None


@pytest.fixture(scope="module")
def xor() -> Experiment:
    """The XOR task, whole."""
    experiment = Experiment(TASKS["xor"], TASKS["xor"].rates)
    experiment.fill(silent)
    return experiment


@pytest.fixture(scope="module")
def digits() -> Experiment:
    """The digits, without the sweep."""
    pytest.importorskip("sklearn")
    experiment = Experiment(TASKS["digits"], TASKS["digits"].rates)
    experiment.train(silent)
    return experiment


@pytest.mark.parametrize("name", TASKS)
def test_the_five_rates_are_the_five_words(name: str, request: pytest.FixtureRequest) -> None:
    experiment = request.getfixturevalue(name)
    assert tuple(experiment.words.values()) == WORDS
    assert tuple(CRITERIA) != WORDS
    assert set(CRITERIA) == set(WORDS)


@pytest.mark.parametrize(
    ("losses", "expected"),
    [
        ([1.0, 0.9, 0.8], "too small"),
        ([1.0, 0.5, 0.05], "good"),
        ([1.0, 0.5, 0.509, 0.05], "good"),  # 0.9 % of what was won
        ([1.0, 0.5, 0.55, 0.05], "large"),
        ([1.0, 0.2, 0.7, 0.05], "oscillating"),
        ([1.0, 0.2, 0.7, 0.99], "oscillating"),
        ([1.0, 0.5, 1.01], "diverging"),
        ([1.0, 0.5, float("nan")], "diverging"),
        ([1.0, float("inf")], "diverging"),
        ([1.0, 1.0, 1.0], "too small"),
    ],
)
def test_a_word_is_what_was_measured(losses: list[float], expected: str) -> None:
    assert word(np.array(losses), best=1.0) == expected


def test_what_is_lost_is_a_share_of_what_is_won() -> None:
    assert lost(np.array([4.0, 2.0, 3.0, 1.0])) == 1 / 4
    assert lost(np.array([1.0, 2.0])) == float("inf")
    assert lost(np.array([1.0])) == 0
    assert np.isnan(lost(np.array([1.0, np.nan])))


def test_runs_are_compared_with_the_best_of_them() -> None:
    slow, fast = np.array([1.0, 0.8]), np.array([1.0, 0.1])
    assert words([slow]) == ["good"]
    assert words([slow, fast]) == ["too small", "good"]
    assert words([]) == []


def test_a_path_ends_on_the_surface_at_the_loss_of_its_run(xor: Experiment) -> None:
    pair = places(xor)
    for history in xor.runs.values():
        x, y = (path(history, place) for place in pair)
        assert len(x) == history.steps + 1
        (value,) = surface(xor.task, history.weights[0], pair, x[-1:], y[-1:]).ravel()
        assert value == history.losses[-1]


def test_the_weights_are_those_that_went_the_longest_way(xor: Experiment) -> None:
    pair, oscillating = places(xor), xor.runs[3.0]
    ways = sorted(np.abs(np.diff(path(oscillating, ("hidden.weight", (i, j))))).sum() for i in range(2) for j in range(8))
    ways += [np.abs(np.diff(path(oscillating, ("output.weight", (j, 0))))).sum() for j in range(8)]
    assert [np.abs(np.diff(path(oscillating, place))).sum() for place in pair] == sorted(ways)[:-3:-1]
    assert named(("hidden.weight", (0, 6))) == "W1[1,7]"
    assert named(("output.weight", (3, 0))) == "W2[4]"
    (left, right), (low, high) = frame(xor, pair)
    for rate, history in xor.runs.items():
        x, y = (path(history, place) for place in pair)
        if xor.words[rate] != "diverging":
            assert ((left < x) & (x < right) & (low < y) & (y < high)).all()


def test_adam_s_first_step_is_the_rate(xor: Experiment) -> None:
    assert f"{xor.first_move('adam', 0.02):.4f}" == "0.0200"
    weights = xor.task.start()
    _, dparams, _ = gradients(xor.task.recipe(0.02).op, weights, xor.task.batch())
    largest = max(np.abs(grad).max() for grad in dparams.values())
    assert f"{xor.first_move('sgd', 0.02):.9g}" == f"{0.02 * largest:.9g}"
    assert xor.first_move("momentum", 0.02) == xor.first_move("sgd", 0.02)


def test_curvature_is_the_largest_eigenvalue_of_the_hessian() -> None:
    rng = np.random.default_rng(5)
    data = {"x": rng.normal(size=(6, 2)), "labels": rng.integers(0, 2, size=(6, 1)).astype(float)}
    task = replace(TASKS["xor"], batch=lambda: data)
    params = init(rng, 2, 3, 1)

    def flat_gradient(point: Any) -> Any:
        split = np.split(point, np.cumsum([value.size for value in params.values()])[:-1])
        shaped = {name: part.reshape(value.shape) for (name, value), part in zip(params.items(), split, strict=True)}
        return np.concatenate([grad.ravel() for grad in gradients(task.recipe(0.0).op, shaped, data)[1].values()])

    point = np.concatenate([value.ravel() for value in params.values()])
    steps = 1e-5 * np.eye(len(point))
    hessian = np.array([(flat_gradient(point + step) - flat_gradient(point - step)) / 2e-5 for step in steps])
    eigenvalues = np.linalg.eigvalsh((hessian + hessian.T) / 2)
    assert abs(eigenvalues).max() == eigenvalues.max(), "power iteration finds the eigenvalue of largest size"
    assert abs(curvature(task, params) / eigenvalues.max() - 1) < 1e-3


def test_at_a_kink_there_is_no_curvature(xor: Experiment) -> None:
    assert curvature(xor.task, xor.task.start()) is None  # (0, 0) and biases of 0


def test_twice_the_inverse_curvature_parts_good_from_large(digits: Experiment) -> None:
    sharpest = curvature(digits.task, digits.runs[3.0].weights[0])
    assert sharpest is not None
    assert digits.words[5.0] == "large"
    assert 2 / sharpest < 5.0


def test_the_figure_has_a_column_for_each_rate(xor: Experiment) -> None:
    drawn = figure.drawn([xor], grid=4)
    titles = [axes.get_title() for axes in drawn.axes if axes.get_title()]
    assert titles == [f"rate {rate:g}: {word}" for rate, word in xor.words.items()]
    losses, paths = drawn.axes[:5], drawn.axes[5:]
    assert len(paths) == 5
    for (rate, history), axes, over in zip(xor.runs.items(), losses, paths, strict=True):
        assert np.array_equal(axes.lines[-1].get_ydata(), history.losses), rate
        assert np.array_equal(over.lines[0].get_xdata(), path(history, places(xor)[0])), rate
    assert {axes.get_xlabel() for axes in paths} == {named(places(xor)[0])}


def test_the_figure_of_the_rules_has_their_losses(xor: Experiment) -> None:
    left, right = rules_figure.drawn([xor]).axes
    for line, rule in zip(left.lines, xor.swept, strict=True):
        assert np.array_equal(line.get_ydata(), xor.swept[rule][0.02].losses)
    for line, rule in zip(right.lines[:3], xor.swept, strict=True):
        assert [*line.get_ydata()] == [xor.swept[rule][rate].losses[-1] for rate in xor.task.sweep]


def test_the_lesson_prints_the_words_and_saves_both_figures(tmp_path: Path) -> None:
    code, printed = lesson("--task", "xor", "--rate", 0.5, "--rate", 2, "--rate", 0.02, output=tmp_path / "r.png")
    assert code == 0
    for row in ("0.02 0.6867 0.0% 0.75 too small", "0.5 0.0172 0.5% 1.00 good", "2 0.0029 6.1% 1.00 large"):
        assert row in printed
    assert (
        "At the rate 0.02 the loss ends at 0.6867 with plain gradient descent, 0.1025 with momentum 0.9 and 0.0052 with Adam."
        in printed
    )
    assert "its first step moves a weight by 0.02 at most, the rate; plain gradient descent's by 0.000403." in printed
    assert "digits" not in printed
    for name in ("r.png", "r_rules.png"):
        assert (tmp_path / name).read_bytes().startswith(b"\x89PNG\r\n")


@pytest.mark.parametrize(
    ("rate", "row"),
    [("1e-300", "1e-300 0.6955 0.0% 0.75 too small"), ("1e300", "1e+300 8.0590 more than was won 0.50 diverging")],
)
def test_a_rate_alone_is_compared_with_the_sweep(rate: str, row: str, tmp_path: Path) -> None:
    code, printed = lesson("--task", "xor", "--rate", rate, output=tmp_path / "r.png")
    assert code == 0
    assert row in printed
    assert ("at the largest rate that does not diverge." in printed) == ("diverging" not in row)


@pytest.mark.parametrize(
    ("options", "came", "wanted"),
    [
        (("--task", "mnist"), "'mnist' came", "one of xor, digits"),
        (("--rate", "0"), "'0.0' came", "a finite number above 0"),
        (("--rate", "nan"), "'nan' came", "a finite number above 0"),
        (tuple(part for rate in range(1, 9) for part in ("--rate", str(rate))), "8 came", "wanted at most 7"),
        (("--output", "rates.txt"), "'rates.txt' came", "a name that ends in .png, .pdf, .svg"),
    ],
)
def test_a_bad_option_is_refused_before_training(
    options: tuple[str, ...], came: str, wanted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Experiment, "fill", lambda *_: pytest.fail("training started"))
    result = CliRunner().invoke(app, options)
    message = " ".join(result.output.replace("│", " ").split())
    assert result.exit_code == 2
    assert came in message
    assert wanted in message


@pytest.mark.parametrize(
    ("at", "shown", "gone"),
    [
        (3, "Interrupted: no run had ended.", "too small"),  # of 300 steps a run, 5 runs, then 10 under each rule
        (700, "0.5 0.0172 0.5% 1.00 good", "2 0.0029"),
        (4600, "12 1.3612 197.6% 0.50 diverging", "At the rate 0.02"),
    ],
)
def test_after_an_interrupt_what_has_ended_is_shown(
    at: int, shown: str, gone: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = 0

    def interrupted(*args: Any, **kwargs: Any) -> Iterator[Any]:
        nonlocal made
        for step in train(*args, **kwargs):
            made += 1
            if made == at:
                signal.raise_signal(signal.SIGINT)
            yield step

    train = loops.train
    monkeypatch.setattr(loops, "train", interrupted)
    code, printed = lesson("--task", "xor", output=tmp_path / "r.png")
    assert code == 130
    assert "Interrupted: " in printed
    assert shown in printed
    assert gone not in printed.partition("What the words mean")[2].partition("300 steps")[2]
    assert (tmp_path / "r.png").exists() == (at > 300)
    assert (tmp_path / "r_rules.png").exists() == (at > 300 * 15)
