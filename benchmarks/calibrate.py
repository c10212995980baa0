"""What stands behind K: how far frameworks are from the truth over the whole matrix, in units of rounding spread.

    python -m benchmarks.calibrate [--adapter NAME] [--op NAME] [--dtype NAME] [--device NAME] [--mode NAME] [--slow]
                                   [--processes N]

Every cell is run as the tests run it; its number is the worst ratio |framework - truth| / spread over its results. For
each adapter, mode and dtype the table gives median, 99th percentile and maximum, and the cell of the maximum. Cells that
known_differences.toml names are left out and counted: what is wrong says nothing about rounding. Compilers that take
seconds for each function are left out unless --slow or --mode asks for them. How small an error K lets be seen is another
question: `python -m trust sensitivity`.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from itertools import groupby
from multiprocessing import get_context

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

import adapters
from conformance.known import known
from conformance.matrix import TABLES, Cell, Selection
from conformance.run import RUN, missing
from gradwitness import Disagreement, K, frameworks

Key = tuple[str, str, str]
Row = tuple[Cell, float | None, str]
SLOW = tuple(mode for spec in frameworks.specs().values() for mode in spec.slow)
"""Modes that start a compiler for each function."""
OPTIONS = ("adapter", "op", "dtype", "device", "mode")


@dataclass
class Ratios:
    """Of one adapter, mode and dtype: the worst ratio of each cell, and how many have none."""

    cells: list[tuple[float, Cell]] = field(default_factory=list)
    known: int = 0
    not_run: Counter[str] = field(default_factory=Counter)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the selected cells and print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.calibrate", description="The measurement behind K.")
    for option in OPTIONS:
        parser.add_argument(f"--{option}", action="append", default=[], metavar="NAME", help=f"this {option} only; repeatable")
    parser.add_argument("--slow", action="store_true", help=f"with {', '.join(SLOW)}")
    parser.add_argument("--processes", type=int, default=os.cpu_count(), help="how many share the work; one per processor")
    asked = vars(parser.parse_args(arguments))
    slow, processes = asked.pop("slow"), asked.pop("processes")
    try:
        cells = list(select(Selection(**asked, every_case_compiled=True), slow))
    except ValueError as error:
        parser.error(str(error))
    collected = run(cells, processes)
    console = Console(highlight=False, width=None if Console().is_terminal else 160)
    console.print(table(collected))
    for reason, count in sum((ratios.not_run for ratios in collected.values()), Counter()).items():
        console.print(f"not run: {count} cells: {reason}", soft_wrap=True)
    loaded = dict.fromkeys(cell.adapter for ratios in collected.values() for _, cell in ratios.cells)
    console.print(", ".join(frameworks.load(name).version() for name in ("numpy", *loaded)))


def select(selection: Selection, slow: bool) -> Iterator[Cell]:
    """The cells of all kinds, those of one case together; without the slow modes, unless they are asked for."""
    for kind in TABLES:
        for cell in selection.cells(kind):
            if slow or cell.mode in selection.mode or cell.mode not in SLOW:
                yield cell


def run(cells: Sequence[Cell], processes: int) -> dict[Key, Ratios]:
    """The ratios of the cells, with a progress bar on stderr.

    An op at a time goes to one of several processes: its cells share what the reference says of a case, and what JAX compiles
    leaves memory with the process's next op.
    """
    collected: dict[Key, Ratios] = defaultdict(Ratios)
    ops = [list(group) for _, group in groupby(cells, key=lambda cell: (cell.kind, cell.name))]
    # Spawned, not forked: frameworks run threads, which a fork loses.
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        done = track(pool.map(run_op, ops), description=f"{len(cells)} cells", total=len(ops), console=Console(stderr=True))
        for rows in done:
            for cell, ratio, reason in rows:
                ratios = collected[cell.adapter, cell.mode, cell.dtype]
                if ratio is not None:
                    ratios.cells.append((ratio, cell))
                elif reason:
                    ratios.not_run[reason] += 1
                else:
                    ratios.known += 1
    return collected


def run_op(cells: Sequence[Cell]) -> list[Row]:
    """The rows of an op's cells."""
    rows = [row(cell) for cell in cells]
    if "jax" in sys.modules:
        sys.modules["jax"].clear_caches()  # 1.5 MB for each of thousands of programs
    return rows


def row(cell: Cell) -> Row:
    """A cell with its ratio; without one, why it was not run, or no reason where it is known to differ."""
    if known(cell):
        return cell, None, ""
    try:
        return cell, worst(cell), ""
    except frameworks.Unavailable as reason:
        return cell, None, str(reason)
    except Exception as error:  # one broken cell does not cost the other thousands
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
        return max(evidence.judge(results).values())
    except Disagreement as found:
        return found.ratio


def table(collected: dict[Key, Ratios]) -> Table:
    """One row for each adapter, mode and dtype."""
    everything = [ratio for ratios in collected.values() for ratio, _ in ratios.cells]
    title = f"worst |framework - truth| / spread of each cell; K is {K:g}" + (
        f", the largest of all is {max(everything):.3g}" if everything else ""
    )
    drawn = Table(title=title, title_justify="left")
    for column in ("adapter", "mode", "dtype"):
        drawn.add_column(column)
    for column in ("cells", "known", "median", "99%", "max"):
        drawn.add_column(column, justify="right")
    drawn.add_column("cell of the maximum", overflow="fold")
    for key, ratios in collected.items():
        if not ratios.cells:
            continue
        numbers = [ratio for ratio, _ in ratios.cells]
        largest, where = max(ratios.cells, key=lambda pair: pair[0])
        shown = (f"{number:.2f}" for number in (np.median(numbers), np.percentile(numbers, 99), largest))
        drawn.add_row(*key, str(len(numbers)), str(ratios.known), *shown, f"{where.name} / {where.case_id}")
    return drawn


if __name__ == "__main__":
    main()
