"""`python -m trust mutants`: the corpus examined by processes beside each other. A run that is interrupted goes on where it was."""

from __future__ import annotations

import multiprocessing
import signal
import sys
import time
import warnings
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from trust.mutants import Mutant, corpus
from trust.records import Records, entry
from trust.witnesses import examine

INTERRUPTED = 130
_mutants: dict[str, Mutant] = {}


def run(names: tuple[str, ...] = (), kinds: tuple[str, ...] = (), workers: int = 2, *, fresh: bool = False) -> int:
    """Examine what is not known yet, tell, and write the summary of a whole corpus. Returns the exit status."""
    from trust import table

    console = Console()
    mutants = list(corpus(kinds, names))
    records = Records(fresh=fresh)
    missing = records.missing(mutants)
    console.print(f"{len(mutants)} mutants, {len(missing)} of them to be examined")
    if missing and not take(missing, records, workers, kinds, names):
        console.print("interrupted; what was found is kept, and the same command goes on from here")
        return INTERRUPTED
    return table.report(mutants, records, console, whole=not names and not kinds)


def take(missing: Sequence[Mutant], records: Records, workers: int, kinds: tuple[str, ...], names: tuple[str, ...]) -> bool:
    """Examine mutants in processes of their own, and write down each as it is known. False if it was interrupted."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    context = multiprocessing.get_context("spawn")
    pool = context.Pool(workers, _prepare, (kinds, names))
    try:
        with Progress(*columns, console=Console(file=sys.stderr)) as progress:
            task = progress.add_task("mutants", total=len(missing))
            for found in pool.imap_unordered(_examined, [m.id for m in missing]):
                records.add(found)
                progress.update(task, advance=1, description=found["id"].split(":")[0][:40].ljust(40))
    except KeyboardInterrupt:
        return False
    finally:
        pool.terminate()
        pool.join()
    return True


def _prepare(kinds: tuple[str, ...], names: tuple[str, ...]) -> None:
    """A process lists the corpus itself: a mutant holds functions."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's
    warnings.simplefilter("ignore")  # mutants divide by zero
    _mutants.update({m.id: m for m in corpus(kinds, names)})


def _examined(identity: str) -> dict[str, Any]:
    mutant, start = _mutants[identity], time.perf_counter()
    return entry(mutant, examine(mutant), time.perf_counter() - start)
