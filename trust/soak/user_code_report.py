"""The results of the soak on user code: a table, and a summary for the docs."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from statistics import median
from typing import Any

import numpy as np
from rich.table import Table

from trust.journal import Entry

COLUMNS = (
    "style", "functions", "checks", "right", "cannot tell", "wrong", "raised", "sight in longdouble", "in float64",
    "evaluations, median", "most", "CPU seconds",
)  # fmt: skip


def summary(entries: Sequence[Entry], missing: Mapping[str, str]) -> dict[str, Any]:
    """A row for each style and one for all, the reasons why something could not be told, and the alarms."""
    by_style: dict[str, list[Entry]] = defaultdict(list)
    for entry in sorted(entries, key=lambda entry: (entry["name"], entry["draw"])):
        by_style[entry["name"].partition(".")[0]].append(entry)
    uncertain: dict[str, list[str]] = defaultdict(list)
    for entry in entries:
        if entry["verdict"] == "cannot tell":
            uncertain[entry["why"]].append(entry["name"])
    rows = {style: _row(group) for style, group in by_style.items()}
    return {
        "versions": [f"numpy {np.__version__}"],
        "rows": {**rows, "all": _row(list(entries))},
        "cannot tell": dict(uncertain),
        "not run": dict(missing),
        "alarms": alarms(entries),
    }


def _row(entries: Sequence[Entry]) -> dict[str, Any]:
    verdicts = Counter(entry["verdict"] for entry in entries)
    told = [entry for entry in entries if entry["verdict"] != "raised"]
    sights = {watched: [s for e in told if e["watched"] is watched for s in e["sights"]] for watched in (True, False)}
    evaluations = [entry["evaluations"] for entry in told]
    return {
        "functions": len({entry["name"] for entry in entries}),
        "checks": len(entries),
        **{verdict: verdicts[verdict] for verdict in ("right", "cannot tell", "wrong", "raised")},
        "watched": median(sights[True]) if sights[True] else None,
        "black box": median(sights[False]) if sights[False] else None,
        "evaluations": [median(evaluations), max(evaluations)] if evaluations else None,
        "seconds": sum(entry["seconds"] for entry in told),
    }


def cells(style: str, row: Mapping[str, Any]) -> list[str | int]:
    """A row as it is shown."""
    sights = ["-" if row[kind] is None else f"{row[kind]:.0e}" for kind in ("watched", "black box")]
    typical, most = row["evaluations"] or ("-", "-")
    counts = [row[key] for key in ("functions", "checks", "right", "cannot tell", "wrong", "raised")]
    return [style, *counts, *sights, f"{typical:g}", most, f"{row['seconds']:.0f}"]


def table(found: Mapping[str, Any]) -> Table:
    """For a terminal."""
    drawn = Table(title="correct functions of other people: what check and check_loss say")
    for column in COLUMNS:
        drawn.add_column(column, justify="left" if column == "style" else "right")
    for style, row in found["rows"].items():
        drawn.add_row(*(f"{cell:,}" if isinstance(cell, int) else cell for cell in cells(style, row)))
    return drawn


def alarms(entries: Iterable[Entry]) -> list[str]:
    """Each check that called a right gradient wrong or raised, with what replays it."""
    return [
        f"{entry['name']}, draw {entry['draw']}: {entry['verdict']}, {entry['why']}\n"
        f"replay: from trust.user_code import FUNCTIONS; print(FUNCTIONS[{entry['name']!r}].report({entry['draw']}))"
        for entry in entries
        if entry["verdict"] in ("wrong", "raised")
    ]
