"""python -m trust trained."""

from __future__ import annotations

import sys
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import track

from conformance.extras import require
from reference import OPS
from trust import page
from trust.options import UpdateDocs


def trained(
    mutants: Annotated[int | None, typer.Option(min=1, help="so many of the corpus, a random sample; all if not given")] = None,
    op: Annotated[list[str], typer.Option(metavar="NAME", help="this op only; repeatable")] = [],  # noqa: B006
    report: Annotated[bool, typer.Option("--report", help="run nothing: print what earlier runs found")] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="forget what earlier runs found")] = False,
    update_docs: UpdateDocs = False,
) -> None:
    """Does training show a wrong gradient? Small networks are trained with mutants that are a wrong gradient and nothing else.

    Continues where the last run stopped.
    """
    require("lessons", "sklearn")
    from trust.peers.wrong_gradients import mutants as every
    from trust.trained import run
    from trust.trained.report import summary, table

    for name in op:
        if name not in OPS:
            raise typer.BadParameter(f"unknown op {name!r}; there are {', '.join(OPS)}")
    if update_docs and op:
        raise typer.BadParameter("the docs hold all ops: leave out --op", param_hint="--update-docs")
    journal = run.so_far(run.FILE, fresh=fresh)
    tasks = run.wanted(mutants, tuple(op))
    todo = [] if report else run.lacking(journal, tasks)
    try:
        for row in track(run.run(journal, todo), "trained", total=len(todo), console=Console(stderr=True)):
            del row
    except KeyboardInterrupt:
        print("interrupted; what was found is kept, and the same command continues from here", file=sys.stderr)  # noqa: T201
    missing = set(run.lacking(journal, tasks))
    rows = [journal.entries[task] for task in tasks if task not in missing]
    if not any(row["state"] == "live" for row in rows):
        raise typer.BadParameter("no wrong gradient is found yet", param_hint="--report")
    console = Console(width=None if Console().is_terminal else 170)
    found = summary(rows, len(every()))
    table(found, console)
    page.publish("trained", found, console, update_docs=update_docs)
