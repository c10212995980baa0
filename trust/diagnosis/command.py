"""python -m trust diagnosis."""

from __future__ import annotations

import typer

from trust.diagnosis import run
from trust.diagnosis.report import summary, table
from trust.options import UpdateDocs
from trust.sampled import Fresh, Mutants, OnlyReport, Ops, examined, require_ops


def diagnosis(
    mutants: Mutants = None,
    op: Ops = [],  # noqa: B006
    report: OnlyReport = False,
    fresh: Fresh = False,
    update_docs: UpdateDocs = False,
) -> None:
    """Is the mistake in a wrong gradient named? `gradwitness.check` sees mutants that are a wrong gradient and nothing else.

    Continues where the last run stopped.
    """
    require_ops(op, update_docs=update_docs)
    journal = run.so_far(run.FILE, fresh=fresh)
    rows = examined("diagnosis", journal, run.sample(mutants, tuple(op)), run.lacking, run.run, report=report)
    if not rows:
        raise typer.BadParameter("nothing is found yet", param_hint="--report")
    table(summary(rows), update_docs=update_docs)
