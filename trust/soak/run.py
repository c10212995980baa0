"""Shares blocks of seeds among workers and records each as it is finished. The soak can be stopped at any time."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import takewhile
from types import FrameType
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from conformance.distributed import each
from trust.places import ENVIRONMENT
from trust.soak import examination
from trust.soak.results import Block, Outcome, Tally, tallies

DEADLY = "one of the adapters ends the process that runs this block: replay it with each of them"


class Keeps(Protocol):
    """A record of tallies."""

    def add(self, tally: Tally) -> None:
        """Write a tally."""
        ...


def soak(
    record: Keeps,
    blocks: Sequence[Block],
    minutes: float,
    workers: int,
    scheduler: str = "",
    run: Callable[[Block], list[Tally]] = examination.run,
) -> None:
    """Run blocks until all are done or the minutes are over, with a progress bar on stderr.

    Ctrl-C does what the end of the minutes does: blocks that have begun are finished and recorded, and no other begins. A second
    Ctrl-C drops them.
    """
    until = time.monotonic() + 60 * minutes
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    bar = Progress(*columns, console=console, disable=not console.is_terminal)
    pressed = _on_interrupt(console)
    todo: Iterator[Block] = takewhile(lambda _: not pressed and time.monotonic() < until, blocks)
    if not blocks or time.monotonic() >= until:
        return
    count = min(workers, len(blocks))
    with bar:
        task = bar.add_task("blocks", total=len(blocks))
        for found in each(partial(work, run), todo, dead, workers=count, scheduler=scheduler, prepare=prepare):
            for tally in found:
                record.add(tally)
            bar.advance(task)


def prepare() -> None:
    """Called in each worker before it works."""
    os.environ |= ENVIRONMENT


_last = ""
"""The op of the last block that this worker ran."""


def work(run: Callable[[Block], list[Tally]], block: Block) -> list[Tally]:
    """Run a block in a worker. When the op changes, JAX drops the programs it has compiled: each holds 1.5 MB."""
    global _last  # noqa: PLW0603  the state of a worker's process
    if block.name != _last and "jax" in sys.modules:
        sys.modules["jax"].clear_caches()
    _last = block.name
    return run(block)


def dead(block: Block) -> list[Tally]:
    """Alarms for a block that ends its worker twice."""
    found = tallies(block)
    for tally in found:
        tally.add(block.first, Outcome("alarm", float("inf"), message=DEADLY))
    return found


def _on_interrupt(console: Console) -> list[int]:
    """A list that the first Ctrl-C makes longer. A second Ctrl-C raises KeyboardInterrupt."""
    pressed: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        pressed.append(number)
        console.print("stopping: what has begun is finished and recorded (Ctrl-C again drops it)")
        signal.signal(signal.SIGINT, signal.default_int_handler)

    signal.signal(signal.SIGINT, note)
    return pressed
