"""The lesson's script: one small network learns XOR, or does not, in NumPy and in every framework side by side.

    python -m lessons.xor

Gradient descent on the four points at once, in float64, from the same weights everywhere. Where the setting asked for
does not learn XOR, a wider network is trained too. All that is said about a run is computed from it, the verdict included.
"""

from __future__ import annotations

import math
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn

import adapters
from lessons.runs import Outcome, Setting, Tick, Watch, fill, held
from lessons.telling import plot, show

COLUMNS = ("numpy", *adapters.NAMES)
SUFFIXES = (".png", ".pdf", ".svg")


@contextmanager
def progress(epochs: int) -> Iterator[Watch]:
    """A bar on stderr, once a second has passed. watch(description) starts it anew and returns what to call after each epoch."""
    console = Console(stderr=True)
    columns = (SpinnerColumn(), "{task.description}", BarColumn())
    bar = Progress(*columns, console=console, disable=not console.is_terminal, transient=True, redirect_stdout=False)
    task = bar.add_task("", total=epochs)

    def watch(description: str) -> Tick:
        bar.reset(task, description=description)
        return lambda: bar.advance(task)

    timer = threading.Timer(1.0, bar.start)
    timer.daemon = True
    timer.start()
    try:
        yield watch
    finally:
        timer.cancel()
        timer.join()
        bar.stop()


def _wanted(what: str, holds: Callable[[Any], bool]) -> Callable[[Any], Any]:
    def check(value: Any) -> Any:
        for each in value if isinstance(value, list) else [value]:
            if each is not None and not holds(each):
                raise typer.BadParameter(f"{str(each)!r} came; wanted {what}")
        return value

    return check


def _writable(path: Path) -> bool:
    return not path.is_dir() and os.access(path if path.exists() else path.parent, os.W_OK)


def _output(path: Path) -> Path:
    _wanted(f"a name that ends in {', '.join(SUFFIXES)}", lambda path: path.suffix.lower() in SUFFIXES)(path)
    _wanted("a file in a directory that exists", lambda path: path.parent.is_dir())(path)
    _wanted("a file that can be written", _writable)(path)
    return path


app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


_hidden = _wanted("1 or more", lambda n: n >= 1)
_seed = _wanted(f"0 to {2**32 - 1}", lambda n: 0 <= n < 2**32)
_rate = _wanted("a finite number, 0 or more", lambda x: math.isfinite(x) and x >= 0)
_epochs = _wanted("0 or more", lambda n: n >= 0)
_adapter = _wanted(f"one of {', '.join(COLUMNS)}", lambda name: name in COLUMNS)


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
) -> None:
    """Train the two-layer network on XOR in NumPy, which is always shown, and in every installed framework, side by side."""
    names = [name for name in COLUMNS if name == "numpy" or not adapter or name in adapter]
    outcomes = [Outcome(Setting(hidden, seed, rate, epochs, loss))]
    interrupted = False
    with progress(epochs) as watch:
        try:
            fill(outcomes[0], names, watch)
            if not outcomes[0].columns["numpy"].learned:
                outcomes.append(Outcome(outcomes[0].setting.wider()))
                fill(outcomes[1], outcomes[0].columns, watch)
        except KeyboardInterrupt:
            interrupted = True
    with held() as asked:
        console = Console(highlight=False, markup=False)
        done = [outcome for outcome in outcomes if outcome.columns]
        for outcome in done:
            show(outcome, console)
        if done:
            plot(done, output)
            console.print(f"Loss curves saved to {output}", soft_wrap=True)
        if interrupted or asked.is_set():
            console.print("Interrupted: what was done by then is above.")
            raise typer.Exit(130)


if __name__ == "__main__":
    app()
