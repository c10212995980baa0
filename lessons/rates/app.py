"""The command of the lesson on learning rates."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from lessons.columns import held
from lessons.progress import progress
from lessons.rates import figure, rules_figure
from lessons.rates.experiment import Experiment
from lessons.rates.table import definitions, show
from lessons.rates.task import TASKS
from lessons.script import Threads, limit_threads, wanted
from lessons.script import output as _output

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)

_task = wanted(f"one of {', '.join(TASKS)}", lambda name: name in TASKS)
_rate = wanted("a finite number above 0", lambda x: math.isfinite(x) and x > 0)
MOST = 7


@app.command()
def main(
    task: Annotated[
        list[str] | None, typer.Option(callback=_task, help=f"Only this one (repeatable): {', '.join(TASKS)}.")
    ] = None,
    rate: Annotated[
        list[float] | None, typer.Option(callback=_rate, help="Rates of your own in place of the five (repeatable).")
    ] = None,
    output: Annotated[Path, typer.Option(callback=_output, help="Where the figure of the rates goes.")] = Path("rates.png"),
    threads: Threads = 1,
) -> None:
    """Train with five learning rates, and say which is too small, good, large, oscillating, diverging, by what the losses do.

    A second figure, NAME_rules, shows what momentum and Adam change. Exit status: 130 after Ctrl-C.
    """
    if rate and len(set(rate)) > MOST:
        raise typer.BadParameter(f"{len(set(rate))} came; wanted at most {MOST}", param_hint="--rate")
    limit_threads(threads)
    console = Console(highlight=False, markup=False)
    experiments: list[Experiment] = []
    interrupted = False
    try:
        for name in [name for name in TASKS if not task or name in task]:
            experiments.append(experiment := Experiment(TASKS[name], sorted(set(rate)) if rate else TASKS[name].rates))
            with progress(experiment.task.steps) as watch:
                experiment.fill(watch)
    except KeyboardInterrupt:
        interrupted = True
    with held() as asked:
        if done := [experiment for experiment in experiments if experiment.runs]:
            _tell(done, output, console)
        if interrupted or asked.is_set():
            made = "what was done by then is above. The words compare the runs that had ended." if done else "no run had ended."
            console.print(f"Interrupted: {made}", soft_wrap=True)
            raise typer.Exit(130)


def _tell(experiments: list[Experiment], output: Path, console: Console) -> None:
    """Print the tables and save the figures of what was done."""
    definitions(console)
    for experiment in experiments:
        show(experiment, console)
    figure.plot(experiments, output)
    saved = f"Losses and paths saved to {output}"
    if swept := [experiment for experiment in experiments if experiment.swept]:
        second = output.with_name(f"{output.stem}_rules{output.suffix}")
        rules_figure.plot(swept, second)
        saved += f", momentum and Adam to {second}"
    console.print(saved, soft_wrap=True)
