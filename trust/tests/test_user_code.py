"""Correct gradients in other people's styles: they are right, and none is called wrong.

`python -m trust soak --user-code` is the whole; this is a sample.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from trust import page
from trust.app import app
from trust.soak import user_code as soak
from trust.tests.by_hand import gradient
from trust.tests.user_functions import examined
from trust.user_code import FUNCTIONS, STYLES
from trust.user_code.entry import UserFunction, kind_of
from trust.user_code.numbers import KINDS

DRAWS = 3
BY_HAND = 1e-7
"""Bars of the derivatives by hand, relative to the largest of an array: mistakes in a formula are larger."""


@pytest.fixture(params=FUNCTIONS)
def function(request: pytest.FixtureRequest) -> UserFunction:
    found = FUNCTIONS[request.param]
    if found.missing:
        pytest.skip(f"{found.name} needs {found.missing}, which is not installed")
    return found


def test_there_are_sixty_of_eight_styles_without_scipy() -> None:
    plain = [one for one in FUNCTIONS.values() if not one.needs]
    assert len(plain) >= 60
    assert len({one.style for one in plain}) >= 8
    assert len(FUNCTIONS) == sum(len(style.FUNCTIONS) for style in STYLES)  # no name twice


def test_the_draws_are_of_all_kinds() -> None:
    assert {kind_of(draw) for draw in range(12)} == set(KINDS)


def test_backward_is_right_by_hand(function: UserFunction) -> None:
    subject = examined(function, 2)
    arrays = [leaf.array for leaf in subject.leaves]
    originals = [array.copy() for array in arrays]
    rng = np.random.default_rng(5)
    with np.errstate(all="ignore"):
        call = subject.forward([array.copy() for array in arrays])
        douts = [np.asarray(rng.normal(size=np.shape(out))) for out in call.outs]
        returned = call.backward([dout.copy() for dout in douts])

        def value(moved: list[Any]) -> np.longdouble:
            outs = subject.forward(moved).outs
            return sum((np.sum(np.asarray(o, np.longdouble) * d) for o, d in zip(outs, douts, strict=True)), np.longdouble(0))

        truths = gradient(value, originals, np.float64)
    for got, truth in zip(returned, truths, strict=True):
        largest = max((abs(one.value) for one in truth), default=0)
        for element, one in zip(np.ravel(got), truth, strict=True):
            assert one.bar <= BY_HAND * (largest + 1)
            assert abs(element - one.value) <= one.bar


@pytest.mark.parametrize("draw", range(DRAWS))
def test_none_is_called_wrong(function: UserFunction, draw: int) -> None:
    report = function.report(draw)
    assert report.verdict in ("right", "cannot tell"), str(report)


@pytest.fixture
def record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A journal of the test's own, and two functions to check."""
    monkeypatch.setattr(soak, "RECORD", tmp_path / "user_code.jsonl")
    two = {name: FUNCTIONS[name] for name in ("scalars.unit", "norms.cosine")}
    monkeypatch.setattr(soak, "FUNCTIONS", two)
    return tmp_path / "user_code.jsonl"


def run(*arguments: str) -> Any:
    return CliRunner().invoke(app, ["soak", "--user-code", *arguments])


def test_the_soak_continues_where_it_was_stopped(record: Path) -> None:
    assert run("--draws", "2", "--seconds", "0").exit_code == 2
    assert "all 4 checks were made" in run("--draws", "2").output
    assert "all 6 checks were made" in run("--draws", "3").output
    assert len(record.read_text().splitlines()) == 6
    run("--draws", "1", "--fresh")
    assert len(record.read_text().splitlines()) == 2


def test_ctrl_c_ends_the_soak_and_keeps_what_was_found(record: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checked = soak.checked

    def interrupted(name: str, draw: int) -> Any:
        if draw == 1:
            raise KeyboardInterrupt
        return checked(name, draw)

    monkeypatch.setattr(soak, "checked", interrupted)
    result = run("--draws", "3")
    assert result.exit_code == 0
    assert "4 checks are left" in result.output
    assert len(record.read_text().splitlines()) == 2


def test_a_right_gradient_that_is_called_wrong_is_an_alarm(record: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = replace(FUNCTIONS["scalars.unit"], functions=(FUNCTIONS["scalars.unit"].functions[0], lambda dout, x: -dout))
    monkeypatch.setitem(soak.FUNCTIONS, "scalars.unit", wrong)
    result = run("--draws", "1")
    assert result.exit_code == 1
    assert "ALARM scalars.unit, draw 0: wrong" in result.output
    assert "FUNCTIONS['scalars.unit'].report(0)" in result.output
    assert [json.loads(line)["verdict"] for line in record.read_text().splitlines()] == ["wrong", "right"]
    run("--draws", "1")
    assert len(record.read_text().splitlines()) == 3  # an alarm is checked again, and nothing else


@pytest.mark.usefixtures("record")
def test_a_part_is_no_figure_for_the_docs() -> None:
    before = page.PAGE.read_bytes()
    run("--draws", "1")
    result = run("--draws", "2", "--seconds", "0", "--update-docs")
    assert result.exit_code == 2
    assert page.PAGE.read_bytes() == before


@pytest.mark.usefixtures("record")
def test_what_the_soak_found_is_written_where_it_is_asked_for(tmp_path: Path) -> None:
    run("--draws", "1", "--output", str(tmp_path / "a" / "found.json"))
    rows = json.loads((tmp_path / "a" / "found.json").read_text())["rows"]
    assert rows["all"]["right"] == rows["scalars"]["right"] + rows["norms"]["right"] == 2
    assert "| **all** | 2 | 2 | 2 |" in page.user_code(json.loads((tmp_path / "a" / "found.json").read_text()))
