"""The command of the step lesson: one training step of a small network, number by number."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console

from lessons.columns import COLUMNS
from lessons.script import adapter as _adapter
from lessons.script import chosen, limit_threads, wanted
from lessons.script import output as _output
from lessons.step.beside import beside
from lessons.step.by_hand import ask
from lessons.step.graph import plot
from lessons.step.network import MOST, Setting, step
from lessons.step.table import show

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)

_hidden = wanted(f"1 to {MOST}", lambda n: 1 <= n <= MOST)
_seed = wanted(f"0 to {2**32 - 1}", lambda n: 0 <= n < 2**32)
_rate = wanted("a finite number, 0 or more", lambda x: math.isfinite(x) and x >= 0)


@app.command()
def main(
    hidden: Annotated[int, typer.Option(callback=_hidden, help="Hidden units.")] = 3,
    loss: Annotated[Literal["bce", "mse"], typer.Option(help="Binary cross entropy or mean squared error.")] = "bce",
    rate: Annotated[float, typer.Option(callback=_rate, help="Learning rate.")] = 0.5,
    seed: Annotated[int, typer.Option(callback=_seed, help="Seed of the weights.")] = 42,
    by_hand: Annotated[bool, typer.Option("--by-hand", help="Ask for each number, and say whether it is right.")] = False,
    graph: Annotated[
        Path | None, typer.Option(callback=_output, help="Draw the computational graph into this file.", show_default=False)
    ] = None,
    adapter: Annotated[
        list[str] | None, typer.Option(callback=_adapter, help=f"Only this column (repeatable): {', '.join(COLUMNS)}.")
    ] = None,
) -> None:
    """Calculate one training step: forward pass, loss, backward pass, update. Each line names the rule that it applies.

    Beside the gradients stand those of every installed framework. Exit status: 1 if one of them differs by more than rounding.
    """
    setting = Setting(hidden, loss, rate, seed)
    values = step(setting)
    console = Console(highlight=False, markup=False)
    if graph is not None:
        plot(setting, values, graph)
    if by_hand:
        ask(setting, values, console)
    else:
        limit_threads(1)
        others = beside(setting, [name for name in chosen(adapter) if name != "numpy"])
        show(setting, values, others, console)
        if graph is not None:
            console.print(f"Graph saved to {graph}", soft_wrap=True)
        if others.wrong:
            raise typer.Exit(1)
