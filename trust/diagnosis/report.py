"""How many mistakes were named: a table, and the summary for the docs."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from trust import page
from trust.diagnosis.classes import named
from trust.journal import Entry

ANSWERS = ("named", "repaired", "unexplained", "wrong")


def summary(rows: list[Entry]) -> dict[str, Any]:
    """Numbers of answers by kind of mistake, what was explained wrongly, and the cost."""
    live = [row for row in rows if row["state"] == "live"]
    by_label: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for row in live:
        by_label[row["label"]][answer(row)] += 1
    labels = sorted(by_label, key=lambda label: -by_label[label].total())
    total = sum(by_label.values(), Counter[str]())
    return {
        "examined": len(rows),
        "live": len(live),
        "all": {each: total[each] for each in ANSWERS},
        "by label": {label: {each: by_label[label][each] for each in ANSWERS} for label in labels},
        "not called wrong": sorted(row["id"] for row in live if row["verdict"] != "wrong"),
        "evaluations": [int(n) for n in np.percentile([row["evaluations"] for row in live] or [0], (50, 90, 100))],
        "explained wrongly": sorted(f"{row['id']}: {row['words']}" for row in live if answer(row) == "wrong"),
    }


def answer(row: Entry) -> str:
    """What the first explanation of a row is."""
    return named(row["label"], row["kind"], row["id"].split(":")[0].split(" ")[1])


def table(found: dict[str, Any], *, update_docs: bool) -> None:
    """Print the table; with update_docs, write the numbers into the docs."""
    drawn = Table("mistake", *ANSWERS)
    for column in drawn.columns[1:]:
        column.justify = "right"
    for label, numbers in {**found["by label"], "all": found["all"]}.items():
        drawn.add_row(label, *(str(numbers[each]) for each in ANSWERS))
    console = Console(width=None if Console().is_terminal else 120)
    console.print(drawn)
    shares = ", ".join(f"{each}: {found['all'][each] / max(found['live'], 1):.1%}" for each in ANSWERS)
    console.print(f"{found['live']} of {found['examined']} mutants are a wrong gradient and nothing else. {shares}")
    page.publish("diagnosis", found, console, update_docs=update_docs)
