"""The notebooks of the lecture: what is stored in them, and what a fresh process prints."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent
NOTEBOOKS = tuple(sorted((ROOT / "docs" / "notebooks").glob("*.ipynb")))
MEASURED = re.compile(r"examined |worst |off by|\d+ evaluations|.* would have been seen$|1e-\d+ ")
"""Lines whose numbers are measured: noise, bars, sight and time of a report; the error of a difference at a step."""

Cell = dict[str, Any]


def read(path: Path) -> dict[str, Any]:
    """A notebook, as Jupyter stores it."""
    notebook: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return notebook


def code(path: Path) -> list[Cell]:
    """Its cells of code."""
    return [cell for cell in read(path)["cells"] if cell["cell_type"] == "code"]


def source(cell: Cell) -> str:
    """The text of a cell."""
    return "".join(cell["source"])


def output(cell: Cell) -> str:
    """What a cell of code printed when it was stored."""
    return "".join(line for part in cell["outputs"] for line in part["text"])


def fresh(path: Path) -> list[str]:
    """What each cell of code prints in a fresh process that can import NumPy and this checkout alone.

    Raises RuntimeError with the traceback if a cell raises.
    """
    command = [sys.executable, "-m", "lessons.notebooks.child", str(path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{path.name} ended with an error:\n{done.stderr}")
    printed: list[str] = json.loads(done.stdout)
    return printed


def store(path: Path, outputs: Sequence[str]) -> None:
    """Store what the cells of code print in the notebook."""
    notebook = read(path)
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    for number, (cell, printed) in enumerate(zip(cells, outputs, strict=True), start=1):
        lines = printed.splitlines(keepends=True)
        cell["execution_count"] = number
        cell["outputs"] = [{"name": "stdout", "output_type": "stream", "text": lines}] if lines else []
    path.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def cells_that_differ(path: Path, outputs: Sequence[str]) -> list[int]:
    """The numbers of the cells whose stored output is not what was printed, from 1 on."""
    pairs = zip(code(path), outputs, strict=True)
    return [n for n, (cell, printed) in enumerate(pairs, start=1) if comparable(output(cell)) != comparable(printed)]


def comparable(printed: str) -> list[str]:
    """The lines without what depends on the machine: numbers that are measured, such as times."""
    lines = printed.rstrip().splitlines()
    return [re.sub(r"-?[\d.]+(e[+-]?\d+)?|#+", "#", line) if MEASURED.match(line.strip()) else line for line in lines]
