"""Counting what `trust.compare` found: kills, misses and false alarms of each rule, and what a rule kills that ours do not."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from trust.ours import OURS
from trust.peers import RULES

RESULTS = Path(__file__).parent / "results" / "peers.json"
Row = dict[str, Any]


def count(rows: list[Row]) -> dict[str, Any]:
    """Rows -> numbers: the corpus by what its mutants are, and for each rule what it killed, missed and cried wolf at."""
    live = [row for row in rows if row["state"] == "live"]
    right = [row for row in rows if row["state"] == "right"]
    states = Counter(row["state"] for row in rows if row["state"] != "right")
    return {
        "corpus": {"mutants": sum(states.values()), **dict(sorted(states.items()))},
        "right": {"pairs": len(right), "kinks": sum(row["kink"] for row in right)},
        "rules": {rule: _of_rule(rule, live, right) for rule in RULES},
    }


def _of_rule(rule: str, live: list[Row], right: list[Row]) -> dict[str, Any]:
    killed = [row for row in live if row["verdicts"][rule] == "alarmed"]
    missed = Counter(row["label"] for row in live if row["verdicts"][rule] == "passed")
    alarms = [row for row in right if row["verdicts"][rule] == "alarmed"]
    return {
        "killed": len(killed),
        "missed": sum(missed.values()),
        "not asked": _reasons(row["verdicts"][rule] for row in live),
        "missed by label": dict(missed.most_common()),
        "false alarms": sum(not row["kink"] for row in alarms),
        "false alarms at kinks": sum(row["kink"] for row in alarms),
        "right pairs asked": sum(row["verdicts"][rule] in ("passed", "alarmed") for row in right),
        "right pairs not asked": _reasons(row["verdicts"][rule] for row in right),
        "alarmed at": sorted({row["id"].split()[1] for row in alarms}),
        "killed here and by none of ours": [
            row["id"] for row in killed if all(row["verdicts"][name] != "alarmed" for name in OURS)
        ],
    }


def _reasons(verdicts: Any) -> dict[str, int]:
    return dict(Counter(v for v in verdicts if v not in ("passed", "alarmed")).most_common())


def report(found: dict[str, Any], *, save: bool) -> None:
    """Print the table; with `save`, write the numbers to trust/results/peers.json."""
    table = Table("rule", "killed", "missed", "not asked", "of asked", "false alarms", "at kinks", "of pairs", "beyond ours")
    for column in table.columns[1:]:
        column.justify = "right"
    for rule, n in found["rules"].items():
        asked = n["killed"] + n["missed"]
        cells = (n["killed"], n["missed"], sum(n["not asked"].values()), f"{n['killed'] / asked:.2%}" if asked else "-")
        alarms = (n["false alarms"], n["false alarms at kinks"], n["right pairs asked"])
        table.add_row(rule, *map(str, (*cells, *alarms, len(n["killed here and by none of ours"]))))
    console = Console()
    console.print(table)
    console.print(f"mutants: {found['corpus']}; right pairs: {found['right']}")
    if save:
        RESULTS.write_text(json.dumps(found, indent=1) + "\n")
