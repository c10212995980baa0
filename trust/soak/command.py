"""python -m trust soak."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

import adapters
from conformance.matrix import Selection
from trust import page
from trust.places import RESULTS
from trust.soak.blocks import Record
from trust.soak.blocks import soak as carry_on
from trust.soak.draws import TABLES, examined
from trust.soak.report import alarms, summary, table

SUMMARY = RESULTS / "soak.json"


def soak(
    seeds: Annotated[int, typer.Option(min=1, help="of each case")] = 1000,
    minutes: Annotated[float, typer.Option(min=0, help="after which nothing new begins; 0 reports what there is")] = 30,
    op: Annotated[list[str], typer.Option(metavar="NAME", help="this op, model or optimizer only; repeatable")] = [],  # noqa: B006
    adapter: Annotated[list[str], typer.Option(metavar="NAME", help="this adapter only; repeatable")] = [],  # noqa: B006
    dtype: Annotated[list[str], typer.Option(metavar="NAME", help="this dtype only; repeatable")] = [],  # noqa: B006
    processes: Annotated[int, typer.Option(min=1)] = 2,
    fresh: Annotated[bool, typer.Option("--fresh", help="forget what was run of the ops named, or of all")] = False,
    case: Annotated[str, typer.Option(metavar="ID", help="with --op and --seed: replay this case; nothing is recorded")] = "",
    seed: Annotated[int, typer.Option(help="with --op and --case")] = -1,
    output: Annotated[Path, typer.Option(help="where the summary goes, as JSON")] = SUMMARY,
) -> None:
    """Every case at many seeds: nothing may disagree. Goes on where the last run stopped."""
    try:
        Selection(op=op, adapter=adapter, dtype=dtype)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    console = Console(highlight=False, width=None if Console().is_terminal else 160)
    if case or seed >= 0:
        _replay(console, op, case, dtype, adapter, seed)
        return
    record = Record()
    if fresh:
        record.forget(op)
    blocks = list(record.blocks(seeds, op, adapter or adapters.NAMES, dtype))
    carry_on(record, blocks, minutes, processes)
    tallies = record.tallies
    if not tallies:
        raise typer.BadParameter("nothing was run yet: more minutes are wanted", param_hint="--minutes")
    console.print(table(tallies))
    for alarm in alarms(tallies):
        console.print(f"\nALARM {alarm}", markup=False)
    left = list(record.blocks(seeds, op, adapter or adapters.NAMES, dtype))
    console.print(f"{len(left)} blocks are left of the {seeds} seeds asked for" if left else f"all {seeds} seeds were run")
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps(summary(tallies), indent=1) + "\n")
    if output == SUMMARY:
        page.write("soak")
    if alarms(tallies):
        raise typer.Exit(1)


def _replay(console: Console, op: list[str], case: str, dtype: list[str], adapter: list[str], seed: int) -> None:
    if not (len(op) == len(dtype) == len(adapter) == 1 and case and seed >= 0):
        raise typer.BadParameter("a replay takes one --op, --case, --dtype, --adapter and --seed each")
    kind = next((kind for kind, table in TABLES.items() if op[0] in table), "training")
    ids = [of.id for of in TABLES.get(kind, {op[0]: None})[op[0]].cases] if kind in TABLES else []
    if case not in ids:
        raise typer.BadParameter(f"unknown case {case!r} of {op[0]}; there are {', '.join(ids)}")
    found, outcome = examined(kind, op[0], case, dtype[0], adapter[0], seed)
    again = f", drawn again: seed {found}" if found != seed else ""
    console.print(f"{outcome.status}{again}: {outcome.result} {outcome.ratio:.3g} units\n{outcome.message}", markup=False)
    if outcome.status == "alarm":
        raise typer.Exit(1)
