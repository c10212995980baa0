"""`python -m trust COMMAND`: how far the suite can be trusted, measured."""

from __future__ import annotations

import os
from typing import Annotated

import typer

for threads in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
    os.environ.setdefault(threads, "1")  # small arrays, and a process for each core: read once, when a framework is imported
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

app = typer.Typer(help=__doc__, no_args_is_help=True)


@app.callback()
def room() -> None:
    """How far the suite can be trusted, measured."""


@app.command()
def peers(
    workers: Annotated[int, typer.Option(help="processes")] = 2,
    mutants: Annotated[int | None, typer.Option(help="so many of the corpus, a random sample; all if not given")] = None,
    seeds: Annotated[int, typer.Option(help="inputs at which each right pair is shown")] = 3,
    op: Annotated[list[str] | None, typer.Option(help="only this op; may be repeated")] = None,
) -> None:
    """The rules of others and ours on the same mutants and the same right pairs. Goes on where it was interrupted."""
    from trust import compare, tally

    rows = compare.run(workers=workers, limit=mutants, seeds=seeds, ops=tuple(op or ()))
    tally.report(tally.count(rows), save=not op and mutants is None)


if __name__ == "__main__":
    app()
