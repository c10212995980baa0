"""Two results are told apart where their intervals do not meet, and nowhere else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from benchmarks.app import app
from benchmarks.comparison import Comparison
from benchmarks.store import Control, Result, save
from benchmarks.tests.made import cell, result


@pytest.mark.parametrize(
    ("median", "low", "high", "verdict"),
    [
        (0.8e-3, 0.7e-3, 0.9e-3, "faster"),
        (0.8e-3, 0.7e-3, 1.0e-3, "not told apart"),
        (1.5e-3, 1.3e-3, 1.7e-3, "slower"),
        (1.3e-3, 1.15e-3, 1.7e-3, "not told apart"),
    ],
)
def test_intervals_that_do_not_meet_are_told_apart(median: float, low: float, high: float, verdict: str) -> None:
    other = result(cells=[cell(median=median, low=low, high=high)])
    (pair,) = Comparison(result(cells=[cell()]), other).pairs
    assert pair.verdict == verdict
    assert pair.ratio == median / 1.1e-3
    assert pair.low < pair.ratio < pair.high


def test_a_result_is_like_itself() -> None:
    same = Comparison(result(), result())
    assert same.counts() == {"not told apart": 2}
    assert same.alone() == (0, 0)
    assert not list(same.differences())


def test_only_what_is_the_same_is_compared() -> None:
    first = result(cells=[cell(), cell(threads=2), cell(synchronised=False)])
    second = result(cells=[cell(precision="tf32"), cell(), cell(phase="forward"), cell(synchronised=False)])
    comparison = Comparison(first, second)
    assert len(comparison.pairs) == 1
    assert comparison.alone() == (1, 2)


def test_what_makes_it_doubtful_is_said() -> None:
    doubtful = result(
        commit="fedcba9876",
        dirty=True,
        control=Control(1.2, 1.1, 1.3, trusted=False),
        versions={"python": "3.11.0", "torch": "2.13"},
    )
    said = list(Comparison(result(), doubtful).differences())
    assert said == [
        "commit: 0123456 and fedcba9",
        "numpy: 2.4.0 and none",
        "torch: none and 2.13",
        "the checkout of the second had changes that are in no commit",
        "the second is not to be trusted: the reference against itself was 1.2 (1.1 to 1.3)",
    ]


def compared(folder: Path, first: Result, second: Result, *options: str) -> tuple[int, str]:
    paths = [save(one, folder / name) for name, one in (("a", first), ("b", second))]
    done = CliRunner().invoke(app, ["compare", *map(str, paths), *options], terminal_width=200, env={"COLUMNS": "200"})
    return done.exit_code, " ".join(done.output.split())


def test_the_command_lists_what_differs_and_counts_the_rest(tmp_path: Path) -> None:
    faster = result(cells=[cell(median=0.5e-3, low=0.4e-3, high=0.6e-3), replace(result().cells[1])])
    status, said = compared(tmp_path, result(), faster)
    assert status == 0
    assert "Of 2 cells 1 are faster in the second, 0 slower, and 1 cannot be told apart." in said
    assert "0.455" in said
    assert "jax" not in said
    assert "jax jit cpu" in compared(tmp_path, result(), faster, "--all")[1]


def test_files_that_cannot_be_compared_are_refused(tmp_path: Path) -> None:
    status, said = compared(tmp_path, result(), result(cells=[cell(number=7, size="7")]))
    assert status == 2
    assert "no cell is in both results" in said
    wrong = tmp_path / "wrong.json"
    wrong.write_text('{"format": 1}')
    refused = CliRunner().invoke(app, ["compare", str(wrong), str(wrong)])
    assert refused.exit_code == 2
    assert "format 1 came; wanted 2" in " ".join(refused.output.replace("│", " ").split())
