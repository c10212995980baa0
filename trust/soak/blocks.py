"""How the soak is carried on: blocks of seeds by several processes, recorded as it goes; it can be stopped at any time."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import asdict
from itertools import pairwise
from operator import itemgetter
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from conformance.threads import set_environment
from trust.journal import COMPILED, Journal
from trust.places import FOLDER
from trust.soak.draws import cases, run
from trust.soak.tally import Block, Tally

RECORD = FOLDER / "soak.jsonl"
EDGES = (0, 5, 50, 200, 500)
"""Blocks end here, and at every five hundred after: a bounded soak covers all cases evenly, a long one compiles seldom."""
Place = tuple[str, str, str, str, str, int]


def spans(seeds: int) -> list[tuple[int, int]]:
    """The blocks of the seeds 0, ..., seeds - 1: first and behind the last."""
    edges = [edge for edge in (*EDGES, *range(EDGES[-1] + 500, seeds, 500)) if edge < seeds]
    return list(pairwise([*edges, seeds]))


class Record:
    """A journal of what was run: a tally for each adapter and block."""

    def __init__(self, file: Path = RECORD) -> None:
        self.journal = Journal(file, itemgetter("kind", "name", "case_id", "dtype", "adapter", "first"))

    @property
    def tallies(self) -> list[Tally]:
        """All that there are."""
        return [Tally(**entry) for entry in self.journal.entries.values()]

    def add(self, tally: Tally) -> None:
        """Write one down."""
        self.journal.add(asdict(tally))

    def forget(self, ops: Sequence[str]) -> None:
        """Forget what was run of the ops named, or all: their source, or the engine's, is another now."""
        self.journal.forget(lambda entry: not ops or entry["name"] in ops)

    def lacks(self, place: Place, last: int) -> bool:
        """Whether a block is still to be run. One with an alarm is: what raised it may have been mended."""
        entry = self.journal.entries.get(place)
        return entry is None or entry["last"] < last or bool(entry["alarms"])

    def blocks(self, seeds: int, ops: Sequence[str], adapters: Sequence[str], dtypes: Sequence[str]) -> Iterator[Block]:
        """What is still to be run, the first seeds of every case before the next ones of any."""
        for first, last in spans(seeds):
            for case in cases(ops, dtypes):
                if left := tuple(a for a in adapters if self.lacks((*case, a, first), last)):
                    yield Block(*case, first, last, left)


def soak(record: Record, blocks: Sequence[Block], minutes: float, processes: int) -> None:
    """Run blocks until all are done or the minutes are over, with a progress bar on stderr.

    Ctrl-C ends it as the minutes do: what has begun is finished and recorded, nothing else begins.
    """
    set_environment(1)  # a process has one processor; read by what the spawned ones import
    os.environ |= COMPILED  # a case's next block, or the next run, compiles nothing anew
    until = time.monotonic() + 60 * minutes
    waiting, running = deque(blocks), set[Future[list[Tally]]]()
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    bar = Progress(*columns, console=console, disable=not console.is_terminal)
    stopped = _on_interrupt(console)
    context = multiprocessing.get_context("spawn")  # not forked: frameworks run threads, which a fork loses
    with bar, ProcessPoolExecutor(processes, mp_context=context, initializer=_worker) as pool:
        task = bar.add_task("blocks", total=len(waiting))
        while running or (waiting and not stopped and time.monotonic() < until):
            while waiting and not stopped and time.monotonic() < until and len(running) < 2 * processes:
                running.add(pool.submit(work, waiting.popleft()))
            done, running = wait(running, timeout=1, return_when=FIRST_COMPLETED)
            for future in done:
                for tally in future.result():
                    record.add(tally)
                bar.advance(task)


def work(block: Block) -> list[Tally]:
    """Run a block in a worker; what JAX compiled for an op before it leaves memory, 1.5 MB for each program."""
    if work.__dict__.get("op") != block.name and "jax" in sys.modules:
        sys.modules["jax"].clear_caches()
    work.__dict__["op"] = block.name
    return run(block)


def _worker() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches every process of the terminal; the parent decides
    if hasattr(os, "nice"):
        os.nice(5)


def _on_interrupt(console: Console) -> list[int]:
    """A list that Ctrl-C makes longer. A second one is as always."""
    pressed: list[int] = []

    def note(number: int, _frame: Any) -> None:
        pressed.append(number)
        console.print("stopping: what has begun is finished and recorded (Ctrl-C again drops it)")
        signal.signal(signal.SIGINT, signal.default_int_handler)

    signal.signal(signal.SIGINT, note)
    return pressed
