"""python -m trust soak --user-code: the functions of trust/user_code at many draws. None may be called wrong.

Each draw is one call of check or check_loss, and one line of a journal. The soak continues where it was stopped.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from gradwitness.report.findings import FAULTS, UNCERTAIN
from gradwitness.report.report import Report
from trust import page
from trust.journal import Entry, Journal
from trust.places import FOLDER
from trust.soak.user_code_report import alarms, summary, table
from trust.user_code import FUNCTIONS

RECORD = FOLDER / "user_code.jsonl"


def soak_user_code(draws: int, seconds: float | None, *, fresh: bool, output: Path | None, update_docs: bool) -> None:
    """Check what is still to be checked, and print what all runs found."""
    console = Console(highlight=False, width=None if Console().is_terminal else 160)
    journal = Journal(RECORD, lambda entry: (entry["name"], entry["draw"]), fresh=fresh)
    todo = list(_remaining(journal, draws))
    run(journal, todo, seconds)
    left = sum((name, draw) not in journal.entries for name, draw in _remaining(journal, draws))
    entries = [entry for entry in journal.entries.values() if entry["name"] in FUNCTIONS and entry["draw"] < draws]
    if not entries:
        raise typer.BadParameter("nothing was run yet: give more seconds", param_hint="--seconds")
    found = summary(entries, _missing())
    console.print(table(found))
    for reason, names in found["cannot tell"].items():
        console.print(f"cannot tell, {len(names)}: {reason} ({', '.join(dict.fromkeys(names))})", markup=False)
    for name, needs in found["not run"].items():
        console.print(f"not run: {name} needs {needs}, which is not installed")
    for alarm in alarms(entries):
        console.print(f"\nALARM {alarm}", markup=False)
    console.print(f"{left} checks are left" if left else f"all {len(entries):,} checks were made")
    if output is not None:
        output.parent.mkdir(parents=True, exist_ok=True)
        page.save(output, found)
    if update_docs and (left or _missing()):
        raise typer.BadParameter("the docs hold figures of all functions at all draws", param_hint="--update-docs")
    page.publish("user_code", found, console, update_docs=update_docs)
    if found["alarms"]:
        raise typer.Exit(1)


def run(journal: Journal, todo: Sequence[tuple[str, int]], seconds: float | None) -> None:
    """Check until all is checked, the seconds are over, or Ctrl-C is pressed; with a progress bar on stderr."""
    until = time.monotonic() + seconds if seconds is not None else float("inf")
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("checks", total=len(todo))
        try:
            for name, draw in todo:
                if time.monotonic() >= until:
                    break
                journal.add(checked(name, draw))
                bar.advance(task)
        except KeyboardInterrupt:
            console.print("stopped: the next run continues here")


def checked(name: str, draw: int) -> Entry:
    """One line of the journal."""
    start = time.process_time()
    entry: Entry = {"name": name, "draw": draw}
    try:
        report = FUNCTIONS[name].report(draw)
    except Exception as error:  # to its user a check that raises has failed; the others go on
        return {**entry, "verdict": "raised", "why": f"{type(error).__name__}: {error}"}
    return {
        **entry,
        "verdict": report.verdict,
        "why": _why(report),
        "watched": held(report),
        "sights": [finding.sight for finding in report.findings if finding.sight == finding.sight],
        "evaluations": report.evaluations,
        "seconds": time.process_time() - start,
    }


def held(report: Report) -> bool:
    """Whether the function ran in longdouble from end to end."""
    return report.examined.startswith("in longdouble") and "cut to float64" not in report.examined


def _why(report: Report) -> str:
    """What the first finding says that makes the verdict; empty for a right one."""
    deciding = {"wrong": FAULTS, "cannot tell": UNCERTAIN}.get(report.verdict, frozenset())
    said = [f"{f.verdict}: {f.message or f'{f.wrong} of {f.of}'}" for f in report.findings if f.verdict in deciding]
    return next(iter(said), "")


def _remaining(journal: Journal, draws: int) -> Iterator[tuple[str, int]]:
    """The first draws of every function before the next of any. An alarm is checked again: its cause may be mended."""
    for draw in range(draws):
        for name, function in FUNCTIONS.items():
            known: dict[str, Any] = journal.entries.get((name, draw), {})
            if not function.missing and known.get("verdict") not in ("right", "cannot tell"):
                yield name, draw


def _missing() -> dict[str, str]:
    return {name: function.missing for name, function in FUNCTIONS.items() if function.missing}
