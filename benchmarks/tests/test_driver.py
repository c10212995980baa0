"""A run without a measurement: what fits, what is left out, what a process that dies costs, what an interrupted run keeps."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from benchmarks import checkout, driver, estimate, journal
from benchmarks.driver import Gone, Run
from benchmarks.tests.made import cell
from benchmarks.units import Unit, Wanted

WANTED = Wanted("quick", framework=("torch",), mode=("eager",))


class Fake:
    """In place of the process that times."""

    asked: list[str]
    dies_at = ""
    interrupts_at = ""

    def __init__(self, threads: int) -> None:
        self.processors = list(range(threads))

    def ask(self, kind: str, task: Any, patience: float) -> dict[str, Any]:
        if kind == "limits":
            if self.dies_at == "limits":
                raise Gone("its process ended with exit code 1")
            return {"limits": {"matmul": [], "bandwidth": []}}
        unit: Unit = task[0]
        type(self).asked.append(str(unit.problem))
        assert patience > 0
        if str(unit.problem) == self.dies_at:
            raise Gone("its process ended with exit code -9 (out of memory?)")
        if str(unit.problem) == self.interrupts_at:
            raise KeyboardInterrupt
        return {"cells": [asdict(cell(number=unit.problem.number))], "control": [[1.0, 1.0]] * 3}

    def kill(self) -> None:
        pass


@pytest.fixture(autouse=True)
def fake(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> type[Fake]:
    class Own(Fake):
        asked: list[str] = []  # noqa: RUF012  its own in each test

    monkeypatch.setattr(driver, "Child", Own)
    monkeypatch.setattr(driver, "journal_of", lambda *belongs: journal.journal_of(*belongs, folder=tmp_path))
    monkeypatch.setattr(checkout, "changes", lambda: "")
    return Own


def silent(*_: object) -> None:
    pass


def test_every_unit_is_timed_once(fake: type[Fake]) -> None:
    result = Run(WANTED, None, silent)()
    assert fake.asked == ["mlp width 64", "mlp width 256", "mlp width 1024"]
    assert [each.number for each in result.cells] == [64, 256, 1024]
    assert result.control is not None
    assert result.control.trusted
    assert result.choice == "quick"


def test_what_does_not_fit_is_left_out_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(estimate, "seconds", lambda unit, rounds: 1000.0 if unit.problem.number == 256 else 0.1)
    result = Run(WANTED, 1.0, silent)()
    assert [each.number for each in result.cells] == [64, 1024]
    (reason,) = result.not_run.values()
    assert reason.startswith("left out: it would take about")


def test_what_needs_more_memory_than_there_is_is_left_out(fake: type[Fake], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(estimate, "available", lambda: 2**20)
    result = Run(WANTED, None, silent)()
    assert fake.asked == []
    assert all("GiB of memory" in reason for reason in result.not_run.values())


def test_a_process_that_dies_costs_one_unit(fake: type[Fake]) -> None:
    fake.dies_at = "mlp width 256"
    result = Run(WANTED, None, silent)()
    assert [each.number for each in result.cells] == [64, 1024]
    assert result.not_run == {"mlp width 256, step, 1 thread": "its process ended with exit code -9 (out of memory?)"}


def test_limits_that_cannot_be_measured_cost_no_unit(fake: type[Fake]) -> None:
    fake.dies_at = "limits"
    result = Run(WANTED, None, silent)()
    assert [each.number for each in result.cells] == [64, 256, 1024]
    assert result.not_run == {"limits, 1 threads": "its process ended with exit code 1"}


def test_an_interrupted_run_goes_on(fake: type[Fake]) -> None:
    fake.interrupts_at = "mlp width 256"
    with pytest.raises(KeyboardInterrupt):
        Run(WANTED, None, silent)()
    fake.interrupts_at, fake.asked = "", []
    result = Run(WANTED, None, silent)()
    assert fake.asked == ["mlp width 256", "mlp width 1024"]
    assert [each.number for each in result.cells] == [64, 256, 1024]


def test_progress_says_what_is_done_and_how_long_the_rest_takes() -> None:
    said: list[tuple[str, float, float]] = []
    Run(WANTED, None, lambda *each: said.append(each))()
    assert [what for what, _, _ in said] == [f"mlp width {n}, step, 1 thread" for n in (64, 256, 1024)]
    assert said[0][1] == 0
    assert all(0 <= share <= 1 and left > 0 for _, share, left in said)
