"""What the examination found, by kind of mistake; told on a console, and kept as JSON."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table

from trust import page
from trust.corpus.mutant import Mutant
from trust.mutants.equivalent import IN_FILE, asked, entries, survivors
from trust.mutants.records import Records
from trust.mutants.witnesses import ANOTHER
from trust.places import RESULTS

SUMMARY = RESULTS / "mutants.json"
DEAD = ("killed", "refused", "raised")
COLUMNS = ("mutants", "stillborn", "equivalent", "live", "asked", "killed", "survived", "asked", "killed", "survived")
AIM = 0.99


@dataclass(frozen=True)
class Judged:
    """A mutant, and what became of it.

    fate          stillborn (or too slow), equivalent or live
    oracle, frameworks   of a live one: killed, survived or not asked
    reason        why it is equivalent, or what the check said that failed
    """

    mutant: Mutant
    fate: str
    oracle: str = ""
    frameworks: str = ""
    how: tuple[str, ...] = ()
    reason: str = ""


def judged(mutant: Mutant, found: Mapping[str, Any], checks: Records) -> Judged:
    """What became of a mutant that was examined."""
    if {found[w]["verdict"] for w in ("oracle", "frameworks")} & {"stillborn", "too slow"}:
        return Judged(mutant, "stillborn")
    failed = ""
    for entry in entries() if {*IN_FILE} & {*asked(mutant, found)} else ():
        if entry.names(mutant.id):
            told = checks.of(mutant, entry.check)
            if told is not None and not told["told"]:
                if entry.check != "unasked":
                    return Judged(mutant, "equivalent", reason=entry.reason)
                return Judged(mutant, "live", "not asked", "not asked", ("not applicable", "not applicable"), entry.reason)
            failed = f"{entry.check}: {told['told'] if told else 'not checked'}"
    other = checks.of(mutant, "another_function")
    if other is not None and not other["told"]:
        found = {**found, "oracle": {"verdict": "not applicable", "told": ANOTHER}}
    by = {w: found[w]["verdict"] for w in ("oracle", "frameworks")}
    oracle, theirs = ("killed" if v in DEAD else "survived" if v == "survived" else "not asked" for v in by.values())
    return Judged(mutant, "live", oracle, theirs, tuple(by.values()), failed or found["oracle"].get("told", ""))


def report(mutants: Sequence[Mutant], records: Records, checks: Records, console: Console, total: int | None) -> int:
    """Print the table and the survivors, and write the summary. Returns the exit status.

    mutants   those that were examined, of a corpus of so many in total; None where it was asked for a part, which is only told
    """
    found = [judged(m, records.of(m) or {}, checks) for m in mutants]
    table = Table(
        title="mutants by kind of mistake: asked of, killed by and surviving the oracle alone, and the frameworks alone"
    )
    for column in ("mistake", *COLUMNS):
        table.add_column(column, justify="left" if column == "mistake" else "right")
    labels = Counter(j.mutant.label for j in found)
    for label, _ in labels.most_common():
        table.add_row(label, *map(str, row([j for j in found if j.mutant.label == label])))
    table.add_row("all", *map(str, row(found)), style="bold")
    console.print(table)
    living = [j for j in found if "survived" in (j.oracle, j.frameworks)]
    for j in living:
        console.print(_told(j), markup=False, highlight=False)
    problems = (_idle(found) if total == len(found) else []) + [
        f"{j.mutant.id}: {j.reason}" for j in living if j.reason.startswith(tuple(f"{check}:" for check in IN_FILE))
    ]
    for problem in problems:
        console.print(f"equivalent.toml: {problem}", markup=False)
    for witness in ("oracle", "frameworks"):
        console.print(f"{witness} alone: {share(found, witness):.2%} of {_asked(found, witness)}")
    if total is not None:
        SUMMARY.parent.mkdir(exist_ok=True)
        SUMMARY.write_text(json.dumps(summary(found, total), indent=1) + "\n")
        page.write("mutants")
    return int(bool(problems) or any(share(found, w) < AIM for w in ("oracle", "frameworks") if _asked(found, w)))


def row(found: Sequence[Judged]) -> list[int]:
    """The numbers of COLUMNS."""
    fates = Counter(j.fate for j in found)
    numbers = [len(found), fates["stillborn"], fates["equivalent"], fates["live"]]
    for witness in ("oracle", "frameworks"):
        of = Counter(getattr(j, witness) for j in found)
        numbers += [of["killed"] + of["survived"], of["killed"], of["survived"]]
    return numbers


def share(found: Sequence[Judged], witness: str) -> float:
    """Killed, of those that a witness was asked about."""
    of = Counter(getattr(j, witness) for j in found)
    return of["killed"] / max(1, of["killed"] + of["survived"])


def summary(found: Sequence[Judged], total: int) -> dict[str, Any]:
    """What is kept: the tables, the equivalent ones by reason, and every survivor."""
    kinds, labels = (list(dict.fromkeys(getattr(j.mutant, of) for j in found)) for of in ("kind", "label"))
    excused, forms = [j for j in found if j.fate == "equivalent"], [j for j in found if _unasked(j)]
    return {
        "corpus": total,
        "examined": len(found),
        "columns": COLUMNS,
        "all": row(found),
        "by_kind": {k: row([j for j in found if j.mutant.kind == k]) for k in kinds},
        "by_label": {k: row([j for j in found if j.mutant.label == k]) for k in labels},
        "killed": {w: share(found, w) for w in ("oracle", "frameworks")},
        "how": {f"{o}, {f}": n for (o, f), n in sorted(Counter(j.how for j in found if j.fate == "live").items())},
        "another_function": sum(j.reason == ANOTHER for j in found),
        "unasked": {why: [j.mutant.id for j in forms if j.reason == why] for why in sorted({j.reason for j in forms})},
        "equivalent": {why: [j.mutant.id for j in excused if j.reason == why] for why in sorted({j.reason for j in excused})},
        "survivors": [
            {"id": j.mutant.id, "oracle": j.oracle, "frameworks": j.frameworks, "diff": j.mutant.diff, "why": _why(j)}
            for j in found
            if "survived" in (j.oracle, j.frameworks)
        ],
    }


def _asked(found: Sequence[Judged], witness: str) -> int:
    return sum(getattr(j, witness) in ("killed", "survived") for j in found)


def _unasked(j: Judged) -> bool:
    return j.reason in {entry.reason for entry in entries() if entry.check == "unasked"}


def _why(j: Judged) -> str:
    """What equivalent.toml says of a survivor, else what its check said."""
    return next((e.reason for e in survivors() if e.names(j.mutant.id)), j.reason)


def _idle(found: Sequence[Judged]) -> list[str]:
    """Patterns that excuse nobody."""
    excused = [j.mutant.id for j in found if j.fate == "equivalent" or _unasked(j)]
    return [f"{pattern!r} names no equivalent mutant" for entry in entries() for pattern in entry.idle(excused)]


def _told(j: Judged) -> str:
    return f"\n{j.mutant.id}: oracle {j.oracle}, frameworks {j.frameworks}. {_why(j)}\n{j.mutant.diff}"
