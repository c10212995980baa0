"""The quick choice (`--quick`) has every op, model and optimizer in every framework and both dtypes, and every case."""

from __future__ import annotations

import subprocess
import sys
from functools import cache

import pytest

import adapters
from conformance.choice import LONG_RUNS, SAID
from conformance.matrix import DTYPES, TABLES, Cell, Kind, Selection
from gradwitness import frameworks
from tests.checkout import ROOT

QUICK = Selection(quick=True, device=("cpu",))
ALL = Selection(device=("cpu",))


@cache
def cells(selection: Selection, kind: Kind) -> tuple[Cell, ...]:
    return tuple(selection.cells(kind))


@pytest.mark.parametrize("kind", TABLES)
def test_it_is_a_part_of_the_whole(kind: Kind) -> None:
    chosen = cells(QUICK, kind)
    assert len(set(chosen)) == len(chosen)
    assert set(chosen) < set(cells(ALL, kind))


@pytest.mark.parametrize("kind", ["op", "model", "optimizer"])
def test_everything_is_there_in_every_framework_and_both_dtypes(kind: Kind) -> None:
    wanted = {(name, adapter, dtype) for name in TABLES[kind] for adapter in adapters.NAMES for dtype in DTYPES}
    assert {(cell.name, cell.adapter, cell.dtype) for cell in cells(QUICK, kind)} == wanted


@pytest.mark.parametrize("kind", ["op", "optimizer"])
def test_every_case_is_there(kind: Kind) -> None:
    assert {(cell.name, cell.case_id) for cell in cells(QUICK, kind)} == {(c.name, c.case_id) for c in cells(ALL, kind)}


def test_every_framework_and_dtype_gets_its_share_of_the_other_cases() -> None:
    others = [cell for cell in cells(QUICK, "op") if cell.case_id != cell.subject.cases[0].id]
    places = [(adapter, dtype) for adapter in adapters.NAMES for dtype in DTYPES]
    counts = {place: sum((cell.adapter, cell.dtype) == place for cell in others) for place in places}
    assert min(counts.values()) > len(others) / len(places) / 4, counts


def test_training_runs_are_those_that_it_says() -> None:
    assert {cell.name for cell in cells(QUICK, "training")} == set(TABLES["training"]) - set(LONG_RUNS)


def test_nothing_that_starts_a_compiler_for_each_function_is_chosen() -> None:
    chosen = [cell for kind in TABLES for cell in cells(QUICK, kind)]
    assert [cell for cell in chosen if cell.mode in frameworks.spec_of(cell.adapter).slow] == []


def collected(*options: str) -> int:
    command = [sys.executable, "-m", "pytest", "-q", "--collect-only", "--device", "cpu", "tests/matrix/test_adapters.py"]
    done = subprocess.run([*command, *options], cwd=ROOT, capture_output=True, text=True, check=False)
    return sum("::test_op[" in line for line in done.stdout.splitlines())


@pytest.mark.parametrize(("options", "selection"), [((), ALL), (("--quick",), QUICK), (("--quick", "--all"), ALL)])
def test_the_last_option_decides(options: tuple[str, ...], selection: Selection) -> None:
    assert collected(*options) == len(cells(selection, "op"))


def test_the_choice_is_stated_with_its_share_of_the_whole() -> None:
    part = Selection(quick=True, op=("relu",), device=("cpu",))
    chosen, total = (len(cells(s, "op")) for s in (part, Selection(op=("relu",), device=("cpu",))))
    assert part.statement.startswith(f"{chosen} of {total} cells: {SAID}. --all runs all of them")
