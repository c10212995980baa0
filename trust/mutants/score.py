"""`python -m trust mutants`: the corpus examined by several processes. A run that is interrupted goes on where it was."""

from __future__ import annotations

import os
import signal
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from trust.corpus.mutant import Mutant
from trust.corpus.mutants import corpus
from trust.journal import COMPILED
from trust.mutants import table
from trust.mutants.equivalent import CHECKS, asked
from trust.mutants.outcome import Outcome
from trust.mutants.records import CHECKED, WORKING, Records, entry, key
from trust.mutants.witnesses import examine
from trust.pool import each

INTERRUPTED = 130
WIDTH = 160
"""Of what is written to a file."""
DEADLY = "ends the process that runs it"
_mutants: dict[str, Mutant] = {}


def run(
    names: tuple[str, ...] = (), kinds: tuple[str, ...] = (), workers: int = 2, *, fresh: bool = False, so_far: bool = False
) -> int:
    """Examine what is not known yet, tell, and write the summary unless only a part was asked for. Returns the exit status."""
    console = Console()
    console = console if console.is_terminal else Console(width=WIDTH)
    mutants = list(corpus(kinds, names))
    records, checks = Records(WORKING, fresh=fresh), Records(CHECKED, fresh=fresh)
    _mutants.update({m.id: m for m in mutants})
    missing = records.missing(mutants)
    console.print(f"{len(mutants)} mutants, {len(missing)} of them to be examined")
    if so_far:
        missing = []
    if not take(_examined, missing, _stillborn, records, workers, (kinds, names)):
        console.print("interrupted; what was found is kept, and the same command goes on from here")
        return INTERRUPTED
    total, mutants = len(mutants), [m for m in mutants if records.of(m) is not None]
    doubtful = [(check, m.id) for m in mutants for check in asked(m, records.of(m) or {}) if checks.of(m, check) is None]
    if not take(_checked, doubtful, _unchecked, checks, workers, (kinds, names)):
        return INTERRUPTED
    return table.report(mutants, records, checks, console, None if names or kinds else total)


def take(
    work: Callable[[Any], Any],
    todo: Sequence[Any],
    dead: Callable[[Any], dict[str, Any]],
    records: Records,
    workers: int,
    about: tuple[Any, ...],
) -> bool:
    """Do what is to be done in processes of their own, and write down each thing as it is known. False if it was interrupted."""
    if not todo:
        return True
    for interrupt in (signal.SIGINT, signal.SIGTERM):  # in the background a shell has SIGINT ignored
        signal.signal(interrupt, signal.default_int_handler)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    os.environ |= COMPILED
    try:
        with Progress(*columns, console=Console(file=sys.stderr)) as progress:
            task = progress.add_task("mutants", total=len(todo))
            for found in each(work, todo, dead, workers=min(workers, len(todo)), prepare=_prepare, about=about):
                records.add(found)
                progress.update(task, advance=1, description=found["id"].split(":")[0][:40].ljust(40))
    except KeyboardInterrupt:
        return False
    return True


def _prepare(kinds: tuple[str, ...], names: tuple[str, ...]) -> None:
    """A process lists the corpus itself: a mutant holds functions."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's
    warnings.simplefilter("ignore")  # mutants divide by zero
    _mutants.update({m.id: m for m in corpus(kinds, names)})


def _examined(identity: str) -> dict[str, Any]:
    mutant, start = _mutants[identity], time.perf_counter()
    return entry(mutant, examine(mutant), time.perf_counter() - start)


def _checked(what: tuple[str, str]) -> dict[str, Any]:
    check, identity = what
    mutant = _mutants[identity]
    try:
        told = CHECKS[check](mutant)
    except Exception as error:  # a mutant may raise where nobody looked before
        told = f"{type(error).__name__}: {error}"
    return {"id": f"{check} {identity}", "key": key(mutant), "told": told}


def _stillborn(identity: str) -> dict[str, Any]:
    """What is written of a mutant that aborts a framework."""
    return entry(_mutants[identity], [Outcome(by, "stillborn", told=DEADLY) for by in ("oracle", "frameworks")], 0.0)


def _unchecked(what: tuple[str, str]) -> dict[str, Any]:
    check, identity = what
    return {"id": f"{check} {identity}", "key": key(_mutants[identity]), "told": DEADLY}
