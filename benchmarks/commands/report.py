"""`python -m benchmarks report`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from benchmarks.store import SCRATCH, Result, load
from conformance.extras import require

FOLDER = SCRATCH.parent / "report"


def report(
    results: Annotated[list[Path], typer.Argument(exists=True, dir_okay=False, help="Result files of `run`.")],
    output: Annotated[Path, typer.Option(file_okay=False, help="The folder for the page and its figures.")] = SCRATCH.parent
    / "report",
) -> None:
    """One page of results that needs no other file, and its figures as PNG: time, crossover, memory, compiling, threads."""
    require("bench", "matplotlib", "jinja2")
    from benchmarks.page.report import write

    page = write([_loaded(path) for path in results], output)
    figures = len(list(output.glob("*.png")))
    typer.echo(f"Page: {page}\nFigures: {figures} in {output}")


def _loaded(path: Path) -> Result:
    try:
        return load(path)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="RESULTS") from error
