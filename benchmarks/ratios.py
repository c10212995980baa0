"""How far each cell of the matrix is from the truth, in units of rounding spread: measured for one op at a time."""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby

import adapters
from conformance.distributed import each
from conformance.known import known
from conformance.matrix import Cell
from conformance.run import RUN, missing
from gradwitness import Disagreement, frameworks

Key = tuple[str, str, str]
"""Adapter, mode and dtype."""
Row = tuple[Cell, float | None, str]
"""A cell, its ratio, and why it has none; no ratio and no reason where the cell is known to differ."""
DEADLY = "ends the process that runs it, or another cell of the same op does"


@dataclass
class Ratios:
    """Of one adapter, mode and dtype: the largest ratio of each cell, and how many cells have none."""

    cells: list[tuple[float, Cell]] = field(default_factory=list)
    known: int = 0
    not_run: Counter[str] = field(default_factory=Counter)


def by_op(cells: Iterable[Cell]) -> list[list[Cell]]:
    """The cells of each op together: they share the reference's evidence and what JAX compiles."""
    return [list(group) for _, group in groupby(cells, key=lambda cell: (cell.kind, cell.name))]


def rows(ops: Sequence[Sequence[Cell]], workers: int, scheduler: str = "") -> Generator[list[Row], None, None]:
    """The rows of each op, in order of completion, measured by several workers."""
    return each(run_op, ops, dead, workers=max(1, min(workers, len(ops))), scheduler=scheduler, prepare=prepare)


def collect(found: Iterable[Iterable[Row]]) -> dict[Key, Ratios]:
    """Rows by adapter, mode and dtype."""
    collected: dict[Key, Ratios] = defaultdict(Ratios)
    for cell, ratio, reason in (row for op in found for row in op):
        ratios = collected[cell.adapter, cell.mode, cell.dtype]
        if ratio is not None:
            ratios.cells.append((ratio, cell))
        elif reason:
            ratios.not_run[reason] += 1
        else:
            ratios.known += 1
    return {key: collected[key] for key in sorted(collected)}


def prepare() -> None:
    """Workers need nothing but the limit of one thread, which each has."""


def run_op(cells: Sequence[Cell]) -> list[Row]:
    """The rows of an op's cells."""
    found = [row(cell) for cell in cells]
    if "jax" in sys.modules:
        sys.modules["jax"].clear_caches()  # 1.5 MB for each of thousands of programs
    return found


def dead(cells: Sequence[Cell]) -> list[Row]:
    """The rows of an op that ends its worker twice."""
    return [(cell, None, f"{cells[0].kind} {cells[0].name}: {DEADLY}") for cell in cells]


def row(cell: Cell) -> Row:
    """A cell with its ratio, or the reason why it has none."""
    if known(cell):
        return cell, None, ""
    try:
        return cell, worst(cell), ""
    except frameworks.Unavailable as reason:
        return cell, None, str(reason)
    except Exception as error:  # a broken cell is reported; the others go on
        return cell, None, f"{cell}: {type(error).__name__}: {error}".partition("\n")[0]


def worst(cell: Cell) -> float:
    """The largest distance of a result of the cell from the truth, in units of spread, whether it agrees or not.

    Raises gradwitness.frameworks.Unavailable where the framework, the op or the device is missing.
    """
    adapter = adapters.load(cell.adapter)
    try:
        frameworks.require_device(cell.adapter, cell.device, adapter.framework.devices())
    except ValueError as reason:
        raise frameworks.Unavailable(str(reason)) from reason
    if why := missing(cell):
        raise frameworks.Unavailable(f"{cell.adapter} has no {cell.name}: {why}")
    evidence, results = RUN[cell.kind](cell)
    try:
        return float(max(evidence.judge(results).values()))
    except Disagreement as found:
        return float(found.ratio)
