"""python -m trust mutants."""

from __future__ import annotations

import os
from typing import Annotated

import typer


def mutants(
    op: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="only those that this op, model or optimizer examines; repeatable")
    ] = None,
    kind: Annotated[list[str] | None, typer.Option(help="pair, optimizer or adapter; repeatable")] = None,
    workers: Annotated[int, typer.Option(min=1, help="processes")] = 2,
    fresh: Annotated[bool, typer.Option("--fresh", help="forget what earlier runs found")] = False,
    so_far: Annotated[bool, typer.Option("--so-far", help="tell what earlier runs found, and examine no more")] = False,
) -> None:
    """Every mistake planted and examined: by numerical differentiation alone, and by the frameworks alone."""
    for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
        os.environ.setdefault(threads, "1")  # small arrays, and a process for each core: its processes read it as they begin
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    from trust.mutants import score

    raise typer.Exit(score.run(tuple(op or ()), tuple(kind or ()), workers, fresh=fresh, so_far=so_far))
