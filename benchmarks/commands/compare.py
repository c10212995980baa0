"""`python -m benchmarks compare`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from benchmarks.comparison import Comparison
from benchmarks.store import Result, load
from benchmarks.table import duration

File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A result file of `run`.")]


def compare(
    first: File,
    second: File,
    everything: Annotated[bool, typer.Option("--all", help="List the cells that cannot be told apart, too.")] = False,
) -> None:
    """Two runs, machines or commits: what is faster in the second, told apart only beyond both spreads."""
    comparison = Comparison(_loaded(first, "FIRST"), _loaded(second, "SECOND"))
    console = Console(highlight=False, markup=False, soft_wrap=True)
    for line in comparison.differences():
        console.print(line)
    if not comparison.pairs:
        raise typer.BadParameter("no cell is in both results: nothing to compare", param_hint="SECOND")
    shown = [pair for pair in comparison.pairs if everything or pair.verdict != "not told apart"]
    if shown:
        table = Table(pad_edge=False)
        for column in (
            "model",
            "size",
            "phase",
            "implementation",
            "threads",
            "first",
            "second",
            "second / first",
            "interval",
            "",
        ):
            table.add_column(column, no_wrap=True)
        for pair in shown:
            cell = pair.first
            implementation = f"{cell.framework} {cell.mode} {cell.device}"
            implementation += "" if cell.precision == "float32" else f" {cell.precision}"
            medians = (duration(cell.median), duration(pair.second.median))
            interval = f"{pair.low:.3g} to {pair.high:.3g}"
            table.add_row(
                cell.model, cell.size, cell.phase, implementation, str(cell.threads), *medians, f"{pair.ratio:.3g}", interval,
                pair.verdict,
            )  # fmt: skip
        console.print(table)
    counts, (alone, other) = comparison.counts(), comparison.alone()
    console.print(
        f"Of {len(comparison.pairs)} cells {counts['faster']} are faster in the second, {counts['slower']} slower, and "
        f"{counts['not told apart']} cannot be told apart. {alone} are in the first alone, {other} in the second."
    )


def _loaded(path: Path, hint: str) -> Result:
    try:
        return load(path)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint=hint) from error
