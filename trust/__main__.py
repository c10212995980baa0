"""`python -m trust COMMAND`: how far the suite can be trusted, measured."""

from __future__ import annotations

import os
from typing import Annotated

import typer

for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
    os.environ.setdefault(threads, "1")  # small arrays, and a process for each core: read once, when a framework is imported
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

app = typer.Typer(help=__doc__, no_args_is_help=True)


@app.callback()
def room() -> None:
    """How far the suite can be trusted, measured."""


@app.command()
def mutants(
    op: Annotated[
        list[str] | None, typer.Option(help="only those that this op, model or optimizer examines; may be repeated")
    ] = None,
    kind: Annotated[list[str] | None, typer.Option(help="pair, optimizer or adapter; may be repeated")] = None,
    workers: Annotated[int, typer.Option(help="processes")] = 2,
    fresh: Annotated[bool, typer.Option(help="forget what earlier runs found")] = False,
    so_far: Annotated[bool, typer.Option(help="tell what earlier runs found, and examine no more")] = False,
) -> None:
    """Every mistake planted and examined: by numerical differentiation alone, and by the frameworks alone."""
    from trust import score

    raise typer.Exit(score.run(tuple(op or ()), tuple(kind or ()), workers, fresh=fresh, so_far=so_far))


if __name__ == "__main__":
    app()
