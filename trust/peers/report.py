"""Counting what `trust.peers.run` found: kills, misses and false alarms of each rule, and what a rule kills that ours do not.

Ours stand there one by one, as the peers do, and together, as a user of the suite has them: what one of them kills is killed.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

from rich.console import Console
from rich.table import Table

from trust import page
from trust.peers.ours import OURS
from trust.peers.rules import RULES
from trust.places import RESULTS

NUMERICALLY = next(iter(OURS))
TOGETHER = "Gradwitness, all three"
Row = dict[str, Any]


def count(rows: list[Row], rules: Sequence[str] = tuple(RULES)) -> dict[str, Any]:
    """Rows -> numbers: how many mutants of each state there are; and for each rule its kills, misses and false alarms."""
    ours = [TOGETHER] if set(OURS) <= set(rules) else []
    rows = [row | {"verdicts": {TOGETHER: _together(row), **row["verdicts"]}} for row in rows]
    live = [row for row in rows if row["state"] == "live"]
    right = [row for row in rows if row["state"] == "right"]
    states = Counter(row["state"] for row in rows if row["state"] != "right")
    return {
        "corpus": {"mutants": sum(states.values()), **dict(sorted(states.items()))},
        "right": {"pairs": len(right), "kinks": sum(row["kink"] for row in right)},
        "rules": {rule: _of_rule(rule, live, right) for rule in (*ours, *rules)},
    }


def completed(found: dict[str, Any]) -> dict[str, Any]:
    """The numbers, and those that the docs have of the rules that were not asked now. Raises ValueError if the corpus changed."""
    missing = [rule for rule in (TOGETHER, *RULES) if rule not in found["rules"]]
    if not missing:
        return found
    earlier = json.loads((RESULTS / "peers.json").read_text())
    if earlier["corpus"] != found["corpus"]:
        raise ValueError(f"the docs are about other mutants ({earlier['corpus']}; now {found['corpus']}): ask all rules")
    if absent := [rule for rule in missing if rule not in earlier["rules"]]:
        raise ValueError(f"the docs have no numbers of {', '.join(absent)}: ask them, too")
    rules = {**earlier["rules"], **found["rules"]}
    return found | {"rules": {rule: rules[rule] for rule in (TOGETHER, *RULES)}}


def _together(row: Row) -> str:
    """The verdict of ours together: that of the first that failed; else passed, if one did; else why the first was not asked."""
    said = [row["verdicts"].get(name, "not asked") for name in OURS]
    return next((v for v in said if _failed(v)), "passed" if "passed" in said else said[0])


def _failed(verdict: str) -> bool:
    return verdict.startswith(("alarmed", "refused"))


def _of_rule(rule: str, live: list[Row], right: list[Row]) -> dict[str, Any]:
    killed = [row for row in live if _failed(row["verdicts"][rule])]
    missed = Counter(row["label"] for row in live if _missed(row["verdicts"][rule]))
    alarms = [row for row in right if _failed(row["verdicts"][rule])]
    return {
        "killed": len(killed),
        "killed by refusing": sum(row["verdicts"][rule] != "alarmed" for row in killed),
        "missed": sum(missed.values()),
        "not asked": _reasons(row["verdicts"][rule] for row in live),
        "missed by label": dict(missed.most_common()),
        "false alarms": sum(not row["kink"] for row in alarms),
        "false alarms at kinks": sum(row["kink"] for row in alarms),
        "right pairs asked": sum(_missed(row["verdicts"][rule]) or _failed(row["verdicts"][rule]) for row in right),
        "cannot tell": [_undecided(rule, rows) for rows in (live, right)],
        "right pairs not asked": _reasons(row["verdicts"][rule] for row in right),
        "alarmed at": sorted({row["id"].split()[1] for row in alarms}),
        "killed here and by none of ours": [row["id"] for row in killed if not _failed(row["verdicts"][TOGETHER])],
        "killed here and not by ours numerically": [
            row["id"] for row in killed if not _failed(row["verdicts"].get(NUMERICALLY, ""))
        ],
    }


def _reasons(verdicts: Any) -> dict[str, int]:
    return dict(Counter(v for v in verdicts if not _missed(v) and not _failed(v)).most_common())


def _missed(verdict: str) -> bool:
    """Asked, and not rejected."""
    return verdict == "passed" or verdict.startswith("cannot tell")


def _undecided(rule: str, rows: list[Row]) -> int:
    return sum(row["verdicts"][rule].startswith("cannot tell") for row in rows)


def versions() -> dict[str, str]:
    """The versions of the libraries whose rules were asked."""
    return {name: version(name) for name in ("numpy", "torch", "jax", "tensorflow", "autograd")}


def table(found: dict[str, Any], libraries: dict[str, str], *, update_docs: bool) -> None:
    """Print the table; with update_docs, write the numbers into the docs."""
    columns = ("killed", "missed", "not asked", "of asked", "false alarms", "at kinks", "of pairs", "beyond ours")
    drawn = Table("rule", *columns, "beyond numerical")
    for column in drawn.columns[1:]:
        column.justify = "right"
    for rule, n in found["rules"].items():
        asked = n["killed"] + n["missed"]
        cells = (n["killed"], n["missed"], sum(n["not asked"].values()), f"{n['killed'] / asked:.2%}" if asked else "-")
        alarms = (n["false alarms"], n["false alarms at kinks"], n["right pairs asked"])
        beyond = (len(n["killed here and by none of ours"]), len(n["killed here and not by ours numerically"]))
        drawn.add_row(rule, *map(str, (*cells, *alarms, *beyond)))
    console = Console(width=None if Console().is_terminal else 170)
    console.print(drawn)
    console.print(f"mutants: {found['corpus']}; right pairs: {found['right']}")
    page.publish("peers", {"versions": libraries} | found, console, update_docs=update_docs)
