"""The measurement behind K: how far frameworks are from the truth over the whole matrix, in units of rounding spread.

    python -m benchmarks.calibrate [--adapter NAME] [--op NAME] [--dtype NAME] [--device NAME] [--mode NAME] [--slow]
                                   [--workers N | --scheduler ADDRESS]

Every cell runs as the tests run it. Its number is the largest ratio |framework - truth| / spread among its results. For each
adapter, mode and dtype the table gives median, 99th percentile and maximum, and the cell of the maximum. Cells that
known_differences.toml names are counted and left out: a wrong result says nothing about rounding. Compilers that take seconds for
each function are left out unless --slow or --mode asks for them. `python -m trust sensitivity` answers the other question, how
small an error K lets be seen.
"""

from __future__ import annotations

import argparse
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from conformance.distributed import SCHEDULER_HELP
from conformance.extras import require

if TYPE_CHECKING:
    from rich.table import Table

    from benchmarks.ratios import Key, Ratios
    from conformance.matrix import Cell, Selection

OPTIONS = ("adapter", "op", "dtype", "device", "mode")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the selected cells and print the table."""
    require("bench", "distributed", "rich")
    from rich.console import Console
    from rich.progress import track

    from benchmarks import ratios
    from conformance.matrix import Selection
    from gradwitness import frameworks

    asked = vars(_parser().parse_args(arguments))
    slow, workers, scheduler = asked.pop("slow"), asked.pop("workers"), asked.pop("scheduler")
    try:
        cells = list(select(Selection(**asked, every_case_compiled=True), slow))
    except ValueError as error:
        _parser().error(str(error))
    ops = ratios.by_op(cells)
    rows = ratios.rows(ops, workers, scheduler)
    found = []
    try:
        for row in track(rows, description=f"{len(cells)} cells", total=len(ops), console=Console(stderr=True)):
            found.append(row)  # noqa: PERF402  Ctrl-C keeps those that are there
    except KeyboardInterrupt:
        print(f"interrupted: {len(found)} of {len(ops)} ops were measured")  # noqa: T201
    finally:
        rows.close()
    collected = ratios.collect(found)
    console = Console(highlight=False, width=None if Console().is_terminal else 160)
    console.print(table(collected))
    not_run: Counter[str] = sum((group.not_run for group in collected.values()), Counter())
    for reason, count in not_run.items():
        console.print(f"not run: {count} cells: {reason}", soft_wrap=True)
    loaded = dict.fromkeys(cell.adapter for group in collected.values() for _, cell in group.cells)
    console.print(", ".join(frameworks.load(name).version() for name in ("numpy", *loaded)))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.calibrate", description="The measurement behind K.")
    for option in OPTIONS:
        parser.add_argument(f"--{option}", action="append", default=[], metavar="NAME", help=f"this {option} only; repeatable")
    parser.add_argument("--slow", action="store_true", help="also the modes that start a compiler for each function")
    parser.add_argument("--workers", type=int, default=os.cpu_count(), help="processes; one for each processor")
    parser.add_argument("--scheduler", metavar="ADDRESS", default="", help=SCHEDULER_HELP)
    return parser


def select(selection: Selection, slow: bool) -> Iterator[Cell]:
    """The cells of all kinds, those of one case together; without the slow modes, unless they are asked for."""
    from conformance.matrix import TABLES
    from gradwitness import frameworks

    slow_modes = {mode for spec in frameworks.specs().values() for mode in spec.slow}
    for kind in TABLES:
        for cell in selection.cells(kind):
            if slow or cell.mode in selection.mode or cell.mode not in slow_modes:
                yield cell


def table(collected: Mapping[Key, Ratios]) -> Table:
    """One row for each adapter, mode and dtype."""
    import numpy as np
    from rich.table import Table

    from gradwitness import K

    everything = [ratio for group in collected.values() for ratio, _ in group.cells]
    largest_of_all = f", the largest of all is {max(everything):.3g}" if everything else ""
    drawn = Table(title=f"worst |framework - truth| / spread of each cell; K is {K:g}{largest_of_all}", title_justify="left")
    for column in ("adapter", "mode", "dtype"):
        drawn.add_column(column)
    for column in ("cells", "known", "median", "99%", "max"):
        drawn.add_column(column, justify="right")
    drawn.add_column("cell of the maximum", overflow="fold")
    for key, group in collected.items():
        if not group.cells:
            continue
        numbers = [ratio for ratio, _ in group.cells]
        largest, where = max(group.cells, key=lambda pair: pair[0])
        shown = (f"{number:.2f}" for number in (np.median(numbers), np.percentile(numbers, 99), largest))
        drawn.add_row(*key, str(len(numbers)), str(group.known), *shown, f"{where.name} / {where.case_id}")
    return drawn


if __name__ == "__main__":
    main()
