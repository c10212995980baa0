"""Progress on stderr: a bar on a terminal, a line every ten seconds anywhere else."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TimeRemainingColumn

from lessons.columns import Tick, Watch

EVERY = 10.0
"""Seconds between two lines."""


@contextmanager
def progress(steps: int, stream: TextIO | None = None, every: float = EVERY) -> Iterator[Watch]:
    """Show how far a run of so many steps is. watch(description) begins a run and returns what to call after each step."""
    stream = stream or sys.stderr
    with (_bar if stream.isatty() else _lines)(steps, stream, every) as watch:
        yield watch


@contextmanager
def _bar(steps: int, stream: TextIO, _every: float) -> Iterator[Watch]:
    """A bar, once a second has passed: most runs are shorter."""
    shown = (SpinnerColumn(), "{task.description}", BarColumn(), MofNCompleteColumn(), "steps", TimeRemainingColumn())
    bar = Progress(*shown, console=Console(file=stream), transient=True, redirect_stdout=False)
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


@dataclass
class Pace:
    """How far a run is, and how long the rest takes if it goes on at its pace. clock gives seconds."""

    description: str
    total: int
    clock: Callable[[], float] = time.monotonic
    done: int = 0
    started: float = field(init=False)

    def __post_init__(self) -> None:
        self.started = self.clock()

    def step(self) -> None:
        """One step more."""
        self.done += 1

    def __str__(self) -> str:
        seconds = self.clock() - self.started
        if not self.done:
            return f"{self.description}, {seconds:.0f} s so far"
        left = seconds / self.done * (self.total - self.done)
        return f"{self.description}, {self.done} of {self.total} steps, about {left:.0f} s left"


@contextmanager
def _lines(steps: int, stream: TextIO, every: float) -> Iterator[Watch]:
    """A line at regular intervals, from a thread: loading and compiling make no steps, and take long."""
    pace = Pace("starting", steps)
    ended = threading.Event()

    def watch(description: str) -> Tick:
        nonlocal pace
        pace = Pace(description, steps)
        return pace.step

    def speak() -> None:
        while not ended.wait(every):
            stream.write(f"{pace}\n")
            stream.flush()

    speaker = threading.Thread(target=speak, daemon=True)
    speaker.start()
    try:
        yield watch
    finally:
        ended.set()
        speaker.join()
