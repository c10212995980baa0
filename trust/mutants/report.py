"""What the examination found, by kind of mistake: printed, and published in the docs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from conformance.rewriting.mutant import Mutant
from trust import page
from trust.mutants.fate import COLUMNS, WITNESSES, Judged, is_unasked, judged, row, share, summary, why
from trust.mutants.reasons import IN_FILE, entries
from trust.mutants.records import Records

AIM = 0.99
"""The share of live mutants that each witness has to kill."""


def report(
    mutants: Sequence[Mutant],
    records: Records,
    checks: Records,
    console: Console,
    total: int | None,
    *,
    update_docs: bool = False,
) -> int:
    """Print the tables and the survivors. Returns the exit status.

    mutants       those that were examined
    total         the size of the corpus; None where a part of it was asked for
    update_docs   write the figures into the docs as well, if the whole corpus was examined
    """
    found = [judged(mutant, records.of(mutant) or {}, checks) for mutant in mutants]
    console.print(table(found))
    living = [j for j in found if "survived" in (j.oracle, j.frameworks)]
    for j in living:
        head = f"{j.mutant.id}: oracle {j.oracle}, frameworks {j.frameworks}. {why(j)}"
        console.print(f"\n{head}\n{j.mutant.diff}", markup=False, highlight=False)
    problems = (_idle(found) if total == len(found) else []) + [
        f"{j.mutant.id}: {j.reason}" for j in living if j.reason.startswith(tuple(f"{check}:" for check in IN_FILE))
    ]
    for problem in problems:
        console.print(f"equivalent.toml: {problem}", markup=False)
    for witness in WITNESSES:
        console.print(f"{witness} alone: {share(found, witness):.2%} of {_asked(found, witness)}")
    if update_docs and len(found) != total:
        console.print(f"The docs are unchanged: they hold the whole corpus, and {len(found)} of {total} mutants are examined.")
        return 1
    page.publish("mutants", summary(found, total or len(found)), console, update_docs=update_docs)
    return int(bool(problems) or any(share(found, w) < AIM for w in WITNESSES if _asked(found, w)))


def table(found: Sequence[Judged]) -> Table:
    """A row for each kind of mistake, and one for all."""
    drawn = Table(
        title="mutants by kind of mistake: asked of, killed by and surviving the oracle alone, and the frameworks alone"
    )
    for column in ("mistake", *COLUMNS):
        drawn.add_column(column, justify="left" if column == "mistake" else "right")
    for label, _ in Counter(j.mutant.label for j in found).most_common():
        drawn.add_row(label, *map(str, row([j for j in found if j.mutant.label == label])))
    drawn.add_row("all", *map(str, row(found)), style="bold")
    return drawn


def _asked(found: Sequence[Judged], witness: str) -> int:
    return sum(getattr(j, witness) in ("killed", "survived") for j in found)


def _idle(found: Sequence[Judged]) -> list[str]:
    """Patterns of equivalent.toml that match no equivalent mutant."""
    excused = [j.mutant.id for j in found if j.fate == "equivalent" or is_unasked(j)]
    return [f"{pattern!r} names no equivalent mutant" for entry in entries() for pattern in entry.idle(excused)]
