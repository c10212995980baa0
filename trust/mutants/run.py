"""Examines the corpus of mutants with several workers. A run that was interrupted continues where it stopped."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from conformance.distributed import each
from conformance.rewriting.mutant import Mutant
from trust.corpus.catalogue import corpus
from trust.journal import Entry
from trust.mutants import report
from trust.mutants.equivalent import CHECKS, asked
from trust.mutants.outcome import Outcome
from trust.mutants.records import CHECKED, WORKING, Records, entry, key
from trust.mutants.witnesses import examine
from trust.places import ENVIRONMENT

INTERRUPTED = 130
"""The exit status of a program that Ctrl-C ended."""
WIDTH = 160
"""Of tables that go to a file."""
DEADLY = "ends the process that runs it"
_mutants: dict[str, Mutant] = {}


@dataclass(frozen=True)
class Crew:
    """The workers of a run.

    count       processes on this machine
    scheduler   the address of a scheduler whose workers are used in place of them
    part        the kinds and names that were asked for: a worker lists the corpus itself, for mutants hold functions
    """

    count: int = 2
    scheduler: str = ""
    part: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())


def run(mutants: Sequence[Mutant], crew: Crew, *, fresh: bool = False, so_far: bool = False, update_docs: bool = False) -> int:
    """Examine the mutants that no journal knows, then print the tables. Returns the exit status."""
    console = Console()
    console = console if console.is_terminal else Console(width=WIDTH)
    records, checks = Records(WORKING, fresh=fresh), Records(CHECKED, fresh=fresh)
    _mutants.update({mutant.id: mutant for mutant in mutants})
    missing = records.missing(mutants)
    console.print(f"{len(mutants)} mutants, {len(missing)} of them to be examined")
    if not so_far and not take(_examined, missing, _stillborn, records, crew):
        console.print("interrupted; what was found is kept, and the same command continues from here")
        return INTERRUPTED
    examined = [mutant for mutant in mutants if records.of(mutant) is not None]
    doubtful = [(check, m.id) for m in examined for check in asked(m, records.of(m) or {}) if checks.of(m, check) is None]
    if not take(_checked, doubtful, _unchecked, checks, crew):
        return INTERRUPTED
    total = None if any(crew.part) else len(mutants)
    return report.report(examined, records, checks, console, total, update_docs=update_docs)


def take(work: Callable[[Any], Entry], todo: Sequence[Any], dead: Callable[[Any], Entry], records: Records, crew: Crew) -> bool:
    """Let workers do what is to be done, and record each result when it comes. False if it was interrupted."""
    if not todo:
        return True
    for interrupt in (signal.SIGINT, signal.SIGTERM):  # a shell starts what runs in the background with SIGINT ignored
        signal.signal(interrupt, signal.default_int_handler)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    count = min(crew.count, len(todo))
    results = each(work, todo, dead, workers=count, scheduler=crew.scheduler, prepare=_prepare, about=crew.part)
    try:
        with Progress(*columns, console=Console(file=sys.stderr)) as progress:
            task = progress.add_task("mutants", total=len(todo))
            for result in results:
                records.add(result)
                progress.update(task, advance=1, description=result["id"].split(":")[0][:40].ljust(40))
    except KeyboardInterrupt:
        return False
    finally:
        results.close()
    return True


def _prepare(kinds: tuple[str, ...], names: tuple[str, ...]) -> None:
    """Called in each worker before it works."""
    os.environ |= ENVIRONMENT
    _mutants.update({mutant.id: mutant for mutant in corpus(kinds, names)})


def _examined(identity: str) -> Entry:
    mutant, start = _mutants[identity], time.perf_counter()
    return entry(mutant, examine(mutant), time.perf_counter() - start)


def _checked(what: tuple[str, str]) -> Entry:
    check, identity = what
    mutant = _mutants[identity]
    try:
        failure = CHECKS[check](mutant)
    except Exception as error:  # a mutant may raise at inputs where no witness ran it
        failure = f"{type(error).__name__}: {error}"
    return _check_entry(what, failure)


def _stillborn(identity: str) -> Entry:
    """The entry of a mutant that ends its worker, for example because it aborts a framework."""
    return entry(_mutants[identity], [Outcome(by, "stillborn", reason=DEADLY) for by in ("oracle", "frameworks")], 0.0)


def _unchecked(what: tuple[str, str]) -> Entry:
    return _check_entry(what, DEADLY)


def _check_entry(what: tuple[str, str], failure: str) -> Entry:
    check, identity = what
    return {"id": f"{check} {identity}", "key": key(_mutants[identity]), "failure": failure}
