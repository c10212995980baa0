"""The results of the soak on functions of frameworks: a table, and a summary for the docs."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from rich.table import Table

from trust.journal import Entry

Check = tuple[str, str, str, str, int]
"""Adapter, op, case, dtype, seed."""
VERDICTS = ("right", "known", "cannot tell", "not run", "wrong", "raised")
COLUMNS = ("adapter", "dtype", "cases", "checks", *VERDICTS, "CPU seconds of a check")
REASONS = {
    "the function raised": "it does not run in the dtype",
    "is not finite": "the point is nan or inf",
    "Rounding alone can make it inf or nan": "rounding alone can make it inf or nan there",
    "cannot be watched": "its rounding cannot be watched",
    "cannot be measured": "its rounding cannot be watched",
}
"""What is said where it cannot tell -> the reason, for people."""


def summary(entries: Sequence[Entry], edges: Collection[tuple[str, str]], one_seed: Collection[Check]) -> dict[str, Any]:
    """A row for each framework and dtype, how many seeds there are of what, why some could not be told, and the alarms.

    edges     (op, case) of all edge cases
    one_seed  the checks of one seed
    """
    groups: dict[tuple[str, str], list[Entry]] = defaultdict(list)
    uncertain: dict[str, set[str]] = defaultdict(set)
    for entry in entries:
        groups[entry["adapter"], entry["dtype"]].append(entry)
        if entry["verdict"] == "cannot tell":
            uncertain[_reason(entry["why"])].add(f"{entry['op']}")
    return {
        "rows": [_row(name, dtype, group) for (name, dtype), group in sorted(groups.items())],
        "seeds": {kind: _seeds(entries, edges, edge=kind == "edge") for kind in ("generic", "edge")},
        "of one seed": {kind: sum(((c[1], c[2]) in edges) is (kind == "edge") for c in one_seed) for kind in ("generic", "edge")},
        "cannot tell": {reason: sorted(ops) for reason, ops in sorted(uncertain.items())},
        "alarms": alarms(entries),
    }


def _row(name: str, dtype: str, group: Sequence[Entry]) -> dict[str, Any]:
    verdicts = Counter(entry["verdict"] for entry in group)
    seconds = [entry["seconds"] for entry in group if "seconds" in entry]
    return {
        "adapter": name,
        "dtype": dtype,
        "cases": len({(entry["op"], entry["case"]) for entry in group}),
        "checks": len(group),
        **{verdict: verdicts[verdict] for verdict in VERDICTS},
        "seconds": sum(seconds) / len(seconds) if seconds else 0.0,
    }


def _seeds(entries: Iterable[Entry], edges: Collection[tuple[str, str]], *, edge: bool) -> list[int]:
    """How many of the checks of a kind were run at all, in a framework and a dtype each; and the least and the greatest number of
    seeds of these.
    """
    counts = Counter(
        (entry["adapter"], entry["op"], entry["case"], entry["dtype"])
        for entry in entries
        if ((entry["op"], entry["case"]) in edges) is edge
    )
    return [len(counts), min(counts.values(), default=0), max(counts.values(), default=0)]


def _reason(why: str) -> str:
    return next((reason for said, reason in REASONS.items() if said in why), why.partition(";")[0][:120])


def cells(row: Mapping[str, Any]) -> list[str | int]:
    """A row as it is shown."""
    return [*(row[key] for key in ("adapter", "dtype", "cases", "checks", *VERDICTS)), f"{row['seconds']:.2f}"]


def table(found: Mapping[str, Any]) -> Table:
    """For a terminal."""
    drawn = Table(title="the catalogue as functions of strangers: what check_function says")
    for column in COLUMNS:
        drawn.add_column(column, justify="left" if column in ("adapter", "dtype") else "right")
    for row in found["rows"]:
        drawn.add_row(*(f"{cell:,}" if isinstance(cell, int) else cell for cell in cells(row)))
    return drawn


def key(entry: Entry) -> Check:
    """What a check is about."""
    return entry["adapter"], entry["op"], entry["case"], entry["dtype"], entry["seed"]


def alarms(entries: Iterable[Entry]) -> list[str]:
    """Each right function that was called wrong, or on which the check raised, with what replays it."""
    return [
        f"{' / '.join(map(str, key(entry)))}: {entry['verdict']}, {entry['why']}\n"
        f"replay: from trust.soak.functions import examined; print(examined({key(entry)!r}))"
        for entry in entries
        if entry["verdict"] in ("wrong", "raised")
    ]
