"""The lecture's notebooks: every cell runs with NumPy alone, prints what is stored, and calculates what the lessons calculate."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from lessons.notebooks import child
from lessons.notebooks.stored import NOTEBOOKS, ROOT, cells_that_differ, code, comparable, fresh, output, source, store
from lessons.step.lines import number
from lessons.step.network import Setting, step
from reference.models import two_layer

FIRST, SECOND, THIRD = NOTEBOOKS


@cache
def printed(path: Path) -> list[str]:
    """What its cells print in a fresh process. Three seconds for all three notebooks."""
    return fresh(path)


def words(path: Path) -> str:
    """All that a notebook prints, every run of spaces and line breaks made one space."""
    return " ".join(" ".join(printed(path)).split())


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_cell_prints_what_is_stored(path: Path) -> None:
    differing = cells_that_differ(path, printed(path))
    assert differing == [], "`python -m lessons.notebooks --store` stores what they print now"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_has_exercises_and_a_solution_for_each_in_a_folded_cell(path: Path) -> None:
    *_, exercises = (cell for cell in json.loads(path.read_text())["cells"] if cell["cell_type"] == "markdown")
    asked = [line[0] for line in source(exercises).splitlines() if line[:2] in ("1.", "2.", "3.")]
    folded = [source(cell) for cell in code(path) if cell["metadata"].get("jupyter", {}).get("source_hidden")]
    assert [text.removeprefix("# Solution ")[0] for text in folded] == asked == ["1", "2", "3"]
    assert all(output(cell) for cell in code(path)[-3:])
    assert path.stat().st_size < 50_000


def test_they_calculate_the_step_of_the_lesson() -> None:
    v = step(Setting())
    assert f"z = {v.z:.6f}" in words(FIRST)
    assert f"p = {v.p:.6f}" in words(FIRST)
    assert f"binary cross entropy = {v.loss:.6f}" in words(FIRST)
    assert f"squared error = {step(Setting(loss='mse')).loss:.6f}" in words(FIRST)
    assert f"dp = {v.dp:.6f} dz = {v.dz:.6f}" in words(SECOND)
    assert f"dW1 = {[[float(number(value, 6)) for value in row] for row in v.dw1]}" in words(SECOND)
    mse = step(Setting(loss="mse"))
    assert f"dp = {mse.dp:.6f} dz = {mse.dz:.6f}" in words(SECOND)


def test_the_check_finds_the_mistake_and_its_line_and_nothing_in_what_is_right() -> None:
    right, wrong = (next(text for text in printed(SECOND) if text.startswith(name)) for name in ("loss_and_g", "without_relu"))
    assert "WRONG" not in right
    assert right.count(": right\n") == 1
    assert "+ dH = dZ @ params['W2'].T * (H > 0)" in wrong
    (losses,) = (text for text in printed(SECOND) if text.startswith("epoch   0"))
    falling = [float(line.split()[-1]) for line in losses.splitlines()]
    assert falling == sorted(falling, reverse=True), "the wrong gradient trains all the same"


@pytest.mark.parametrize("hidden", [3, 8])
def test_they_train_xor_as_the_reference_does(hidden: int) -> None:
    params, x, labels = two_layer.xor_params(42, hidden), two_layer.XOR_X, two_layer.XOR_Y
    losses = []
    for _ in range(1001):
        loss, cache_ = two_layer.forward(params, x, labels=labels)
        losses.append(float(loss))
        gradients, *_ = two_layer.backward(loss * 0 + 1, cache_)
        params = {name: value - 0.5 * gradients[name] for name, value in params.items()}
    assert f"loss {losses[0]:.6f} before, {losses[-1]:.6f} after 1000 epochs" in words(THIRD)


def test_nothing_but_numpy_and_the_engine_can_be_imported() -> None:
    asked = "import sys; from lessons.notebooks.child import NothingElse; sys.meta_path.insert(0, NothingElse()); import {}"
    for name, message in (
        ("numpy", ""),
        ("gradwitness", ""),
        ("matplotlib", "No module named 'matplotlib'"),
        ("torch", "'torch'"),
    ):
        done = subprocess.run([sys.executable, "-c", asked.format(name)], cwd=ROOT, capture_output=True, text=True, check=False)
        assert (done.returncode == 0) == (message == ""), done.stderr
        assert message in done.stderr


def test_a_cell_is_run_as_jupyter_runs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])  # cells are run as __main__; put back afterwards
    assert child.run(["x = 2\nx + 1", "print('a')\nx = x * 3", "None", "x"]) == ["3\n", "a\n", "", "6\n"]


def test_a_notebook_whose_cell_raises_or_prints_something_else_is_found(tmp_path: Path) -> None:
    path = tmp_path / "n.ipynb"
    cells = [{"cell_type": "code", "metadata": {}, "outputs": [], "source": [line]} for line in ("print(1)", "print(2)")]
    path.write_text(json.dumps({"cells": cells}))
    assert cells_that_differ(path, fresh(path)) == [1, 2]
    store(path, fresh(path))
    assert cells_that_differ(path, fresh(path)) == []
    path.write_text(path.read_text().replace("print(2)", "print(3)"))
    assert cells_that_differ(path, fresh(path)) == [2]
    path.write_text(path.read_text().replace("print(3)", "1 / 0"))
    with pytest.raises(RuntimeError, match=r"n\.ipynb ended with an error:[\s\S]*ZeroDivisionError"):
        fresh(path)


def test_what_is_measured_is_not_compared() -> None:
    assert comparable("83 evaluations in 0.03 s; numpy 2.4.6\n") == comparable("84 evaluations in 0.1 s; numpy 2.5.0")
    assert comparable("dp = -2.1\n") != comparable("dp = -2.2\n")
