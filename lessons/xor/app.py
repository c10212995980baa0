"""The XOR lesson's command.

Gradient descent on the four points at once, in float64, from the same weights everywhere. Where the network does not learn XOR, a
smaller rate is tried if the rate is to blame, and then a wider network. They are shown side by side, and why they end as they do.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console

from lessons.columns import COLUMNS, held
from lessons.progress import progress
from lessons.script import Threads, chosen, limit_threads, threads_in_use, wanted
from lessons.script import adapter as _adapter
from lessons.script import output as _output
from lessons.xor.experiment import Experiment
from lessons.xor.figure import plot
from lessons.xor.seeds import learning_seeds
from lessons.xor.setting import Setting, learned
from lessons.xor.table import overview, show
from lessons.xor.why import counted

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


_hidden = wanted("1 or more", lambda n: n >= 1)
_seed = wanted(f"0 to {2**32 - 1}", lambda n: 0 <= n < 2**32)
_rate = wanted("a finite number, 0 or more", lambda x: math.isfinite(x) and x >= 0)
_epochs = wanted("0 or more", lambda n: n >= 0)


@app.command()
def main(
    hidden: Annotated[int, typer.Option(callback=_hidden, help="Hidden units.")] = 3,
    seed: Annotated[int, typer.Option(callback=_seed, help="Seed of the weights.")] = 42,
    rate: Annotated[float, typer.Option(callback=_rate, help="Learning rate.")] = 0.5,
    epochs: Annotated[int, typer.Option(callback=_epochs, help="Updates, each on all four points.")] = 1000,
    loss: Annotated[Literal["bce", "mse"], typer.Option(help="Binary cross entropy or mean squared error.")] = "bce",
    output: Annotated[Path, typer.Option(callback=_output, help="Where the figure goes.")] = Path("xor.png"),
    adapter: Annotated[
        list[str] | None, typer.Option(callback=_adapter, help=f"Only this column (repeatable): {', '.join(COLUMNS)}.")
    ] = None,
    seeds: Annotated[
        int, typer.Option(callback=_epochs, help="Train with so many other seeds, too, and count which of them learn.")
    ] = 0,
    threads: Threads = 1,
) -> None:
    """Train the two-layer network on XOR in NumPy, which is always shown, and in every installed framework, side by side.

    Exit status: 1 if a gradient is wrong or the columns differ and nothing explains it, 130 after Ctrl-C.
    """
    limit_threads(threads)
    experiments: list[Experiment] = []
    luck: list[tuple[Setting, list[int]]] = []
    interrupted = False
    with progress(epochs) as watch:
        try:
            for experiment in _settings(Setting(hidden, seed, rate, epochs, loss)):
                experiments.append(experiment)
                experiment.fill(chosen(adapter) if len(experiments) == 1 else experiments[0].columns.runs, watch, threads)
            luck = [(experiment.setting, learning_seeds(experiment.setting, seeds, watch)) for experiment in experiments]
        except KeyboardInterrupt:
            interrupted = True
    with held() as asked:
        console = Console(highlight=False, markup=False)
        done = [experiment for experiment in experiments if experiment.columns.runs]
        if done:
            overview(done, console)
        for experiment in done:
            show(experiment, console)
        if seeds and luck:
            console.print(" ".join(counted(luck, seeds)), end="\n\n")
        if done:
            plot(done, output)
            console.print(threads_in_use(threads), end="\n\n")
            console.print(f"Figure saved to {output}", soft_wrap=True)
        if interrupted or asked.is_set():
            console.print("Interrupted: what was done by then is above.")
            raise typer.Exit(130)
    if any(experiment.failed for experiment in done):
        raise typer.Exit(1)


def _settings(setting: Setting) -> Iterator[Experiment]:
    """The experiments to make, one after the other. Each is filled before the next is asked for."""
    yield (experiment := Experiment(setting))
    if experiment.rate_is_to_blame and not experiment.failed:
        yield (experiment := Experiment(experiment.setting.slower()))
    if not learned(experiment.history) and not experiment.failed:
        yield Experiment(experiment.setting.wider())
