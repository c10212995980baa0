"""The results of the soak on functions of frameworks: a table, and a summary for the docs."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.table import Table

from reference import OPS
from trust.soak.functions import DTYPES
from trust.soak.results import Tally

STATUSES = {"right": "agreed", "known": "known", "cannot tell": "cannot tell", "not run": "not run", "alarms": "alarm"}
"""Column -> what a tally calls it."""
COLUMNS = ("adapter", "dtype", "cases", "seeds of each", "checks", *STATUSES, "CPU seconds of a check")
REASONS = {
    "the function raised": "it does not run in the dtype",
    "is not finite": "the point is nan or inf",
    "as forward has": "the point is nan or inf",
    "no finite slope": "forward has no finite slope there",
    "is too uncertain": "the numerical derivative is too uncertain there",
    "Rounding alone can make it inf or nan": "rounding alone can make it inf or nan there",
    "cannot be watched": "its rounding cannot be watched",
    "cannot be measured": "its rounding cannot be watched",
}
"""What is said where it cannot tell -> the reason, for people."""


def summary(tallies: Iterable[Tally]) -> dict[str, Any]:
    """A row for each framework and dtype, how many seeds there are of what, why some could not be told, and the alarms."""
    tallies = list(tallies)
    groups: dict[tuple[str, str], list[Tally]] = defaultdict(list)
    uncertain: dict[str, set[str]] = defaultdict(set)
    for tally in tallies:
        groups[tally.adapter, tally.dtype].append(tally)
        for why in tally.reasons if tally.count.get("cannot tell") else ():
            uncertain[reason(why)].add(tally.name)
    return {
        "rows": [_row(name, dtype, group) for (name, dtype), group in sorted(groups.items())],
        "seeds": {
            "generic": _seeds([tally for tally in tallies if _is_generic(tally)], len(OPS)),
            "edge": _seeds([tally for tally in tallies if not _is_generic(tally)], sum(len(op.cases) - 1 for op in OPS.values())),
        },
        "cannot tell": {why: sorted(ops) for why, ops in sorted(uncertain.items())},
        "alarms": alarms(tallies),
    }


def _is_generic(tally: Tally) -> bool:
    return tally.case_id == OPS[tally.name].cases[0].id


def _row(name: str, dtype: str, group: Sequence[Tally]) -> dict[str, Any]:
    counts = sum((Counter(tally.count) for tally in group), Counter[str]())
    return {
        "adapter": name,
        "dtype": dtype,
        "cases": len(group),
        "seeds": [min(tally.last for tally in group), max(tally.last for tally in group)],
        "checks": counts.total(),
        **{column: counts[status] for column, status in STATUSES.items()},
        "seconds": sum(tally.seconds for tally in group) / max(counts.total(), 1),
    }


def _seeds(tallies: Sequence[Tally], cases: int) -> list[int]:
    """How many checks of one seed were made at all, of how many; the least and the greatest number of seeds of these."""
    count = [tally.last for tally in tallies]
    return [len(count), cases * 3 * len(DTYPES), min(count, default=0), max(count, default=0)]


def reason(why: str) -> str:
    """In few words."""
    return next((short for said, short in REASONS.items() if said in why), why.partition(";")[0][:120])


def cells(row: Mapping[str, Any]) -> list[str | int]:
    """A row as it is shown."""
    least, most = row["seeds"]
    seeds = f"{least:,}" if least == most else f"{least:,} to {most:,}"
    counts = [row["checks"], *(row[column] for column in STATUSES)]
    return [row["adapter"], row["dtype"], row["cases"], seeds, *counts, f"{row['seconds']:.2f}"]


def table(found: Mapping[str, Any]) -> Table:
    """For a terminal."""
    drawn = Table(title="the catalogue as functions of strangers: what check_function says")
    for column in COLUMNS:
        drawn.add_column(column, justify="left" if column in ("adapter", "dtype") else "right")
    for row in found["rows"]:
        drawn.add_row(*(f"{cell:,}" if isinstance(cell, int) else cell for cell in cells(row)))
    return drawn


def alarms(tallies: Iterable[Tally]) -> list[str]:
    """Each right function that was called wrong, or on which the check raised, with what replays it."""
    return [message for tally in tallies for message in tally.alarms.values()]
