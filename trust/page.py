"""docs/trust.md: its table of mutants is written from the summary, between two marks."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from trust.records import ROOM

PAGE = ROOM.parent / "docs" / "trust.md"
MARKS = ("<!-- mutants: written by `python -m trust mutants` -->", "<!-- end of mutants -->")
HEADS = (
    "mistake", "mutants", "stillborn", "equivalent", "live", "oracle: asked", "killed", "survived", "frameworks: asked", "killed",
    "survived",
)  # fmt: skip


def markdown(summary: Mapping[str, Any]) -> str:
    """The table by kind of mistake, the share that each witness kills, and the survivors with what is known of why."""
    rows = {**summary["by_label"], "**all**": summary["all"]}
    lines = [f"{summary['examined']:,} of {summary['corpus']:,} mutants examined.", ""]
    lines += ["| " + " | ".join(HEADS) + " |", "|---|" + "---:|" * (len(HEADS) - 1)]
    lines += ["| " + " | ".join([name, *(f"{n:,}" for n in numbers)]) + " |" for name, numbers in rows.items()]
    killed = {witness: f"{share:.2%}" for witness, share in summary["killed"].items()}
    lines += ["", f"Killed by the oracle alone: {killed['oracle']}. By the frameworks alone: {killed['frameworks']}."]
    lines += ["", "Survivors:", ""]
    for survivor in summary["survivors"]:
        by = " and ".join(w for w in ("oracle", "frameworks") if survivor[w] == "survived")
        before, after = (line[2:] for line in survivor["diff"].split("\n")[1:])
        lines.append(f"- `{survivor['id']}`, survives {by}: `{before}` becomes `{after}`. {survivor['why']}".rstrip())
    return "\n".join(lines)


def write(summary: Mapping[str, Any], page: Path = PAGE) -> None:
    """Put the table into the page."""
    before, rest = page.read_text().split(MARKS[0])
    _, after = rest.split(MARKS[1])
    page.write_text(f"{before}{MARKS[0]}\n\n{markdown(summary)}\n\n{MARKS[1]}{after}")


def is_current(summary_file: Path, page: Path = PAGE) -> bool:
    """Whether the page says what the summary does."""
    return markdown(json.loads(summary_file.read_text())) in page.read_text()
