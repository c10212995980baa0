"""The result of a run, put together from its journal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import numpy as np

from benchmarks import checkout
from benchmarks.devices import stand_in
from benchmarks.rounds import STEADY, WARM_LIMIT, interval
from benchmarks.store import Bandwidth, Cell, Control, Limits, Product, Result

METHOD = (
    "Implementations are timed in turn, in rounds of random order; a round is at least 5 ms of calls, garbage collection off.",
    f"Warming up ends when the median of three rounds is within {STEADY:.0%} of that of the three before, or after {WARM_LIMIT}.",
    "Everything is verified before it is timed: as it is timed; in PyTorch and TensorFlow with deterministic algorithms, too.",
    "Compilers that take half a minute are verified as they are timed alone. While anything is timed, determinism is off.",
    "JAX has 64-bit types on, as in verification. Whatever is timed is float32, but for the precision that a cell names.",
    "Memory of a cell: on the CPU what is resident beyond what was before its model was built, what compiling keeps included.",
    "It is good to a few MiB. On a GPU it is what the framework allocates.",
)


def result_of(
    choice: str,
    started: str,
    entries: Iterable[Mapping[str, Any]],
    left_out: Mapping[str, str],
    processors: Mapping[int, list[int]],
) -> Result:
    """Everything that the units found, as one result."""
    limits, pairs, devices, cells = Limits(), [], [], []
    versions: dict[str, str] = {}
    not_run, differ, notes = dict[str, str](), dict[str, str](), list(METHOD)
    for entry in entries:
        cells += [Cell(**each) for each in entry.get("cells", ())]
        pairs += entry.get("control", ())
        devices += [name for name in entry.get("devices", ()) if name not in devices]
        versions |= entry.get("versions", {})
        not_run |= entry.get("not_run", {})
        differ |= entry.get("differ", {})
        notes += [note for note in entry.get("notes", ()) if note not in notes]
        if told := entry.get("limits"):
            limits.matmul.extend(Product(**each) for each in told["matmul"])
            limits.bandwidth.extend(Bandwidth(**each) for each in told["bandwidth"])
    if stand_in():
        notes.insert(0, "No GPU: a CPU stood in for it. Nothing here is a measurement of a GPU.")
    for threads, chosen in processors.items():
        notes.append(f"{threads} thread{'s' if threads > 1 else ''}: on processors {chosen or 'of the system`s choice'}.")
    return Result(
        machine=checkout.machine(devices),
        commit=checkout.commit(),
        dirty=bool(checkout.changes()),
        started=started,
        finished=datetime.now(UTC).isoformat(timespec="seconds"),
        versions=versions,
        choice=choice,
        limits=limits,
        control=control_of(pairs),
        cells=cells,
        notes=notes,
        not_run=not_run | dict(left_out),
        differ=differ,
    )


def control_of(pairs: Iterable[Iterable[float]]) -> Control | None:
    """From pairs of times of the same thing in the same round: the median of their ratios, and its 95% interval."""
    ratios = [first / second for first, second in pairs]
    if not ratios:
        return None
    low, high = interval(ratios)
    return Control(float(np.median(ratios)), low, high, trusted=low <= 1 <= high)
