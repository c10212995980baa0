"""Counting what trainings and rules showed of mutants that are a wrong gradient and nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from trust.journal import Entry
from trust.trained.run import RULES

COLUMNS = ("mistake", "wrong gradients", "loss goes down", "ends as low", *(f"found by {rule}" for rule in RULES))
FOUND = ("wrong", "raises")


def summary(rows: Sequence[Entry], corpus: int) -> dict[str, Any]:
    """Rows -> numbers."""
    live = [row for row in rows if row["state"] == "live"]
    right = [row for row in rows if row["state"] == "right"]
    states = Counter(row["state"] for row in rows if row["state"] != "right")
    labels = [label for label, _ in Counter(row["label"] for row in live).most_common()]
    return {
        "corpus": corpus,
        "examined": sum(states.values()),
        **dict(sorted(states.items())),
        "all": _counted(live),
        "loss goes down": _counted([row for row in live if row["trained"]["down"]]),
        "as low": _counted([row for row in live if row["trained"]["as low"]]),
        "in source": _counted([row for row in live if row["in source"]]),
        "by label": {label: _counted([row for row in live if row["label"] == label]) for label in labels},
        "right": {
            "ops": len(right),
            "runs": 5 * len(right),
            "down": sum(row["down"] for row in right),
            "called wrong": {rule: sorted(row["op"] for row in right if row["rules"][rule] in FOUND) for rule in RULES},
        },
    }


def _counted(live: Sequence[Entry]) -> dict[str, int]:
    of_training = {key: sum(row["trained"][key] for row in live) for key in ("down", "as low", "same", "raises")}
    found = {rule: sum(row["rules"][rule] in FOUND for row in live) for rule in RULES}
    return {"wrong gradients": len(live), **of_training, **found}


def cells(label: str, counts: Mapping[str, int]) -> list[Any]:
    """A row of the table."""
    return [label, counts["wrong gradients"], counts["down"], counts["as low"], *(counts[rule] for rule in RULES)]


def rows_of(found: Mapping[str, Any]) -> list[list[Any]]:
    """The rows of the table: all, and each kind of mistake."""
    rows = [cells("**all**", found["all"])]
    return rows + [cells(label, counts) for label, counts in found["by label"].items()]


def sentences(found: Mapping[str, Any]) -> list[str]:
    """What the numbers say."""
    every, down, source, right = found["all"], found["loss goes down"], found["in source"], found["right"]
    total, same = every["wrong gradients"], every["same"]
    caught = ", ".join(f"{rule} {down[rule]:,}" for rule in RULES)
    alarms = ", ".join(f"{rule} {len(ops)}" for rule, ops in right["called wrong"].items())
    return [
        f"{found['examined']:,} of {found['corpus']:,} mutants examined, {total:,} of them a wrong gradient and nothing else.",
        f"With {_share(every, 'down')} of these the loss goes down all the same.",
        f"With {_share(every, 'as low')} it ends as low as in a right run.",
        f"{every['raises']:,} trainings raise. {same:,} are the right one bit for bit: they do not use the gradient that is",
        "wrong, or meet no input at which it is.",
        f"Without these the loss goes down with {every['down'] - same:,} of {total - same:,}",
        f"({(every['down'] - same) / max(total - same, 1):.1%}).",
        f"Of {source['wrong gradients']:,} mistakes in a line of source, those that people make, the loss goes down with",
        f"{_share(source, 'down')}, and ends as low as in a right run with {_share(source, 'as low')}.",
        "The others spoil a gradient after a right backward, by as little as 1e-6.",
        f"Of the {down['wrong gradients']:,} with which the loss goes down these find: {caught}.",
        f"Of {right['ops']} right ops these call wrong: {alarms}. The loss goes down in {right['down']} of {right['runs']} right",
        "runs.",
    ]


def _share(counts: Mapping[str, int], key: str) -> str:
    return f"{counts[key]:,} ({counts[key] / max(counts['wrong gradients'], 1):.1%})"


def table(found: Mapping[str, Any], console: Console) -> None:
    """Print the table."""
    drawn = Table(*COLUMNS)
    for column in drawn.columns[1:]:
        column.justify = "right"
    for row in rows_of(found):
        drawn.add_row(*map(str, row))
    console.print(drawn)
    console.print(" ".join(sentences(found)))
