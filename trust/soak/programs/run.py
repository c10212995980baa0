"""python -m trust soak --programs: blocks of random programs are shared among workers, and what all runs found is reported."""

from __future__ import annotations

import importlib.util
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

import typer
from rich.console import Console
from rich.table import Table

from gradwitness import frameworks
from trust import page
from trust.options import require_frameworks
from trust.places import FOLDER
from trust.soak.functions_run import versions
from trust.soak.programs.operations import DIALECTS
from trust.soak.programs.trial import Kind, checked
from trust.soak.record import Record
from trust.soak.results import Block, Tally, tallies
from trust.soak.run import soak

RECORD = FOLDER / "programs.jsonl"
SEEDS = 50
"""Of a block."""
KINDS: tuple[Kind, ...] = get_args(Kind)
STATUSES = ("agreed", "known", "cannot tell", "not run", "alarm")
COLUMNS = (
    "dialect",
    "gradient",
    "programs",
    "as it should be",
    "known",
    "cannot tell",
    "no mistake",
    "alarms",
    "CPU seconds of one",
)


class ProgramsRecord(Record):
    """A tally for each dialect, kind and block of seeds."""

    def __init__(self, file: Path | None = None) -> None:
        super().__init__(file or RECORD)

    def left(self, seeds: int, dialects: Sequence[str]) -> Iterator[Block]:
        """What is still to be run of the first so many programs. A block with an alarm is run again."""
        there = [name for name in dialects or DIALECTS if _installed(name)]
        for first in range(0, seeds, SEEDS):
            for kind in KINDS:
                for name in there:
                    block = Block("op", f"programs {first}", kind, "any", first, min(first + SEEDS, seeds), (name,))
                    if self.lacks(("op", block.name, kind, "any", name, first), block.last):
                        yield block


def soak_programs(
    seeds: int, minutes: float, dialects: Sequence[str], workers: int, scheduler: str, *, fresh: bool, update_docs: bool
) -> None:
    """Check what is still to be checked, and print what all runs found."""
    if unknown := set(dialects) - set(DIALECTS):
        raise typer.BadParameter(f"{min(unknown)!r}; there are {', '.join(DIALECTS)}", param_hint="--adapter")
    if update_docs:
        require_frameworks()
    console = Console(highlight=False, width=None if Console().is_terminal else 160)
    record = ProgramsRecord()
    if fresh:
        record.forget([])
    soak(record, list(record.left(seeds, dialects)), minutes, workers, scheduler, run=run)
    if not record.tallies:
        raise typer.BadParameter("nothing was run yet: give more minutes", param_hint="--minutes")
    found = {"versions": versions(), **summary(record.tallies)}
    console.print(table(found))
    for alarm in found["alarms"]:
        console.print(f"\nALARM {alarm}", markup=False)
    left = sum(block.last - block.first for block in record.left(seeds, dialects))
    console.print(f"{left:,} checks are left of the {seeds:,} programs asked for" if left else f"all {seeds:,} programs were run")
    page.publish("programs", found, console, update_docs=update_docs)
    if found["alarms"]:
        raise typer.Exit(1)


def run(block: Block) -> list[Tally]:
    """The checks of a block."""
    (tally,) = tallies(block)
    kind: Kind = "right" if block.case_id == "right" else "planted"
    start = time.process_time()
    for seed in range(block.first, block.last):
        tally.add(seed, checked((tally.adapter, kind, seed)))
    tally.seconds = time.process_time() - start
    return [tally]


def summary(found: Iterable[Tally]) -> dict[str, Any]:
    """A row for each dialect and kind, and the alarms."""
    groups: dict[tuple[str, str], list[Tally]] = {}
    for tally in sorted(found, key=lambda each: (DIALECTS.index(each.adapter), KINDS.index(each.case_id), each.first)):
        groups.setdefault((tally.adapter, tally.case_id), []).append(tally)
    return {
        "rows": [_row(*names, group) for names, group in groups.items()],
        "alarms": [message for group in groups.values() for tally in group for message in tally.alarms.values()],
    }


def _row(dialect: str, kind: str, group: Sequence[Tally]) -> dict[str, Any]:
    counts = sum((Counter(tally.count) for tally in group), Counter[str]())
    return {
        "dialect": dialect,
        "kind": kind,
        "programs": counts.total(),
        **{status: counts[status] for status in STATUSES},
        "seconds": sum(tally.seconds for tally in group) / counts.total(),
    }


def cells(row: Mapping[str, Any]) -> list[str | int]:
    """A row as it is shown."""
    return [row["dialect"], row["kind"], row["programs"], *(row[status] for status in STATUSES), f"{row['seconds']:.2f}"]


def table(found: Mapping[str, Any]) -> Table:
    """For a terminal."""
    drawn = Table(title="random programs: right gradients, and planted mistakes")
    for column in COLUMNS:
        drawn.add_column(column, justify="left" if column in COLUMNS[:2] else "right")
    for row in found["rows"]:
        drawn.add_row(*(f"{cell:,}" if isinstance(cell, int) else cell for cell in cells(row)))
    return drawn


def _installed(dialect: str) -> bool:
    return importlib.util.find_spec("autograd") is not None if dialect == "numpy" else frameworks.installed(dialect)
