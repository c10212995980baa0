"""python -m trust trained."""

from __future__ import annotations

import typer
from rich.console import Console

from conformance.extras import require
from trust import page
from trust.options import UpdateDocs
from trust.sampled import Fresh, Mutants, OnlyReport, Ops, examined, require_ops


def trained(
    mutants: Mutants = None,
    op: Ops = [],  # noqa: B006
    report: OnlyReport = False,
    fresh: Fresh = False,
    update_docs: UpdateDocs = False,
) -> None:
    """Does training show a wrong gradient? Small networks are trained with mutants that are a wrong gradient and nothing else.

    Continues where the last run stopped.
    """
    require("lessons", "sklearn")
    from trust.peers.wrong_gradients import mutants as every
    from trust.trained import run
    from trust.trained.report import summary, table

    require_ops(op, update_docs=update_docs)
    journal = run.so_far(run.FILE, fresh=fresh)
    rows = examined("trained", journal, run.wanted(mutants, tuple(op)), run.lacking, run.run, report=report)
    if not any(row["state"] == "live" for row in rows):
        raise typer.BadParameter("no wrong gradient is found yet", param_hint="--report")
    console = Console(width=None if Console().is_terminal else 170)
    found = summary(rows, len(every()))
    table(found, console)
    page.publish("trained", found, console, update_docs=update_docs)
