"""The fate of mutants: what became of each, and the numbers of many."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from conformance.rewriting.mutant import Mutant
from trust.mutants.equivalent import asked
from trust.mutants.reasons import IN_FILE, entries, survivors
from trust.mutants.records import Records
from trust.mutants.witnesses import ANOTHER

DEAD = ("killed", "refused", "raised")
COLUMNS = ("mutants", "stillborn", "equivalent", "live", "asked", "killed", "survived", "asked", "killed", "survived")
WITNESSES = ("oracle", "frameworks")


@dataclass(frozen=True)
class Judged:
    """A mutant and its fate.

    fate                 stillborn (or too slow), equivalent or live
    oracle, frameworks   what each says of a live one: killed, survived or not asked
    reason               why it is equivalent, or which check failed
    """

    mutant: Mutant
    fate: str
    oracle: str = ""
    frameworks: str = ""
    how: tuple[str, ...] = ()
    reason: str = ""


def judged(mutant: Mutant, found: Mapping[str, Any], checks: Records) -> Judged:
    """The fate of a mutant that was examined.

    found    its entry in the journal of mutants
    checks   the journal of checks
    """
    if {found[witness]["verdict"] for witness in WITNESSES} & {"stillborn", "too slow"}:
        return Judged(mutant, "stillborn")
    failed = ""
    for entry in entries() if {*IN_FILE} & {*asked(mutant, found)} else ():
        if entry.names(mutant.id):
            check = checks.of(mutant, entry.check)
            if check is not None and not check["failure"]:
                if entry.check != "unasked":
                    return Judged(mutant, "equivalent", reason=entry.reason)
                return Judged(mutant, "live", "not asked", "not asked", ("not applicable", "not applicable"), entry.reason)
            failed = f"{entry.check}: {check['failure'] if check else 'not checked'}"
    other = checks.of(mutant, "another_function")
    if other is not None and not other["failure"]:
        found = {**found, "oracle": {"verdict": "not applicable", "reason": ANOTHER}}
    verdicts = [found[witness]["verdict"] for witness in WITNESSES]
    oracle, frameworks = ("killed" if v in DEAD else "survived" if v == "survived" else "not asked" for v in verdicts)
    return Judged(mutant, "live", oracle, frameworks, tuple(verdicts), failed or found["oracle"].get("reason", ""))


def row(found: Sequence[Judged]) -> list[int]:
    """The numbers of COLUMNS."""
    fates = Counter(j.fate for j in found)
    numbers = [len(found), fates["stillborn"], fates["equivalent"], fates["live"]]
    for witness in WITNESSES:
        says = Counter(getattr(j, witness) for j in found)
        numbers += [says["killed"] + says["survived"], says["killed"], says["survived"]]
    return numbers


def share(found: Sequence[Judged], witness: str) -> float:
    """The share that a witness killed of the mutants that it was asked about."""
    says = Counter(getattr(j, witness) for j in found)
    return says["killed"] / max(1, says["killed"] + says["survived"])


def summary(found: Sequence[Judged], total: int) -> dict[str, Any]:
    """For the docs: the tables, the equivalent mutants by reason, and every survivor."""
    kinds, labels = (list(dict.fromkeys(getattr(j.mutant, name) for j in found)) for name in ("kind", "label"))
    excused, forms = [j for j in found if j.fate == "equivalent"], [j for j in found if is_unasked(j)]
    return {
        "corpus": total,
        "examined": len(found),
        "columns": COLUMNS,
        "all": row(found),
        "by_kind": {k: row([j for j in found if j.mutant.kind == k]) for k in kinds},
        "by_label": {k: row([j for j in found if j.mutant.label == k]) for k in labels},
        "killed": {w: share(found, w) for w in WITNESSES},
        "how": {f"{o}, {f}": n for (o, f), n in sorted(Counter(j.how for j in found if j.fate == "live").items())},
        "another_function": sum(j.reason == ANOTHER for j in found),
        "unasked": _by_reason(forms),
        "equivalent": _by_reason(excused),
        "survivors": [
            {"id": j.mutant.id, "oracle": j.oracle, "frameworks": j.frameworks, "diff": j.mutant.diff, "why": why(j)}
            for j in found
            if "survived" in (j.oracle, j.frameworks)
        ],
    }


def is_unasked(j: Judged) -> bool:
    """Whether no witness can be asked about a mutant, as equivalent.toml says."""
    return j.reason in {entry.reason for entry in entries() if entry.check == "unasked"}


def why(j: Judged) -> str:
    """Why a mutant survives: from equivalent.toml, else the result of its check."""
    return next((e.reason for e in survivors() if e.names(j.mutant.id)), j.reason)


def _by_reason(found: Sequence[Judged]) -> dict[str, list[str]]:
    return {reason: [j.mutant.id for j in found if j.reason == reason] for reason in sorted({j.reason for j in found})}
