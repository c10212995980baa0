"""Why `python -m lessons.xor` says that a network learns: the gap between the classes in the hidden layer."""

from functools import partial
from pathlib import Path

import numpy as np
import pytest

from conformance import loops
from lessons.columns import Columns, run
from lessons.tests.command import run_command
from lessons.xor import app as xor
from lessons.xor.experiment import Experiment
from lessons.xor.figure import drawn
from lessons.xor.geometry import _nearest, gap, shown
from lessons.xor.seeds import learning_seeds
from lessons.xor.setting import Setting, learned
from lessons.xor.why import why
from reference.models.two_layer import predict

lesson = partial(run_command, xor.app)


def trained(hidden: int, seed: int = 42, epochs: int = 1000) -> Experiment:
    """A setting, trained by the reference alone."""
    setting = Setting(hidden, seed, 0.5, epochs, "bce")
    return Experiment(setting, Columns({"numpy": run(loops.reference(setting.recipe), epochs)}))


@pytest.fixture(scope="module")
def two() -> list[Experiment]:
    """The lesson's two settings."""
    return [trained(3), trained(8)]


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_the_distance_of_two_segments_is_the_least_on_a_fine_grid(size: int) -> None:
    rng = np.random.default_rng(size)
    share = np.linspace(0, 1, 401)
    for _ in range(20):
        a, b, c, d = rng.normal(size=(4, size))
        first, second = a + share[:, None] * (b - a), c + share[:, None] * (d - c)
        least = np.linalg.norm(first[:, None] - second[None], axis=2).min()
        exact = _nearest(a, b, c, d)
        assert exact <= least + 1e-12
        assert least - exact <= (np.linalg.norm(b - a) + np.linalg.norm(d - c)) / 400


def test_the_distance_of_points_and_of_parallels() -> None:
    a, b = np.array([0.0, 0.0]), np.array([2.0, 0.0])
    assert _nearest(a, a, b, b) == 2
    assert _nearest(a, b, np.array([0.5, 3.0]), np.array([1.5, 3.0])) == 3
    assert _nearest(a, b, np.array([5.0, 0.0]), np.array([3.0, 0.0])) == 1


def test_units_that_leave_the_plane_as_it_is_leave_no_gap() -> None:
    assert gap({"hidden.weight": np.eye(2), "hidden.bias": np.zeros(2)}) == 0
    assert gap({"hidden.weight": -np.eye(2), "hidden.bias": np.zeros(2)}) == 0  # all dead
    assert np.isnan(gap({"hidden.weight": np.full((2, 2), 1e308), "hidden.bias": np.full(2, 1e308)}))


def test_the_textbook_s_hidden_layer_opens_a_gap() -> None:
    # Goodfellow, Bengio and Courville, section 6.1: h = (relu(x1 + x2), relu(x1 + x2 - 1)). (0, 1) and (1, 0) fall on (1, 0);
    # the others on (0, 0) and (2, 1), whose line passes at 1 / sqrt(5).
    params = {"hidden.weight": np.ones((2, 2)), "hidden.bias": np.array([0.0, -1.0])}
    assert abs(gap(params) - 1 / np.sqrt(5)) <= 2.0**-52


@pytest.mark.parametrize("size", [1e-200, 1e-8, 1e8, 1e200])
def test_a_gap_grows_with_the_weights(size: float) -> None:
    params = Setting(8, 42, 0.5, 0, "bce").recipe.start()[0]
    larger = {name: size * value for name, value in params.items()}
    assert abs(gap(larger) / (size * gap(params)) - 1) <= 2.0**-40
    assert shown(gap(params)) == "0.0476"
    assert shown(3e200) == "3.0e+200"


@pytest.mark.parametrize("seed", [0, 2, 42])
@pytest.mark.parametrize("hidden", [2, 3, 8])
def test_whoever_learned_has_opened_a_gap(hidden: int, seed: int) -> None:
    experiment = trained(hidden, seed)
    if learned(experiment.history):
        assert gap(experiment.history.weights[0]) > 0.1


def test_it_is_said_which_network_has_a_gap(two: list[Experiment]) -> None:
    text = " ".join(why(two))
    assert "With 3 hidden units, of which 2 are alive at the end, the gap goes from 0.0000 to 0.0000" in text
    assert (
        "and the network has not learned XOR. With 8 hidden units, of which 7 are alive at the end, the gap goes from 0.0476"
        in text
    )
    assert "With 8 hidden units there is a gap at the start, by luck of the seed, and gradient descent widens it." in text
    assert "by luck" not in " ".join(why(two[:1]))


def test_the_figure_has_the_losses_and_each_network_s_answers(two: list[Experiment]) -> None:
    losses, *maps = drawn(two).axes
    for line, experiment in zip(losses.lines, two, strict=False):
        assert np.array_equal(line.get_ydata(), experiment.history.losses)
    assert [axes.get_title() for axes in maps] == ["3 hidden units: did not learn", "8 hidden units: learned"]
    for axes, experiment in zip(maps, two, strict=True):
        assert [text.get_text() for text in axes.texts] == [f"{answer:.2f}" for answer in experiment.history.final.flat]
        shown = np.asarray(axes.images[0].get_array())
        assert shown[0, 0] == predict(experiment.history.weights[0], np.array([[-0.25, -0.25]])).item()


def test_seeds_are_counted(tmp_path: Path) -> None:
    setting = Setting(3, 42, 0.5, 1000, "bce")
    assert learning_seeds(setting, 3, lambda _: lambda: None) == [0, 1]
    code, printed = lesson("--adapter", "numpy", "--hidden", 8, "--epochs", 300, "--seeds", 3, output=tmp_path / "xor.png")
    found = learning_seeds(Setting(8, 42, 0.5, 300, "bce"), 3, lambda _: lambda: None)
    assert code == 0
    assert f"Of the seeds 0 to 2: {len(found)} of 3 learn XOR with 8 hidden units, rate 0.5" in printed
