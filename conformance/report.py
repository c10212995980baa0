"""The closing table: for each adapter and family how many cells agree, are known to differ, differ, or were not run, and why."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any

import adapters
from conformance.matrix import TABLES

STATUSES = ("agreed", "known", "differ", "not run")


class Report:
    """Collects what the tests recorded about their cells."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[str, Any]] = {}

    def add(self, nodeid: str, record: dict[str, Any]) -> None:
        """Add the record of a cell: its parts, its status, its worst distance in units of spread, and why."""
        self.rows[nodeid] = record

    @property
    def verified(self) -> int:
        """How many cells have a verdict."""
        return sum(row["status"] != "not run" for row in self.rows.values())

    def print(self, write: Any, width: int) -> None:
        """Write the table, the worst distances, the choices at kinks, the training runs and the reasons with write(str)."""
        from rich.console import Console  # only a run with cells needs it
        from rich.table import Table

        order = [name for table in TABLES.values() for name in table]  # workers finish in any order
        rows = sorted(self.rows.values(), key=lambda row: order.index(row["name"]) if row["name"] in order else len(order))
        names = sorted({row["adapter"] for row in rows}, key=[*adapters.NAMES, *(row["adapter"] for row in rows)].index)
        families = list(dict.fromkeys(row["family"] for row in rows))
        table = Table(title="cells agreed / known / differ / not run (worst distance in units of rounding spread)")
        table.add_column("")
        for name in names:
            table.add_column(name, justify="right")
        for family in [*families, "all"]:
            if family == "all":
                table.add_section()
            row = [[r for r in rows if r["adapter"] == n and family in (r["family"], "all")] for n in names]
            table.add_row(family, *(_summary(cells) for cells in row))
        console = Console(width=max(width, 112), color_system=None, highlight=False)
        with console.capture() as capture:
            console.print(table)
        write(capture.get())
        for name, worst in _worst(rows):
            write(f"worst in {name}: {worst['worst']:.3g} at {worst['cell']} ({worst['gradient']})\n")
        for line in _kinks(rows):
            write(line)
        for line in _trainings(rows):
            write(line)
        for (status, adapter, reason), count in sorted(_reasons(rows).items()):
            write(f"{status}: {adapter}, {count} cells: {reason}\n")


def _summary(cells: list[dict[str, Any]]) -> str:
    if not cells:
        return "-"
    count = Counter(cell["status"] for cell in cells)
    worst = max((cell["worst"] for cell in cells if cell["status"] == "agreed"), default=None)
    numbers = " / ".join(str(count[status]) for status in STATUSES)
    return numbers if worst is None else f"{numbers}  ({worst:4.1f})"


def _worst(rows: list[dict[str, Any]]) -> Iterable[tuple[str, dict[str, Any]]]:
    by_adapter = defaultdict(list)
    for row in rows:
        if row["status"] == "agreed":
            by_adapter[row["adapter"]].append(row)
    return ((name, max(found, key=lambda row: row["worst"])) for name, found in by_adapter.items())


def _kinks(rows: list[dict[str, Any]]) -> Iterable[str]:
    picked = defaultdict(set)
    for row in rows:
        if row.get("members"):
            picked[row["name"], row["case"]].add((row["adapter"], ", ".join(f"{m:g}" for m in row["members"])))
    for (name, case), found in picked.items():
        choices = "; ".join(f"{adapter} {members}" for adapter, members in sorted(found))
        yield f"kink of {name} ({case}), picked between the derivative from below (0) and from above (1): {choices}\n"


def _trainings(rows: list[dict[str, Any]]) -> Iterable[str]:
    """A line for each run and dtype. Adapters with different conventions may differ in the last digit; the first is shown."""
    told: dict[str, str] = {}
    scores: dict[str, dict[str, float]] = defaultdict(dict)
    for row in rows:
        if "told" in row:
            run = row["told"].partition(":")[0]
            told.setdefault(run, row["told"])
            scores[run] |= row["scores"]
    for run, text in told.items():
        reached = ", ".join(f"{who} {score:.4g}" for who, score in scores[run].items())
        yield f"training run {text}{': ' if reached else ''}{reached}\n"


def _reasons(rows: list[dict[str, Any]]) -> Counter[tuple[str, str, str]]:
    return Counter((row["status"], row["adapter"], row["reason"]) for row in rows if row["status"] in ("known", "not run"))
