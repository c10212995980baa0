"""The results of a soak: tables for a terminal, and a summary for the docs."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from rich.table import Table

from gradwitness import K, frameworks
from trust.soak.examination import mode
from trust.soak.results import Tally

Key = tuple[str, str, str]


def grouped(tallies: Iterable[Tally]) -> dict[Key, list[Tally]]:
    """By adapter, kind and dtype."""
    groups: dict[Key, list[Tally]] = defaultdict(list)
    for tally in tallies:
        groups[tally.adapter, tally.kind, tally.dtype].append(tally)
    return {key: groups[key] for key in sorted(groups)}


def runs(tallies: Sequence[Tally]) -> Counter[str]:
    """How many cells have each status."""
    return sum((Counter(tally.count) for tally in tallies), Counter())


def seeds(tallies: Sequence[Tally]) -> dict[tuple[str, str], int]:
    """How many seeds of each case were run."""
    count: Counter[tuple[str, str]] = Counter()
    for tally in tallies:
        count[tally.name, tally.case_id] += sum(tally.count.values())
    return dict(count)


def table(tallies: Iterable[Tally]) -> Table:
    """One row for each adapter, kind and dtype."""
    drawn = Table(title=f"the soak: runs by outcome, and the worst distance in units of rounding spread (a bound), {K:g} allowed")
    for column in ("adapter", "mode", "kind", "dtype"):
        drawn.add_column(column)
    for column in ("cases", "seeds of each", "agreed", "recorded", "not run", "alarms", "redrawn", "worst"):
        drawn.add_column(column, justify="right")
    drawn.add_column("where", overflow="fold")
    for (adapter, kind, dtype), group in grouped(tallies).items():
        count, each = runs(group), seeds(group).values()
        worst = max(group, key=lambda tally: tally.worst[0])
        ratio, result, seed = worst.worst
        statuses = (str(count[status]) for status in ("agreed", "known", "not run", "alarm"))
        seeds_of_each = f"{min(each)}" if min(each) == max(each) else f"{min(each)} to {max(each)}"
        where = f"{worst.name} / {worst.case_id}, {result}, seed {seed}"
        redrawn = str(sum(tally.redrawn for tally in group))
        cells = (adapter, mode(adapter), f"{kind}s", dtype, str(len(each)), seeds_of_each, *statuses, redrawn)
        drawn.add_row(*cells, f"{ratio:.2f}", where)
    return drawn


def alarms(tallies: Iterable[Tally]) -> list[str]:
    """Each alarm, with the command that replays it."""
    found = []
    for tally in tallies:
        for seed, message in tally.alarms.items():
            where = f"{tally.name} / {tally.case_id} on {tally.adapter}, {tally.dtype}, seed {seed}"
            found.append(f"{where}:\n{message}\nreplay: {replay(tally, seed)}")
    return found


def replay(tally: Tally, seed: str) -> str:
    """The command that runs one cell at one seed."""
    where = f"--op {tally.name} --case {tally.case_id} --adapter {tally.adapter} --dtype {tally.dtype}"
    return f"python -m trust soak {where} --seed {seed}"


def summary(tallies: Sequence[Tally]) -> dict[str, Any]:
    """The rows of the table, the alarms and the versions, for the docs."""
    rows = []
    for (adapter, kind, dtype), group in grouped(tallies).items():
        worst = max(group, key=lambda tally: tally.worst[0])
        each = seeds(group).values()
        rows.append(
            {
                "adapter": adapter,
                "mode": mode(adapter),
                "kind": kind,
                "dtype": dtype,
                "cases": len(each),
                "seeds": [min(each), max(each)],
                "runs": dict(runs(group)),
                "redrawn": sum(tally.redrawn for tally in group),
                "worst": {"ratio": worst.worst[0], "name": worst.name, "case": worst.case_id, "seed": worst.worst[2]},
            }
        )
    versions = [frameworks.load(name).version() for name in ("numpy", *dict.fromkeys(row["adapter"] for row in rows))]
    return {"versions": versions, "allowed": K, "rows": rows, "alarms": alarms(tallies)}
