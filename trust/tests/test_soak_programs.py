"""A sample of the soak of random programs: no right gradient is called wrong, and planted mistakes are seen.

`python -m trust soak --programs` is the whole.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from gradwitness import frameworks
from trust import page
from trust.app import app
from trust.soak.programs import planted, run, trial
from trust.soak.programs.operations import DIALECTS, OPERATIONS
from trust.soak.programs.program import Program, Step, drawn
from trust.soak.programs.report import summary
from trust.soak.programs.run import ProgramsRecord
from trust.soak.programs.trial import KINDS, Kind, checked, shown

SEEDS = range(3)
TEXTS_APART = 1e-9
"""Of a value: another function is further off, and rounding is not."""


def require(dialect: str) -> None:
    """Skip where a dialect's package is missing."""
    if dialect == "numpy":
        pytest.importorskip("autograd", reason="autograd (HIPS) is not installed")
    elif not frameworks.installed(dialect):
        pytest.skip(f"{dialect} is not installed")


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dialect", DIALECTS)
def test_right_programs_are_right_and_mistakes_are_seen(dialect: str, kind: Kind, seed: int) -> None:
    require(dialect)
    outcome = checked((dialect, kind, seed))
    assert outcome.status != "alarm", outcome.message


@pytest.mark.parametrize("dialect", DIALECTS[1:])
def test_a_program_is_the_same_function_as_in_numpy(dialect: str) -> None:
    require("numpy")
    require(dialect)
    for seed in range(12):
        program = drawn(seed)
        with np.errstate(all="ignore"):
            wanted = program.function("numpy")(*program.inputs)
        with frameworks.reproducible(dialect):
            framework = frameworks.load(dialect)
            got = program.function(dialect)(*(framework.from_numpy(array) for array in program.inputs))
            last = framework.to_numpy(got[-1] if isinstance(got, tuple) else got)
        with np.errstate(invalid="ignore"):
            near = np.abs(last - wanted) <= TEXTS_APART * np.abs(wanted)
        assert (near | (last == wanted) | (np.isnan(last) & np.isnan(wanted))).all()


def test_every_step_is_drawn() -> None:
    assert {step.operation for seed in range(600) for step in drawn(seed).steps} == set(OPERATIONS)


def test_a_miss_is_an_alarm_and_so_is_a_right_one_that_is_called_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    require("numpy")
    monkeypatch.setattr(trial, "drawn", lambda _: Program((np.array([0.3, 1.2]),), (Step("tanh", ("x",), ()),), ("t0",)))
    monkeypatch.setattr(trial, "identity", lambda *_: planted.identity("numpy", "twice"))
    assert checked(("numpy", "planted", 0)).status == "agreed"
    assert checked(("numpy", "right", 0)).status == "agreed"
    seen = trial.examined
    monkeypatch.setattr(trial, "examined", lambda each: seen((each[0], "right" if each[1] == "planted" else "planted", each[2])))
    assert "the mistake was not seen\ndef f(x):\n    t0 = planted(np.tanh(x))" in checked(("numpy", "planted", 0)).message
    assert "called wrong: dx" in checked(("numpy", "right", 0)).message


def test_a_mistake_that_changes_nothing_is_not_run(monkeypatch: pytest.MonkeyPatch) -> None:
    require("numpy")
    monkeypatch.setattr(trial, "identity", lambda *_: lambda x: 1 * x)
    assert checked(("numpy", "planted", 0)).status == "not run"


@pytest.fixture
def record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ProgramsRecord:
    monkeypatch.setattr(run, "RECORD", tmp_path / "programs.jsonl")
    return ProgramsRecord()


def invoked(*arguments: str) -> Any:
    return CliRunner().invoke(app, ["soak", "--programs", "--adapter", "numpy", *arguments])


def test_the_soak_goes_on_where_it_ended_and_says_what_it_found(record: ProgramsRecord) -> None:
    require("numpy")
    assert invoked("--seeds", "2", "--minutes", "0").exit_code == 2, "nothing was run yet"
    for block in record.left(2, ["numpy"]):
        for tally in run.run(block):
            record.add(tally)
    assert not list(ProgramsRecord().left(2, ["numpy"]))
    assert [block.first for block in ProgramsRecord().left(60, ["numpy"])] == [0, 0, 50, 50], "a block that grew is run again"
    output = invoked("--seeds", "2", "--minutes", "0").output
    assert "all 2 programs were run" in output
    assert page.programs({"versions": ["numpy"], **summary(record.tallies)}).startswith("numpy. 4 checks, 0 alarms.")


def test_bad_options_are_told() -> None:
    assert "there are numpy, torch" in invoked("--adapter", "cupy").output
    assert invoked("--op", "softmax").exit_code == 2


def test_a_program_is_shown_as_code_with_its_inputs() -> None:
    text = shown(("torch", "planted", 0))
    assert text.startswith("def f(x")
    assert text.count("planted(") == 1
    assert "\nx = " in text
