"""The process in which units are timed: one for each number of threads, because a library takes its threads when it is loaded.

The parent (benchmarks/process.py) sends a task and waits for its answer; a process that dies costs the unit that it worked on.
"""

from __future__ import annotations

import os
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from multiprocessing.connection import Connection
from typing import Any

from benchmarks.units import Unit

Task = tuple[str, Any]
"""("devices", names), ("limits", (threads, devices, side)), ("unit", (unit, rounds, budget)) or ("end", None)."""


@contextmanager
def environment(threads: int) -> Iterator[None]:
    """What a child must find in its environment when it starts; afterwards the parent's own is as before."""
    from conformance.threads import set_environment

    before = dict(os.environ)
    set_environment(threads)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def main(connection: Connection, threads: int) -> None:
    """Answer tasks until the end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to hear, and it ends this process
    from conformance import threads as pool

    with tempfile.TemporaryDirectory(prefix="gradwitness-benchmarks-") as scratch, pool.pinned(threads) as processors:
        os.environ["TORCHINDUCTOR_CACHE_DIR"] = scratch  # what an earlier run has compiled would not be compile time
        os.environ.setdefault("TORCHINDUCTOR_COMPILE_THREADS", "1")
        pool.limit_loaded(threads)
        connection.send({"processors": processors})
        while True:
            kind, task = connection.recv()
            if kind == "end":
                return
            connection.send(_answer(kind, task))


def _answer(kind: str, task: Any) -> dict[str, Any]:
    """What is sent back; an error of a task is an answer, too: the parent says it, and this process goes on."""
    try:
        return _seen(task) if kind == "devices" else _limits(*task) if kind == "limits" else _unit(*task)
    except Exception as error:
        subject = task[0] if kind == "unit" else kind
        return {"not_run": {str(subject): f"{type(error).__name__}: {error}".partition("\n")[0]}}


def _seen(names: Sequence[str]) -> dict[str, Any]:
    """Framework -> the devices that it sees; none where it does not load."""
    from gradwitness import frameworks

    seen: dict[str, Any] = {}
    for name in names:
        try:
            seen[name] = frameworks.load(name).devices()
        except frameworks.Unavailable:
            seen[name] = []
    return seen


def _limits(threads: int, devices: tuple[str, ...], side: int) -> dict[str, Any]:
    from benchmarks.limits import measure

    return {"limits": asdict(measure(threads, devices, side)), "versions": _versions(), "devices": _devices()}


def _unit(unit: Unit, rounds: int, budget: float) -> dict[str, Any]:
    from benchmarks.timing import time_unit

    return asdict(time_unit(unit, rounds, budget)) | {"versions": _versions(), "devices": _devices()}


def _versions() -> dict[str, str]:
    from benchmarks.results import Results

    return Results(1).versions() | ({"jaxlib": sys.modules["jaxlib"].__version__} if "jaxlib" in sys.modules else {})


def _devices() -> list[str]:
    from benchmarks.devices import NAME, stand_in
    from benchmarks.results import device_names

    return [NAME] if stand_in() else device_names()
