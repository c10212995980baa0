"""python -m conformance: what there is, and what disagreeing cells measure, whatever a cell raises."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from conformance.__main__ import main
from conformance.commands import known
from conformance.matrix import Cell
from gradwitness import Disagreement
from gradwitness.frameworks import Unavailable
from reference import OPS

Output = pytest.CaptureFixture[str]


def test_without_a_command_it_says_which_there_are(capsys: Output) -> None:
    main([])
    told = capsys.readouterr().out
    assert all(f"\n    {command} " in told for command in ("list", "known", "naive", "new"))
    assert "python -m pytest --op softmax" in told


def test_list_names_every_op(capsys: Output) -> None:
    main(["list", "ops"])
    assert set(OPS) <= set(capsys.readouterr().out.split())


def test_an_unknown_name_is_an_error_of_usage(capsys: Output) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["known", "--op", "sofmax"])
    assert "did you mean softmax" in capsys.readouterr().err


class Judge:
    """Evidence that raises what it is given, or agrees."""

    def __init__(self, disagreement: Disagreement | None = None) -> None:
        self.disagreement = disagreement

    def judge(self, _results: Any) -> None:
        if self.disagreement:
            raise self.disagreement


def raising(error: BaseException) -> Callable[[Cell], Any]:
    def run(_cell: Cell) -> Any:
        raise error

    return run


def judging(**disagreement: Any) -> Callable[[Cell], Any]:
    return lambda _cell: (Judge(Disagreement("dx", **disagreement)), [])


@pytest.fixture
def entries(monkeypatch: pytest.MonkeyPatch, capsys: Output) -> Callable[[Callable[[Cell], Any]], tuple[Any, str]]:
    """The entries and the text that the command prints where every cell of relu in PyTorch runs as is said."""

    def printed(run: Callable[[Cell], Any]) -> tuple[Any, str]:
        monkeypatch.setitem(known.RUN, "op", run)
        main(["known", "--adapter", "torch", "--op", "relu", "--mode", "eager", "--mode", "inductor", "--device", "cpu"])
        told = capsys.readouterr().out
        return tomllib.loads(told), told

    return printed


WRONG = {"index": (1, 2), "actual": np.float32(0.5), "low": np.longdouble(0.25), "high": np.longdouble(0.25), "ratio": 1e6}


def test_a_disagreement_becomes_one_entry_for_all_its_cells(entries: Any) -> None:
    found, _ = entries(judging(**WRONG))
    eager, inductor = found["difference"]
    assert eager["case"] == [case.id for case in OPS["relu"].cases]
    assert (eager["adapter"], eager["op"], eager["dtype"], eager["mode"]) == ("torch", "relu", ["float64", "float32"], ["eager"])
    assert inductor["case"] == ["generic"]
    assert eager["measured"]["generic"]["float64"] == {"gradient": "dx", "index": [1, 2], "got": 0.5, "truth": 0.25, "ratio": 1e6}
    assert eager["status"] == "new"


def test_what_is_not_a_number_is_written_as_such(entries: Any) -> None:
    found, _ = entries(judging(**{**WRONG, "actual": np.float32(np.nan), "ratio": np.inf}))
    measured = found["difference"][0]["measured"]["generic"]["float32"]
    assert np.isnan(measured["got"])
    assert measured["ratio"] == np.inf


def test_a_wrong_dtype_is_told_and_makes_no_entry(entries: Any) -> None:
    found, told = entries(judging(reason="dtype is float32; wanted float64"))
    assert found == {}
    assert "dx: dtype is float32; wanted float64" in told


@pytest.mark.parametrize(
    "error",
    [
        NotImplementedError("no (dampening)"),
        RuntimeError('a "quoted"\nmessage'),
        TypeError(""),
        AssertionError("\x7f\x00"),
        KeyError(3),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_cell_may_raise_anything(entries: Any, error: Exception) -> None:
    found, told = entries(raising(error))
    assert type(error).__name__ in told
    assert sum(len(entry["case"]) * len(entry["dtype"]) * len(entry["mode"]) for entry in found["unsupported"]) == 14 + 2
    assert all(re.search(entry["raises"], str(error)) for entry in found["unsupported"])
    assert told.splitlines()[-1] == "# 16 cells: 16 raise"


def test_a_missing_framework_is_told_and_makes_no_entry(entries: Any) -> None:
    found, told = entries(raising(Unavailable("torch is not installed")))
    assert found == {}
    assert "not run: torch is not installed" in told


def test_cells_that_agree_are_counted(entries: Any) -> None:
    assert entries(lambda _cell: (Judge(), []))[1] == "# 16 cells: 16 agree\n"
