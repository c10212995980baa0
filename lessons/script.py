"""What the scripts share: a progress bar on stderr, and options that are refused before anything is trained."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn

from conformance import threads
from lessons.columns import COLUMNS, Tick, Watch

SUFFIXES = (".png", ".pdf", ".svg")


@contextmanager
def progress(steps: int) -> Iterator[Watch]:
    """A bar on stderr, once a second has passed. watch(description) starts it anew and returns what to call after each step."""
    console = Console(stderr=True)
    columns = (SpinnerColumn(), "{task.description}", BarColumn())
    bar = Progress(*columns, console=console, disable=not console.is_terminal, transient=True, redirect_stdout=False)
    task = bar.add_task("", total=steps)

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


def wanted(what: str, holds: Callable[[Any], bool]) -> Callable[[Any], Any]:
    """A callback of an option, or of a list of them: a value that does not hold is refused, in the words of what."""

    def check(value: Any) -> Any:
        for each in value if isinstance(value, list) else [value]:
            if each is not None and not holds(each):
                raise typer.BadParameter(f"{str(each)!r} came; wanted {what}")
        return value

    return check


def _writable(path: Path) -> bool:
    return not path.is_dir() and os.access(path if path.exists() else path.parent, os.W_OK)


def output(path: Path | None) -> Path | None:
    """The callback of an option for a figure's file."""
    if path is not None:
        wanted(f"a name that ends in {', '.join(SUFFIXES)}", lambda path: path.suffix.lower() in SUFFIXES)(path)
        wanted("a file in a directory that exists", lambda path: path.parent.is_dir())(path)
        wanted("a file that can be written", _writable)(path)
    return path


Threads = Annotated[int, typer.Option(min=1, help="Threads for each column.")]


def limit_threads(count: int) -> None:
    """Give every library so many threads: those that are loaded, and those that will be."""
    threads.set_environment(count)
    threads.limit_loaded(count)


def threads_in_use(count: int) -> str:
    """How many threads the columns had, in a sentence, and what the libraries themselves say."""
    said = "; ".join(f"{library} {value}" for library, value in threads.in_use().items())
    return f"Threads for each column: {count} ({said})."


adapter = wanted(f"one of {', '.join(COLUMNS)}", lambda name: name in COLUMNS)


def chosen(names: list[str] | None) -> list[str]:
    """The columns that were asked for, all of them if none was; numpy is always shown."""
    return [name for name in COLUMNS if name == "numpy" or not names or name in names]
