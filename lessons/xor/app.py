"""The lesson's script: one small network learns XOR, or does not, in NumPy and in every framework side by side.

    python -m lessons.xor

Gradient descent on the four points at once, in float64, from the same weights everywhere. Where the setting asked for
does not learn XOR, a wider network is trained too. All that is said about a run is computed from it, the verdict included.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console

from lessons.columns import COLUMNS, held
from lessons.script import Threads, chosen, limit_threads, progress, threads_in_use, wanted
from lessons.script import adapter as _adapter
from lessons.script import output as _output
from lessons.xor.runs import Outcome, Setting, fill, learned
from lessons.xor.words import plot, show

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
    output: Annotated[Path, typer.Option(callback=_output, help="Where the loss curves go.")] = Path("xor.png"),
    adapter: Annotated[
        list[str] | None, typer.Option(callback=_adapter, help=f"Only this column (repeatable): {', '.join(COLUMNS)}.")
    ] = None,
    threads: Threads = 1,
) -> None:
    """Train the two-layer network on XOR in NumPy, which is always shown, and in every installed framework, side by side."""
    names = chosen(adapter)
    outcomes = [Outcome(Setting(hidden, seed, rate, epochs, loss))]
    limit_threads(threads)
    interrupted = False
    with progress(epochs) as watch:
        try:
            fill(outcomes[0], names, watch, threads)
            if not learned(outcomes[0].columns["numpy"]):
                outcomes.append(Outcome(outcomes[0].setting.wider()))
                fill(outcomes[1], outcomes[0].columns, watch, threads)
        except KeyboardInterrupt:
            interrupted = True
    with held() as asked:
        console = Console(highlight=False, markup=False)
        done = [outcome for outcome in outcomes if outcome.columns]
        for outcome in done:
            show(outcome, console)
        if done:
            plot(done, output)
            console.print(threads_in_use(threads), end="\n\n")
            console.print(f"Loss curves saved to {output}", soft_wrap=True)
        if interrupted or asked.is_set():
            console.print("Interrupted: what was done by then is above.")
            raise typer.Exit(130)
