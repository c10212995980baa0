"""python -m trust peers."""

from __future__ import annotations

from typing import Annotated

import typer

from conformance.extras import require
from reference import OPS
from trust.options import PROCESSORS, Scheduler, UpdateDocs, Workers, require_frameworks


def peers(
    mutants: Annotated[int | None, typer.Option(min=1, help="so many of the corpus, a random sample; all if not given")] = None,
    seeds: Annotated[int, typer.Option(min=1, help="inputs at which each right pair is shown")] = 3,
    op: Annotated[list[str], typer.Option(metavar="NAME", help="this op only; repeatable")] = [],  # noqa: B006
    rule: Annotated[list[str], typer.Option(metavar="NAME", help="rules with this in their name only; repeatable")] = [],  # noqa: B006
    workers: Workers = PROCESSORS,
    scheduler: Scheduler = "",
    report: Annotated[bool, typer.Option("--report", help="run nothing: print what earlier runs found")] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="forget what earlier runs found")] = False,
    update_docs: UpdateDocs = False,
) -> None:
    """How many wrong gradients do the rules of other libraries catch? They and ours see the same mutants and right pairs.

    Continues where the last run stopped.
    """
    require_frameworks()
    require("trust", "autograd")
    from trust.peers import run
    from trust.peers.report import completed, count, table, versions
    from trust.peers.rules import RULES

    for name in op:
        if name not in OPS:
            raise typer.BadParameter(f"unknown op {name!r}; there are {', '.join(OPS)}")
    rules = [name for name in RULES if not rule or any(part in name for part in rule)]
    if not rules:
        raise typer.BadParameter(f"no rule has that in its name; there are {', '.join(RULES)}", param_hint="--rule")
    if update_docs and op:
        raise typer.BadParameter("the docs hold all ops: leave out --op", param_hint="--update-docs")
    journal = run.so_far(run.FILE, fresh=fresh)
    if not report:
        tasks = list(run.lacking(journal, limit=mutants, seeds=seeds, ops=op, rules=rules))
        if not run.compare(journal, tasks, workers=workers, scheduler=scheduler):
            raise typer.Exit(run.INTERRUPTED)
    rows = run.found(journal, op, rules)
    if not rows:
        raise typer.BadParameter("nothing is found yet", param_hint="--report")
    found = count(rows, rules)
    try:
        table(completed(found) if update_docs else found, versions(), update_docs=update_docs)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--update-docs") from None
