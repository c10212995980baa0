"""`python -m lessons.step`: its numbers are the reference's, its formulas give them, and its graph shows them."""

import math
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from typer.testing import CliRunner

import adapters
from conformance.having import having
from gradwitness.frameworks import Unavailable
from lessons.step import beside as beside_module
from lessons.step import lines
from lessons.step.app import app
from lessons.step.graph import drawn
from lessons.step.groups import groups
from lessons.step.lines import Line
from lessons.step.network import Setting, step
from lessons.step.table import outcome
from reference.activations import sigmoid

SETTINGS = [Setting(), Setting(loss="mse"), Setting(hidden=1, seed=1), Setting(hidden=8, rate=0.25)]


def all_lines(setting: Setting) -> dict[str, Line]:
    return {line.name: line for group in groups(setting, step(setting)) for line in group.lines}


def run(*options: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, list(map(str, options)))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


@pytest.mark.parametrize("setting", SETTINGS, ids=str)
def test_every_number_is_that_of_the_reference_s_model(setting: Setting) -> None:
    subject = setting.subject
    loss, cache = subject.forward(*subject.inputs, **subject.static)
    dparams, dx = subject.backward(subject.dout, cache)
    gradients: dict[str, Any] = {**dparams, "x": dx}
    shown = all_lines(setting)
    assert shown["L"].value == loss
    placed = {line.place: line.value for line in shown.values() if line.place is not None}
    assert placed == {(name, index): value for name, array in gradients.items() for index, value in np.ndenumerate(array)}
    for name, short in {
        "hidden.weight": "W1[{},{}]",
        "hidden.bias": "b1[{}]",
        "output.weight": "W2[{}]",
        "output.bias": "b2",
    }.items():
        for index, value in np.ndenumerate(setting.params[name] - setting.rate * dparams[name]):
            assert shown["new " + short.format(*(i + 1 for i in index))].value == value


@pytest.mark.parametrize("setting", SETTINGS, ids=str)
def test_the_numbers_of_every_line_give_its_value(setting: Setting, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "INSIDE", 17)  # nothing is rounded when it is shown
    for line in all_lines(setting).values():
        code = line.numbers.replace("·", "*").replace("^", "**")
        code = re.sub(r"\blog (-?[\d.]+)", r"log(\1)", code)
        value = eval(code, {"exp": math.exp, "log": math.log, "max": max})  # noqa: S307 - the lesson's own formulas
        assert abs(value - line.value) <= 2.0**-43 * abs(line.value) + 2.0**-53, line


def test_every_line_of_the_backward_pass_names_its_rule() -> None:
    rules = [group.rule for group in groups(Setting(), step(Setting())) if group.part == "Backward pass"]
    assert "derivative of the loss" in rules[0]
    assert all("chain rule" in rule for rule in rules[1:])
    for named in ("derivative of sigmoid", "derivative of relu", "derivative of a product", "sum rule"):
        assert any(named in rule for rule in rules)


def test_numpy_alone_prints_the_whole_step() -> None:
    code, printed = run("--adapter", "numpy")
    assert code == 0
    for text in (
        "    h[1] = 1 · (-0.1) + 2 · (-0.4) + 0.7 = -0.2\n",
        "    a[1] = max(0, -0.2) = 0\n",
        "    p = 1 / (1 + exp(0.15)) = 0.46257\n",
        "    dz = (-2.1618) · 0.4626 · (1 - 0.4626) = -0.53743\n",
        "    dW1[2,3] = (-0.2687) · 2 = -0.53743\n",
        "    new W2[2] = -0.5 - 0.5 · (-1.1823) = 0.091173\n",
    ):
        assert text in printed
    assert "The loss fell from 0.770957 to 0.147669" in " ".join(printed.split())
    assert "Hidden unit 1 gives 0 here: the derivative of relu is 0, no gradient reaches its weights" in " ".join(printed.split())
    assert "torch" not in printed


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (-0.25, "The loss fell from 0.770957 to 0.520957 ("),
        (0.0, "stayed at 0.770957 ("),
        (0.25, "the step against it was too long"),
    ],
)
def test_what_the_update_did_is_said(change: float, words: str) -> None:
    values = step(Setting())
    text = " ".join(outcome(Setting(), replace(values, after=values.loss + change)))
    assert words in text
    assert ("too long" in text) == (change > 0)


def test_without_a_step_the_loss_stays() -> None:
    assert "The loss stayed at 0.770957 (" in " ".join(run("--adapter", "numpy", "--rate", 0)[1].split())


@pytest.mark.parametrize("name", adapters.NAMES)
def test_a_framework_stands_beside_and_the_engine_judges_it(name: str) -> None:
    having(name, "models", "two_layer")
    code, printed = run("--adapter", name)
    assert code == 0
    lines_of = [line for line in printed.splitlines() if re.match(r"    d(W1|W2|b1|b2|x)", line)]
    assert len(lines_of) == 15
    for line in lines_of:
        own, theirs = re.search(rf"= (\S+) +{name} .*?(\S+)$", line).groups()  # type: ignore[union-attr]
        assert own == theirs
    assert f"{name} and the backward pass above have the same gradients" in " ".join(printed.split())


def test_a_wrong_gradient_is_found_and_the_lesson_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    def differentiated(setting: Setting, _name: str) -> tuple[Any, dict[str, Any]]:
        subject = setting.subject
        loss, cache = subject.forward(*subject.inputs, **subject.static)
        dparams, dx = subject.backward(subject.dout, cache)
        return loss, {**dparams, "output.bias": dparams["output.bias"] * (1 + 1e-13), "x": dx}

    monkeypatch.setattr(beside_module, "_differentiated", differentiated)
    code, printed = run("--adapter", "torch")
    assert code == 1
    assert "torch differs by more than rounding: dparams[output.bias]" in " ".join(printed.split())


def test_a_framework_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def load(name: str) -> Any:
        raise Unavailable(f"{name} is not installed")

    monkeypatch.setattr(adapters, "load", load)
    code, printed = run()
    assert code == 0
    for name in adapters.NAMES:
        assert f"No column for {name}: {name} is not installed." in " ".join(printed.split())


@pytest.mark.parametrize("setting", SETTINGS, ids=str)
def test_the_graph_has_every_value_and_every_gradient(setting: Setting, tmp_path: Path) -> None:
    figure = drawn(setting, step(setting))
    texts = [text.get_text() for text in figure.axes[0].texts]
    v = step(setting)
    pairs = [(v.w1, v.dw1), (v.b1, v.db1), (v.h, v.dh), (v.a, v.da), (v.w2, v.dw2)]
    for values in (*(array for pair in pairs for array in pair), [v.b2, v.z, v.p, v.loss, v.dp, v.dz, v.db2]):
        for value in np.ravel(values):
            assert lines.number(float(value)) in texts
    for i in range(2):
        assert f"sum\n{lines.number(v.dx[i])}" in texts
    assert texts.count("relu") == setting.hidden
    assert texts.count("+") == setting.hidden + 1
    assert texts.count("\N{MULTIPLICATION SIGN}") == 3 * setting.hidden
    code, printed = run("--adapter", "numpy", "--graph", tmp_path / "graph.png")
    assert code == 0
    assert "Graph saved to" in printed
    assert (tmp_path / "graph.png").read_bytes().startswith(b"\x89PNG\r\n")


@pytest.mark.parametrize("setting", SETTINGS, ids=str)
def test_the_numbers_in_the_graph_do_not_overlap(setting: Setting) -> None:
    figure = drawn(setting, step(setting))
    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.draw(renderer)
    boxes = [(text.get_text(), text.get_window_extent(renderer)) for text in figure.axes[0].texts if text.get_text()]
    apart = [(a, b) for i, (a, one) in enumerate(boxes) for b, other in boxes[i + 1 :] if one.overlaps(other)]
    assert apart == []
    assert all(figure.bbox.contains(box.x0, box.y0) and figure.bbox.contains(box.x1, box.y1) for _, box in boxes)


@pytest.mark.parametrize(
    ("options", "came", "wanted"),
    [
        (("--hidden", 0), "'0' came", "1 to 8"),
        (("--hidden", 9), "'9' came", "1 to 8"),
        (("--rate", "nan"), "'nan' came", "a finite number, 0 or more"),
        (("--loss", "hinge"), "'hinge'", "'bce', 'mse'"),
        (("--graph", "graph.txt"), "'graph.txt' came", "a name that ends in .png, .pdf, .svg"),
    ],
)
def test_a_bad_option_is_refused(options: tuple[Any, ...], came: str, wanted: str) -> None:
    code, printed = run(*options)
    message = " ".join(printed.replace("│", " ").split())
    assert code == 2
    assert came in message
    assert wanted in message


def test_the_probability_is_the_sigmoid_of_its_sum() -> None:
    values = step(replace(Setting(), hidden=5))
    assert values.p == sigmoid.forward(np.array([values.z]))[0].item()


@pytest.mark.parametrize("hidden", range(1, 9))
def test_no_hidden_unit_is_at_the_kink_of_relu(hidden: int) -> None:
    sums = [abs(step(Setting(hidden, seed=seed)).h).min() for seed in range(60)]
    assert f"{min(sums):.9f}" == "0.100000000", "sums are whole tenths"
