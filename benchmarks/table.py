"""The closing section: ratios to the reference, what preparing took, the project's own costs, and on what machine."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks import asked
from benchmarks.plan import PHASES, REFERENCE, Implementation
from benchmarks.results import Results, Sample, device_names
from benchmarks.sizes import PEERS
from conformance import threads
from conformance.machine import describe_machine

WIDTH = 400
"""More than any table has: they take the width that they need."""
QUIET = 0.9
"""Processors at work for each thread, below which something else was using them."""
MOVES = {"to device": "to_device", "from device": "from_device"}


def render(results: Results) -> str:
    """Everything measured so far, as text."""
    devices = dict.fromkeys(who.device for who in results.implementations if who != REFERENCE)
    tables = [_ratios(results, device) for device in devices]
    if results.preparation:
        tables += [_compiling(results), _moving(results)]
    console = Console(width=WIDTH, color_system=None, highlight=False, emoji=False, markup=False)
    with console.capture() as capture:
        for table in tables:
            if table.rows:
                title, table.title = table.title, None  # as a part of the table it would be broken to the table's width
                console.print(title, table, sep="\n")
        for line in _lines(results):
            console.print(line, soft_wrap=True)
    return capture.get()


def duration(seconds: float) -> str:
    """Three digits and a unit."""
    for unit, scale in (("s", 1.0), ("ms", 1e-3), ("us", 1e-6)):
        if seconds >= scale:
            return f"{seconds / scale:.3g} {unit}"
    return f"{seconds / 1e-9:.3g} ns"


def _ratios(results: Results, device: str) -> Table:
    others = [who for who in results.implementations if who != REFERENCE and who.device == device]
    table = _table(
        f"on {device}: time against the reference's, medians over all passes (± half the interquartile range of both); "
        "below 1 is faster than NumPy",
        ["model", "size", "phase", "reference"],
        others,
    )
    for group, row in _sections(table, results.samples, lambda group: group[:2]):
        reference = row.get(REFERENCE)
        absolute = f"{duration(reference.median)} ±{reference.spread:.0%}" if reference else "-"
        table.add_row(*group, absolute, *(_ratio(results.ratio(group, who)) for who in others))
    return table


def _ratio(ratio: tuple[float, float] | None) -> str:
    return "-" if ratio is None else f"{ratio[0]:.3g} ±{ratio[1]:.0%}"


def _compiling(results: Results) -> Table:
    compiled = [who for who in _prepared(results) if who.mode != "eager"]
    title = (
        "compile time: the first call less a later one, apart from the above; torch's step runs what forward+backward compiled"
    )
    table = _table(title, ["model", "size", "phase"], compiled)
    for (model, size), row in _sections(table, results.preparation, lambda problem: problem):
        for phase in PHASES:
            cells = [_compile_time(row.get(who), phase) for who in compiled]
            if any(cell != "-" for cell in cells):
                table.add_row(model, size, phase, *cells)
    return table


def _compile_time(taken: dict[str, Any] | None, phase: str) -> str:
    return duration(max(taken["first"][phase] - taken["steady"][phase], 0)) if taken and phase in taken["first"] else "-"


def _moving(results: Results) -> Table:
    arrays = ("numpy", *PEERS)  # who computes on NumPy's own has nothing to move
    everyone = [who for who in _prepared(results) if who.framework not in arrays and who.mode == "eager"]  # same in other modes
    title = "transfer: x and labels to the device; loss and gradients back to NumPy arrays in the reference's layouts"
    table = _table(title, ["model", "size", ""], everyone)
    for (model, size), row in _sections(table, results.preparation if everyone else {}, lambda problem: problem[:1]):
        for label, key in MOVES.items():
            table.add_row(model, size, label, *(duration(row[who][key]) if who in row else "-" for who in everyone))
    return table


def _prepared(results: Results) -> list[Implementation]:
    return list(dict.fromkeys(who for row in results.preparation.values() for who in row))


def _lines(results: Results) -> Iterator[str]:
    for name, seconds in results.imports.items():
        used = [f"{who.mode} on {who.device} {duration(taken)}" for who, taken in results.starts.items() if who.framework == name]
        first = "" if name in PEERS else "; first use of " + ", ".join(used)
        yield f"{name}: import {duration(seconds)}{first}"
    yield from (f"not timed, as it differs or breaks: {place}: {reason}" for place, reason in results.differ.items())
    by_reason: dict[str, list[str]] = {}
    for who, reason in results.not_run.items():
        by_reason.setdefault(reason, []).append(str(who))
    yield from (f"not run: {', '.join(names)}: {reason}" for reason, names in by_reason.items())
    yield from (f"{name}: {_cost(sample)}" for name, sample in results.costs.items())
    for name, pair in results.differences.items():
        if all(part in results.costs for part in pair):
            whole, part = (results.costs[name] for name in pair)
            yield f"{name}: {duration(whole.median - part.median)} ± {duration(_half_range(whole, part))}"
    yield from asked.lines(results)
    yield from results.notes
    yield from _conditions(results)


def _half_range(*samples: Sample) -> float:
    """Half the interquartile ranges, in quadrature."""
    return math.hypot(*(sample.spread * sample.median for sample in samples))


def _cost(sample: Sample) -> str:
    first, third = sample.quartiles
    return f"median {duration(sample.median)}, quartiles {duration(first)} and {duration(third)}, of {len(sample.seconds)}"


def _conditions(results: Results) -> Iterator[str]:
    yield "versions: " + ", ".join(f"{name} {version}" for name, version in results.versions().items())
    said = "; ".join(f"{name} {value}" for name, value in threads.in_use().items())
    yield f"threads: {results.count} each, on processors {results.processors or 'of the system`s choice'}; {said}"
    if shares := _shares(results):
        yield "processors at work (CPU seconds per second, highest and lowest pass): " + ", ".join(
            f"{who} {max(own):.2f} and {min(own):.2f}" for who, own in shares.items()
        )
        on_cpu = [share for who, own in shares.items() if who.device == "cpu" for share in own]
        if disturbed := sum(share < QUIET * results.count for share in on_cpu):
            yield (
                f"disturbed: {disturbed} of {len(on_cpu)} passes on the CPU had less than {QUIET:.0%} of their processors: "
                "close other programs, or count CPU time instead, with --benchmark-timer time.process_time"
            )
    machine = describe_machine()
    yield f"machine: {machine['processor']}, {machine['processors']} processors, {machine['memory_gib']} GiB, {machine['system']}"
    yield f"devices: {', '.join(device_names()) or 'no GPU'}"


def _shares(results: Results) -> dict[Implementation, list[float]]:
    return {
        who: [share for row in results.samples.values() if who in row for share in row[who].shares]
        for who in results.implementations
    }


def _table(title: str, columns: list[str], implementations: Iterable[Implementation]) -> Table:
    table = Table(title=title, pad_edge=False)
    for column in columns:
        table.add_column(column, justify="right" if column == "reference" else "left", no_wrap=True)
    for who in implementations:
        table.add_column(f"{who.framework}\n{who.mode}\n{who.device}", justify="right", no_wrap=True)
    return table


def _sections(table: Table, rows: dict[Any, Any], key: Callable[[Any], Any]) -> Iterator[tuple[Any, Any]]:
    """The items of rows, with a rule in the table wherever the key changes."""
    last = None
    for name, row in rows.items():
        if last is not None and key(name) != last:
            table.add_section()
        last = key(name)
        yield name, row
