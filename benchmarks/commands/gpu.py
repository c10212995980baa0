"""`python -m benchmarks gpu`: one prepared command for a machine with a GPU, of six minutes at most."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from typing import Annotated, Any

import typer

import adapters
from benchmarks import devices
from benchmarks.checkout import processors
from benchmarks.commands.cells import verify
from benchmarks.commands.progress import Watch
from benchmarks.commands.run import finish
from benchmarks.driver import Run
from benchmarks.process import Child, Gone
from benchmarks.store import Result
from benchmarks.units import Wanted

MINUTES = 6.0
MATRIX = 0.4
"""The share of the time that the matrix may take."""
RESERVE = 20.0
"""Seconds that are left for what is not timed: starting processes, writing the result."""
NUMBERS = (64, 256, 1024, 4096, 8192)
"""Widths of the network: a GPU needs large ones."""


def gpu(
    minutes: Annotated[float, typer.Option(min=0.5, help="For everything.")] = MINUTES,
    keep: Annotated[bool, typer.Option("--keep", help="Keep the result in benchmarks/results, to be committed.")] = False,
    stand_in: Annotated[
        bool, typer.Option("--stand-in", help="A CPU in place of the GPU: to see that the command works, not to measure.")
    ] = False,
) -> None:
    """Verify the matrix's generic cases on the GPU, then time a training step on CPU and GPU, transfers apart.

    What is not installed is left out and said. Exit status: 1 if something disagrees with the reference, 2 without a GPU.
    """
    if stand_in:
        os.environ[devices.VARIABLE] = "1"  # for the processes that this one starts, too
    wanted = Wanted(
        "gpu", model=("mlp",), sweep=("width",), number=NUMBERS, device=("cpu", "cuda"),
        threads=tuple(dict.fromkeys((1, processors()))),
    )  # fmt: skip
    finish(measure(wanted, minutes), keep=keep)


def measure(wanted: Wanted, minutes: float, options: Sequence[str] = ()) -> Result:
    """Everything within so many minutes. options are pytest's, for the matrix.

    Raises typer.BadParameter where no framework sees a GPU.
    """
    end = time.monotonic() + minutes * 60 - RESERVE
    with Watch() as watch:
        seen = _seen([name for name in adapters.NAMES if not wanted.framework or name in wanted.framework])
        there = [name for name, names in seen.items() if devices.actual("cuda") in names]
        if not there:
            told = "; ".join(f"{name}: {', '.join(names) or 'not installed'}" for name, names in seen.items())
            raise typer.BadParameter(f"no framework here sees a GPU ({told}). --stand-in tries the command on a CPU")
        run = Run(wanted, minutes, watch, end=end, anew=True)
        watch("the matrix's generic cases on the GPU", 0.0, end - time.monotonic())
        run.journal.add("matrix", verify(there, MATRIX * (end - time.monotonic()), options))
        result = run()
        run.journal.delete()
        return result


def _seen(names: Sequence[str]) -> dict[str, list[str]]:
    """Framework -> the devices that it sees; none where it is not installed or broken. Asked in a process of its own."""
    child = Child(1)
    try:
        answer: dict[str, Any] = child.ask("devices", names, 120.0)
    except Gone as reason:
        raise typer.BadParameter(f"the frameworks cannot be loaded: {reason}") from reason
    else:
        return answer
    finally:
        child.kill()
