"""python -m trust soak --functions: the checks are shared among workers, and what all runs found is reported."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

import typer
from rich.console import Console

import adapters
from gradwitness import frameworks
from trust import page
from trust.options import require_frameworks
from trust.soak.functions import DTYPES, checked, checked_at_once
from trust.soak.functions_record import ALL, FunctionsRecord
from trust.soak.functions_report import alarms, summary, table
from trust.soak.results import Block, Tally, tallies
from trust.soak.run import soak


def soak_functions(
    seeds: int,
    minutes: float,
    ops: Sequence[str],
    names: Sequence[str],
    dtypes: Sequence[str],
    workers: int,
    scheduler: str,
    *,
    fresh: bool,
    update_docs: bool = False,
) -> None:
    """Check what is still to be checked, and print what all runs found."""
    if update_docs:
        require_frameworks()
    console = Console(highlight=False, width=None if Console().is_terminal else 160)
    record = FunctionsRecord(fresh=fresh)
    selected = (seeds, ops, names, dtypes)
    soak(record, list(record.blocks(*selected)), minutes, workers, scheduler, run=run)
    if not record.tallies:
        raise typer.BadParameter("nothing was run yet: give more minutes", param_hint="--minutes")
    found = {"versions": versions(), **summary(record.tallies)}
    console.print(table(found))
    for alarm in alarms(record.tallies):
        console.print(f"\nALARM {alarm}", markup=False)
    left = sum((block.last - block.first) * (len(DTYPES) if block.dtype == ALL else 1) for block in record.blocks(*selected))
    console.print(f"{left:,} checks are left of the {seeds} seeds asked for" if left else f"all {seeds} seeds were run")
    if update_docs:
        record.publish()
    page.publish("functions", found, console, update_docs=update_docs)
    if found["alarms"]:
        raise typer.Exit(1)


def run(block: Block) -> list[Tally]:
    """The checks of a block, in its dtype or in all."""
    (name,) = block.adapters
    dtypes = DTYPES if block.dtype == ALL else (block.dtype,)
    found = {dtype: tally for dtype in dtypes for tally in tallies(replace(block, dtype=dtype))}
    start = time.process_time()
    for seed in range(block.first, block.last):
        if block.dtype == ALL:
            for dtype, outcome in checked_at_once(name, block.name, block.case_id, seed).items():
                found[dtype].add(seed, outcome)
        else:
            found[block.dtype].add(seed, checked((name, block.name, block.case_id, block.dtype, seed)))
    for tally in found.values():
        tally.seconds = (time.process_time() - start) / len(dtypes)
    return list(found.values())


def versions() -> list[str]:
    """Of the frameworks that are here."""
    return [frameworks.load(name).version() for name in adapters.NAMES if frameworks.installed(name)]
