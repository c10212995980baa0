"""python -m trust soak."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

import adapters
from conformance.matrix import Selection
from trust import page
from trust.options import PROCESSORS, Scheduler, UpdateDocs, Workers, require_frameworks
from trust.soak.examination import TABLES, examined
from trust.soak.functions_run import soak_functions
from trust.soak.programs.run import soak_programs
from trust.soak.record import RECORD, Record
from trust.soak.report import alarms, summary, table
from trust.soak.run import soak as carry_on
from trust.soak.user_code import soak_user_code


def soak(  # noqa: PLR0912  one command, of four soaks
    seeds: Annotated[int, typer.Option(min=1, help="seeds of each case")] = 1000,
    minutes: Annotated[float, typer.Option(min=0, help="after these nothing new begins; 0 prints what was run")] = 30,
    op: Annotated[list[str], typer.Option(metavar="NAME", help="this op, model or optimizer only; repeatable")] = [],  # noqa: B006
    adapter: Annotated[list[str], typer.Option(metavar="NAME", help="this adapter only; repeatable")] = [],  # noqa: B006
    dtype: Annotated[list[str], typer.Option(metavar="NAME", help="this dtype only; repeatable")] = [],  # noqa: B006
    workers: Workers = PROCESSORS,
    scheduler: Scheduler = "",
    fresh: Annotated[bool, typer.Option("--fresh", help="forget what was run of the ops named, or of all")] = False,
    case: Annotated[str, typer.Option(metavar="ID", help="with --op and --seed: replay this case; nothing is recorded")] = "",
    seed: Annotated[int, typer.Option(help="with --op and --case")] = -1,
    user_code: Annotated[
        bool,
        typer.Option("--user-code", help="check the functions of trust/user_code, correct gradients in other people's styles"),
    ] = False,
    functions: Annotated[
        bool, typer.Option("--functions", help="check the catalogue in each framework's spelling, as functions of strangers")
    ] = False,
    programs: Annotated[
        bool, typer.Option("--programs", help="check random programs, and the same with a planted mistake; --seeds of them")
    ] = False,
    draws: Annotated[int, typer.Option(min=1, help="with --user-code: draws of each function's inputs")] = 200,
    seconds: Annotated[float | None, typer.Option(min=0, help="with --user-code: after these nothing new begins")] = None,
    output: Annotated[Path | None, typer.Option(help="write the summary to this file, as JSON")] = None,
    update_docs: UpdateDocs = False,
) -> None:
    """Is a right gradient ever called wrong? Every case runs at many seeds, and nothing may disagree.

    Continues where the last run stopped.
    """
    if user_code:
        if op or adapter or dtype or case or scheduler:
            raise typer.BadParameter("user code has no op, adapter, dtype, case or scheduler", param_hint="--user-code")
        soak_user_code(draws, seconds, fresh=fresh, output=output, update_docs=update_docs)
        return
    if functions:
        if case:
            raise typer.BadParameter("an alarm says how it is replayed", param_hint="--case")
        soak_functions(seeds, minutes, op, adapter, dtype, workers, scheduler, fresh=fresh, update_docs=update_docs)
        return
    if programs:
        if op or dtype or case:
            raise typer.BadParameter("an alarm says how it is replayed", param_hint="--programs")
        soak_programs(seeds, minutes, adapter, workers, scheduler, fresh=fresh, update_docs=update_docs)
        return
    try:
        Selection(op=op, adapter=adapter, dtype=dtype)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    if update_docs:
        require_frameworks()
    console = Console(highlight=False, width=None if Console().is_terminal else 160)
    if case or seed >= 0:
        _replay(console, op, case, dtype, adapter, seed)
        return
    record = Record(RECORD)
    if fresh:
        record.forget(op)
    selected = (seeds, op, adapter or adapters.NAMES, dtype)
    carry_on(record, list(record.blocks(*selected)), minutes, workers, scheduler)
    tallies = record.tallies
    if not tallies:
        raise typer.BadParameter("nothing was run yet: give more minutes", param_hint="--minutes")
    console.print(table(tallies))
    for alarm in alarms(tallies):
        console.print(f"\nALARM {alarm}", markup=False)
    left = list(record.blocks(*selected))
    console.print(f"{len(left)} blocks are left of the {seeds} seeds asked for" if left else f"all {seeds} seeds were run")
    found = summary(tallies)
    if output is not None:
        output.parent.mkdir(parents=True, exist_ok=True)
        page.save(output, found)
    page.publish("soak", found, console, update_docs=update_docs)
    if alarms(tallies):
        raise typer.Exit(1)


def _replay(console: Console, op: list[str], case: str, dtype: list[str], adapter: list[str], seed: int) -> None:
    if not (len(op) == len(dtype) == len(adapter) == 1 and case and seed >= 0):
        raise typer.BadParameter("a replay takes one --op, --case, --dtype, --adapter and --seed each")
    kind = next((kind for kind, table in TABLES.items() if op[0] in table), None)
    if kind is None:
        raise typer.BadParameter(f"{op[0]} is a training run, which has no seed")
    ids = [known.id for known in TABLES[kind][op[0]].cases]
    if case not in ids:
        raise typer.BadParameter(f"unknown case {case!r} of {op[0]}; there are {', '.join(ids)}")
    used, outcome = examined(kind, op[0], case, dtype[0], adapter[0], seed)
    again = f", drawn again: seed {used}" if used != seed else ""
    console.print(f"{outcome.status}{again}: {outcome.result} {outcome.ratio:.3g} units\n{outcome.message}", markup=False)
    if outcome.status == "alarm":
        raise typer.Exit(1)
