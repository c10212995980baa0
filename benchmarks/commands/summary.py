"""What a run says at its end: for each sweep and phase, how many times as fast as NumPy each implementation is."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console
from rich.table import Table

from benchmarks.store import Cell, Result
from benchmarks.table import duration


def show(result: Result, console: Console) -> None:
    """Tables, and what else a reader must know."""
    for title, table in tables(result):
        console.print(title, table, sep="\n")
    for limit in result.limits.matmul:
        console.print(f"limit: {_where(limit.device, limit.threads)}, {limit.dtype} products: {limit.gflops:.4g} GFLOP/s")
    for bandwidth in result.limits.bandwidth:
        console.print(f"limit: {_where(bandwidth.device, bandwidth.threads)}, memory: {bandwidth.gib_per_s:.3g} GiB/s")
    for cell, reason in result.differ.items():
        console.print(f"DIFFERS, not timed: {cell}: {reason}", soft_wrap=True)
    by_reason: dict[str, list[str]] = {}
    for cell, reason in result.not_run.items():
        by_reason.setdefault(reason, []).append(cell)
    for reason, cells in by_reason.items():
        console.print(f"not run: {'; '.join(cells)}: {reason}", soft_wrap=True)
    unsteady = sum(note.startswith("not steady") for note in result.notes)
    if unsteady:
        console.print(f"not steady when its rounds began: {unsteady} of {len(result.cells)} cells; their names are in the result")
    console.print(verdict(result), soft_wrap=True)


def verdict(result: Result) -> str:
    """Whether the figures can be trusted: what the control says."""
    control = result.control
    if control is None:
        return "No control was run: nothing says whether these figures can be trusted."
    said = f"NumPy against itself: {control.ratio:.3f}, 95% interval {control.low:.3f} to {control.high:.3f}"
    if control.trusted:
        told = max(control.high, 1 / control.low)
        return f"control: {said}; it contains 1. Nothing that differs by less than a factor of {told:.3f} is told apart"
    return f"THIS RUN CANNOT BE TRUSTED: {said} does not contain 1. Close other programs and run it again."


def tables(result: Result) -> Iterator[tuple[str, Table]]:
    """A title and a table for each model, sweep, phase and number of threads."""
    cells = [cell for cell in result.cells if cell.synchronised]
    for group in dict.fromkeys((cell.model, cell.sweep, cell.phase, cell.threads) for cell in cells):
        rows = [cell for cell in cells if (cell.model, cell.sweep, cell.phase, cell.threads) == group]
        model, sweep, phase, threads = group
        title = f"{model}, {phase}, {threads} thread{'s' if threads > 1 else ''}: times as fast as NumPy"
        yield title, _table(sweep, rows)


def _table(sweep: str, cells: list[Cell]) -> Table:
    others = list(dict.fromkeys(_who(cell) for cell in cells if cell.framework != "numpy"))
    table = Table(pad_edge=False)
    table.add_column(sweep, justify="right")
    for column in ("numpy", *others):
        table.add_column(column, justify="right")
    for number in sorted({cell.number for cell in cells}):
        row = {_who(cell): cell for cell in cells if cell.number == number}
        reference = next((cell for cell in row.values() if cell.framework == "numpy"), None)
        if reference:
            table.add_row(str(number), duration(reference.median), *(_times(reference, row.get(who)) for who in others))
    return table


def _times(reference: Cell, cell: Cell | None) -> str:
    """The ratio of medians, between the ratios of the ends of their intervals."""
    if cell is None:
        return "-"
    low, high = reference.low / cell.high, reference.high / cell.low
    return f"{reference.median / cell.median:.3g} ({low:.2g} to {high:.2g})"


def _who(cell: Cell) -> str:
    device = "" if cell.device == "cpu" else f"\n{cell.device}"
    precision = "" if cell.precision == "float32" else f"\n{cell.precision}"
    return f"{cell.framework}\n{cell.mode}{device}{precision}" + ("" if cell.usual else "\nnot usual")


def _where(device: str, threads: int) -> str:
    return device if device != "cpu" else f"cpu, {threads} thread{'s' if threads > 1 else ''}"
