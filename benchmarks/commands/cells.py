"""The `cuda` cells of the matrix on generic cases, in a pytest process with a limit of time.

This module is also a plugin of that process: each cell's record is written when it is known, and a limit of time loses none.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from benchmarks.devices import actual
from benchmarks.store import ROOT

FILE = "GRADWITNESS_CELLS"
"""Environment variable: where the plugin writes."""
TESTS = ("test_adapters.py::test_op", "test_models.py::test_model", "test_optimizers.py::test_optimizer")
RECORD = "gradwitness"
"""The user property that carries a cell's record (conformance/verify.py)."""
WORKERS = 8


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """The record of a cell, where this is the process that reports."""
    record: Any = dict(report.user_properties).get(RECORD)
    if report.when == "call" and record and FILE in os.environ and "PYTEST_XDIST_WORKER" not in os.environ:
        message = str(report.longrepr).strip().splitlines() if report.failed else []
        line = {"cell": record["cell"], "status": record["status"], "reason": record["reason"], "message": _first(message)}
        with Path(os.environ[FILE]).open("a") as file:
            file.write(json.dumps(line) + "\n")


def _first(lines: Sequence[str]) -> str:
    """The line of a failure that says what it is."""
    return next((line.removeprefix("E").strip() for line in lines if line.startswith("E ")), lines[-1] if lines else "")


def verify(adapters: Sequence[str], seconds: float, options: Sequence[str] = ()) -> dict[str, Any]:
    """Run them: notes, what differs and what was not run, for a journal (benchmarks/driver.py).

    options   of pytest, which select
    """
    begin = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="gradwitness-cells-") as folder:
        file = Path(folder) / "cells.jsonl"
        # a parent that is itself a worker of pytest-xdist must not make one of its child
        outer = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_XDIST")}
        process = subprocess.Popen(
            [*command(adapters), *options],
            cwd=ROOT,
            env=outer | {FILE: str(file)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            said, _ = process.communicate(timeout=seconds)
            finished = True
        except subprocess.TimeoutExpired:
            process.terminate()
            said, finished = _ended(process), False
        records = list(_read(file))
    return _found(records, finished, process.returncode, said, seconds) | {"seconds": time.monotonic() - begin}


def command(adapters: Sequence[str]) -> list[str]:
    """The pytest process. Warnings are no failures: a GPU's machine may have other versions than those that are tested here."""
    chosen = [part for name in adapters for part in ("--adapter", name)]
    count = min(WORKERS, (os.cpu_count() or 1) // 2)
    workers = ["-n", str(count)] if count > 1 and importlib.util.find_spec("xdist") else []
    tests = [f"tests/matrix/{test}" for test in TESTS]
    options = ["-q", "-k", "generic", "--quick", "--device", actual("cuda"), "-W", "default", "-p", "benchmarks.commands.cells"]
    return [sys.executable, "-m", "pytest", *tests, *options, *workers, *chosen]


def _ended(process: subprocess.Popen[str]) -> str:
    try:
        return process.communicate(timeout=10)[0]
    except subprocess.TimeoutExpired:
        process.kill()
        return process.communicate()[0]


def _read(file: Path) -> Iterator[dict[str, str]]:
    for line in file.read_text().splitlines() if file.exists() else ():
        try:
            yield json.loads(line)
        except json.JSONDecodeError:  # the last one, of a process that was ended
            continue


def _found(records: list[dict[str, str]], finished: bool, status: int, said: str, seconds: float) -> dict[str, Any]:
    counts = Counter(record["status"] for record in records)
    told = ", ".join(f"{counts[status]} {status}" for status in ("agreed", "known", "differ", "not run"))
    note = f"matrix, generic cases on {actual('cuda')}: {len(records)} cells, {told}"
    not_run = {f"matrix: {record['cell']}": record["reason"] for record in records if record["status"] == "not run"}
    if not finished:
        not_run["matrix: the remaining cells"] = f"the limit of {seconds:.0f} s was reached"
    elif not records:
        not_run["matrix"] = f"pytest ended with {status}: {(said.strip().splitlines() or [''])[-1]}"
    differ = {f"matrix: {r['cell']}": r["message"] or "it failed" for r in records if r["status"] == "differ"}
    return {"notes": [note], "differ": differ, "not_run": not_run}
