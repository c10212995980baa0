"""`python -m benchmarks run`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from benchmarks import store
from benchmarks.checkout import processors
from benchmarks.commands.progress import Watch
from benchmarks.commands.summary import show
from benchmarks.driver import Run
from benchmarks.store import Result
from benchmarks.units import Wanted

MINUTES = 15.0
_Names = list[str] | None


def _each(name: str) -> typer.models.OptionInfo:
    option: typer.models.OptionInfo = typer.Option(help=f"This {name} only (repeatable): see `python -m benchmarks list`.")
    return option


def run(
    quick: Annotated[bool, typer.Option("--quick", help="A training step of one model at three sizes, in a minute.")] = False,
    full: Annotated[bool, typer.Option("--full", help="Everything: hours, if --minutes does not set an end.")] = False,
    minutes: Annotated[
        float | None,
        typer.Option(min=0.1, help=f"For the run; what does not fit is left out. Without --full it is {MINUTES:g}."),
    ] = None,
    model: Annotated[_Names, _each("model")] = None,
    sweep: Annotated[_Names, _each("sweep")] = None,
    number: Annotated[list[int] | None, typer.Option(help="This value of what is swept only (repeatable).")] = None,
    phase: Annotated[_Names, _each("phase")] = None,
    framework: Annotated[_Names, _each("framework")] = None,
    mode: Annotated[_Names, _each("mode")] = None,
    device: Annotated[_Names, _each("device")] = None,
    precision: Annotated[_Names, _each("precision")] = None,
    threads: Annotated[
        list[str] | None, typer.Option(metavar="N|all", help="Threads (repeatable): 1 and all; with --quick, 1.")
    ] = None,
    again: Annotated[bool, typer.Option("--again", help="Do not go on with an interrupted run: begin anew.")] = False,
    keep: Annotated[bool, typer.Option("--keep", help="Keep the result in benchmarks/results, to be committed.")] = False,
) -> None:
    """Verify, then time: what fits into 15 minutes, the most telling first. The same command goes on with an interrupted run.

    Exit status: 1 if an implementation disagrees with the reference, 2 for a wrong option, 130 after Ctrl-C.
    """
    if quick and full:
        raise typer.BadParameter("--quick and --full exclude each other")
    choice = "quick" if quick else "full" if full else "default"
    try:
        wanted = Wanted(
            choice, model or (), sweep or (), number or (), phase or (),
            framework or (), mode or (), device or (), precision or (),
            _threads(threads or (["1"] if quick else ["1", "all"])),
        )  # fmt: skip
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    finish(time_all(wanted, minutes or (None if full else MINUTES), again=again), keep=keep)


def time_all(wanted: Wanted, minutes: float | None, *, again: bool = False) -> Result:
    """Run it, with progress on stderr. Leaves with 130 after Ctrl-C."""
    with Watch() as watch:
        measure = Run(wanted, minutes, watch, anew=again)
        done = sum(1 for unit in wanted.units() if unit.id in measure.journal.entries)
        if done:
            watch.write(f"Going on with an interrupted run: {done} units are done.")
        try:
            result = measure()
        except KeyboardInterrupt:
            watch.write("Interrupted. The same command goes on from here.")
            raise typer.Exit(130) from None
        measure.journal.delete()
        return result


def finish(result: Result, *, keep: bool) -> Path:
    """Save and show it. Leaves with 1 if something disagrees with the reference."""
    path = store.save(result, store.KEPT if keep else store.SCRATCH)
    console = Console(highlight=False, markup=False, width=None if Console().is_terminal else 160)
    show(result, console)
    console.print(f"Result: {path.relative_to(store.ROOT) if path.is_relative_to(store.ROOT) else path}", soft_wrap=True)
    if result.differ:
        raise typer.Exit(1)
    return path


def _threads(asked: Sequence[str]) -> tuple[int, ...]:
    """1, all or a number -> numbers, each once. Raises BadParameter."""
    there_are = processors()
    counts = []
    for each in asked:
        if each != "all" and not (each.isdigit() and 1 <= int(each) <= there_are):
            raise typer.BadParameter(f"--threads {each}; wanted 1 to {there_are}, the processors of this machine, or all")
        counts.append(there_are if each == "all" else int(each))
    return tuple(dict.fromkeys(counts))
