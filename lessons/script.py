"""What the lessons' scripts share: options that are refused before anything is trained, and threads."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from conformance import threads
from lessons.columns import COLUMNS

SUFFIXES = (".png", ".pdf", ".svg")


def wanted(what: str, holds: Callable[[Any], bool]) -> Callable[[Any], Any]:
    """A callback that refuses an option, or one in a list, where holds(value) is false. what says which values do hold."""

    def check(value: Any) -> Any:
        for each in value if isinstance(value, list) else [value]:
            if each is not None and not holds(each):
                raise typer.BadParameter(f"{str(each)!r} came; wanted {what}")
        return value

    return check


def _writable(path: Path) -> bool:
    return not path.is_dir() and os.access(path if path.exists() else path.parent, os.W_OK)


def output(path: Path | None) -> Path | None:
    """The callback of an option that names a figure's file."""
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
    """The columns that were asked for, or all of them if none was. numpy is always shown."""
    return [name for name in COLUMNS if name == "numpy" or not names or name in names]


def listed(words: Sequence[str]) -> str:
    """a, b and c."""
    return " and ".join(", ".join(words).rsplit(", ", 1))
