"""python -m trust diagnosis."""

from __future__ import annotations

import sys
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import track

from reference import OPS
from trust.diagnosis import run
from trust.diagnosis.report import summary, table
from trust.options import UpdateDocs


def diagnosis(
    mutants: Annotated[int | None, typer.Option(min=1, help="so many of the corpus, a random sample; all if not given")] = None,
    op: Annotated[list[str], typer.Option(metavar="NAME", help="this op only; repeatable")] = [],  # noqa: B006
    report: Annotated[bool, typer.Option("--report", help="run nothing: print what earlier runs found")] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="forget what earlier runs found")] = False,
    update_docs: UpdateDocs = False,
) -> None:
    """Is the mistake in a wrong gradient named? `gradwitness.check` sees mutants that are a wrong gradient and nothing else.

    Continues where the last run stopped.
    """
    for name in op:
        if name not in OPS:
            raise typer.BadParameter(f"unknown op {name!r}; there are {', '.join(OPS)}")
    if update_docs and op:
        raise typer.BadParameter("the docs hold all ops: leave out --op", param_hint="--update-docs")
    journal = run.so_far(run.FILE, fresh=fresh)
    ids = run.sample(mutants, tuple(op))
    todo = [] if report else run.lacking(journal, ids)
    try:
        for row in track(run.run(journal, todo), "diagnosis", total=len(todo), console=Console(stderr=True)):
            del row
    except KeyboardInterrupt:
        print("interrupted; what was found is kept, and the same command continues from here", file=sys.stderr)  # noqa: T201
    missing = set(run.lacking(journal, ids))
    rows = [journal.entries[name] for name in ids if name not in missing]
    if not rows:
        raise typer.BadParameter("nothing is found yet", param_hint="--report")
    table(summary(rows), update_docs=update_docs)
