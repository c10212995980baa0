"""What the project itself costs: importing the engine, collecting the matrix, verifying one cell, the memory of a convolution.
Measured, not asserted.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from functools import partial
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest

from benchmarks.plan import Implementation
from benchmarks.workshop import Workshop, record
from conformance import run
from conformance.known import known
from conformance.matrix import Cell, Selection
from conformance.memory import ALLOWED, backward_of_conv2d
from gradwitness import frameworks

ROOT = Path(__file__).parents[1]
COLLECT = ("-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider")
PROCESSES = {
    "import numpy": (("-c", "import numpy"), 4),
    "import numpy and gradwitness": (("-c", "import numpy, gradwitness"), 4),
    "pytest collects nothing": ((*COLLECT, "--rootdir", "{empty}", "-c", "{empty}/pytest.ini", "{empty}"), 2),
    "pytest collects the matrix": ((*COLLECT, "tests"), 2),
}
"""What -> Python's arguments, and how often in each pass; twelve and six times in three passes."""
DIFFERENCES = {
    "importing gradwitness, beyond NumPy": ("import numpy and gradwitness", "import numpy"),
    "collecting the matrix, beyond pytest": ("pytest collects the matrix", "pytest collects nothing"),
}
KEPT = "again, evidence kept"
CELLS = 60
"""So many of the matrix's cells, evenly spaced, have their time taken."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "process" in metafunc.fixturenames:
        turns = [(number, what) for number in range(metafunc.config.getoption("passes")) for what in PROCESSES]
        metafunc.parametrize("process", turns, ids=[f"{what}-pass{number}".replace(" ", "_") for number, what in turns])


def test_importing_gradwitness_loads_no_framework() -> None:
    names = tuple(name for name in frameworks.specs() if name != "numpy")
    program = f"import sys, gradwitness; print(*(name for name in {names} if name in sys.modules))"
    assert _python("-c", program).strip() == ""


def test_process(process: tuple[int, str], workshop: Workshop, benchmark: Any, tmp_path: Path) -> None:
    number, what = process
    arguments, rounds = PROCESSES[what]
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    benchmark.group = "processes"
    run_once = partial(_python, *(argument.format(empty=tmp_path) for argument in arguments))
    benchmark.pedantic(run_once, rounds=rounds, warmup_rounds=int(number == 0))  # the first one reads files from the disk
    if benchmark.stats:
        workshop.results.costs[what].seconds += benchmark.stats.stats.data
        workshop.results.differences |= DIFFERENCES


def test_memory_of_a_convolution(workshop: Workshop) -> None:
    workshop.results.notes.append(
        f"peak memory of conv2d's backward, 16x32x32x32, 3x3 to 64, with what forward left for it: "
        f"{backward_of_conv2d():.1f} times its input and output together; at most {ALLOWED} asked"
    )


@pytest.mark.parametrize("time", ["first time", "again", KEPT])
def test_verified_cell(
    adapter: str, time: str, workshop: Workshop, benchmark: Any, record_property: Callable[[str, object], None]
) -> None:
    """An eager op cell on the CPU: the reference's evidence, the adapter's run, the verdict. Each cell is one round."""
    row = record(adapter, "op cells", time, f"op-cells-{time}-{adapter}")
    record_property("gradwitness", row)
    try:
        workshop.begin(Implementation(adapter, "eager", "cpu"))
    except frameworks.Unavailable as reason:
        row["reason"] = str(reason)
        pytest.skip(str(reason))
    cells = [cell for cell in Selection(adapter=(adapter,), mode=("eager",), device=("cpu",)).cells("op") if not known(cell)]
    cells = cells[:: max(1, len(cells) // CELLS)]
    queue = cycle(cells)
    benchmark.group = f"verified cell {time}"
    worst: list[float] = []
    benchmark.pedantic(partial(_verify, worst), setup=lambda: _next(queue, keep=time == KEPT), rounds=len(cells))
    row |= {"status": "agreed", "worst": max(worst)}
    if benchmark.stats:
        workshop.results.costs[f"verifying an eager op cell, {adapter}, {time}"].seconds += benchmark.stats.stats.data


def _next(queue: Any, keep: bool) -> tuple[tuple[Cell], dict[str, Any]]:
    cell = next(queue)
    run.evidence.cache_clear()
    if keep:
        run.evidence(cell.subject, cell.case_id, cell.dtype)
    return (cell,), {}


def _verify(worst: list[float], cell: Cell) -> None:
    evidence, results = run.run_op(cell)
    worst.append(max(evidence.judge(results).values()))


def _python(*arguments: str) -> str:
    """What a new Python prints; pytest says 5 where it collected nothing."""
    done = subprocess.run([sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 5), done.stdout + done.stderr
    return done.stdout
