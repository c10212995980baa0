"""python -m trust soak --programs: blocks of random programs are shared among workers, and what all runs found is reported."""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import typer
from rich.console import Console

from gradwitness import frameworks
from trust import page
from trust.options import require_frameworks
from trust.places import FOLDER
from trust.soak.functions_run import versions
from trust.soak.programs.operations import DIALECTS
from trust.soak.programs.report import summary, table
from trust.soak.programs.trial import KINDS, Kind, checked
from trust.soak.record import Record
from trust.soak.results import Block, Tally, tallies
from trust.soak.run import soak

RECORD = FOLDER / "programs.jsonl"
SEEDS = 50
"""Of a block."""


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


def _installed(dialect: str) -> bool:
    return importlib.util.find_spec("autograd") is not None if dialect == "numpy" else frameworks.installed(dialect)
