"""The results of the soak of random programs: a table, and a summary for the docs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.table import Table

from trust.soak.programs.operations import DIALECTS
from trust.soak.programs.trial import KINDS
from trust.soak.results import Tally

STATUSES = ("agreed", "known", "cannot tell", "not run", "alarm")
COLUMNS = (
    "dialect",
    "gradient",
    "programs",
    "as it should be",
    "known",
    "cannot tell",
    "no mistake",
    "alarms",
    "CPU seconds of one",
)


def summary(found: Iterable[Tally]) -> dict[str, Any]:
    """A row for each dialect and kind, and the alarms."""
    groups: dict[tuple[str, str], list[Tally]] = {}
    for tally in sorted(found, key=lambda each: (DIALECTS.index(each.adapter), KINDS.index(each.case_id), each.first)):
        groups.setdefault((tally.adapter, tally.case_id), []).append(tally)
    return {
        "rows": [_row(*names, group) for names, group in groups.items()],
        "alarms": [message for group in groups.values() for tally in group for message in tally.alarms.values()],
    }


def _row(dialect: str, kind: str, group: Sequence[Tally]) -> dict[str, Any]:
    counts = sum((Counter(tally.count) for tally in group), Counter[str]())
    return {
        "dialect": dialect,
        "kind": kind,
        "programs": counts.total(),
        **{status: counts[status] for status in STATUSES},
        "seconds": sum(tally.seconds for tally in group) / counts.total(),
    }


def cells(row: Mapping[str, Any]) -> list[str | int]:
    """A row as it is shown."""
    return [row["dialect"], row["kind"], row["programs"], *(row[status] for status in STATUSES), f"{row['seconds']:.2f}"]


def table(found: Mapping[str, Any]) -> Table:
    """For a terminal."""
    drawn = Table(title="random programs: right gradients, and planted mistakes")
    for column in COLUMNS:
        drawn.add_column(column, justify="left" if column in COLUMNS[:2] else "right")
    for row in found["rows"]:
        drawn.add_row(*(f"{cell:,}" if isinstance(cell, int) else cell for cell in cells(row)))
    return drawn
