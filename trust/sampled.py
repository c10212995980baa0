"""What the commands share that ask something of a sample of mutants: their options, and a journal that goes on after Ctrl-C."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import track

from reference import OPS
from trust.journal import Entry, Journal

Mutants = Annotated[int | None, typer.Option(min=1, help="so many of the corpus, a random sample; all if not given")]
Ops = Annotated[list[str], typer.Option("--op", metavar="NAME", help="this op only; repeatable")]
OnlyReport = Annotated[bool, typer.Option("--report", help="run nothing: print what earlier runs found")]
Fresh = Annotated[bool, typer.Option("--fresh", help="forget what earlier runs found")]


def require_ops(ops: Sequence[str], *, update_docs: bool) -> None:
    """Raises BadParameter for an op that is not there, and for some ops alone where the docs are to be written."""
    for name in ops:
        if name not in OPS:
            raise typer.BadParameter(f"unknown op {name!r}; there are {', '.join(OPS)}")
    if update_docs and ops:
        raise typer.BadParameter("the docs hold all ops: leave out --op", param_hint="--update-docs")


def examined(
    what: str,
    journal: Journal,
    tasks: Sequence[str],
    lacking: Callable[[Journal, list[str]], list[str]],
    run: Callable[[Journal, list[str]], Iterable[Entry]],
    *,
    report: bool,
) -> list[Entry]:
    """The rows of the tasks that are done: by earlier runs, and by this one unless report is True. Ctrl-C ends it early."""
    todo = [] if report else lacking(journal, list(tasks))
    try:
        for row in track(run(journal, todo), what, total=len(todo), console=Console(stderr=True)):
            del row
    except KeyboardInterrupt:
        print("interrupted; what was found is kept, and the same command continues from here", file=sys.stderr)  # noqa: T201
    missing = set(lacking(journal, list(tasks)))
    return [journal.entries[task] for task in tasks if task not in missing]
