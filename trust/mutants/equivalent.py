"""Mutants that no suite can or need kill. Each is excluded for a stated reason, by equivalent.toml, and the reason is checked.

    same               out and gradients are those of the right code, in every case and at further inputs
    kink               the same, but in cases that sit on a kink, where both are members of the set
    unasked            of an optimizer: the same under the convention of every framework that has it, and not under the
                       reference's own; no framework can be asked about a form that none has, and the mutant lives, unasked

They name survivors of both witnesses. An entry that names none, or whose check fails, fails the run.

    another_function   asked of every mutant that the oracle found nothing wrong with, and frameworks did: see consistent.py.
                       Where this check fails, the mutant has survived, and counts so
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any, Literal

import adapters
from conformance.path import Path as Steps
from conformance.run import RUN
from gradwitness.arrays import Array
from gradwitness.evidence import Evidence
from gradwitness.verdict import Disagreement
from reference import OPTIMIZERS
from trust.corpus.another_function import another_function
from trust.corpus.baseline import DTYPE, FURTHER, agreeing, cases, drawn, equal, steps
from trust.corpus.mutant import Mutant

FILE = Path(__file__).with_name("equivalent.toml")
Check = Literal["same", "kink", "unasked", "another_function", "none"]
IN_FILE = ("same", "kink", "unasked")


@dataclass(frozen=True)
class Entry:
    """Some mutants, why they are excluded, and what is checked. In ids * stands for anything."""

    ids: tuple[str, ...]
    reason: str
    check: Check

    def names(self, identity: str) -> bool:
        """Whether a mutant is one of them."""
        return any(_pattern(pattern).fullmatch(identity) for pattern in self.ids)

    def idle(self, identities: Iterable[str]) -> list[str]:
        """Patterns that match none of the mutants."""
        left = list(identities)
        return [pattern for pattern in self.ids if not any(_pattern(pattern).fullmatch(identity) for identity in left)]


@cache
def entries(file: Path = FILE) -> tuple[Entry, ...]:
    """The equivalent ones of the file. Raises ValueError for an unknown check."""
    found = tuple(Entry(tuple(e["ids"]), e["reason"], e["check"]) for e in tomllib.loads(file.read_text())["equivalent"])
    if unknown := {e.check for e in found} - {*IN_FILE}:
        raise ValueError(f"{file.name}: check {', '.join(sorted(unknown))}; wanted one of {', '.join(IN_FILE)}")
    return found


@cache
def survivors(file: Path = FILE) -> tuple[Entry, ...]:
    """What the file says of mutants that are mistakes and survive all the same: why. They count as survivors."""
    return tuple(Entry(tuple(e["ids"]), e["reason"], "none") for e in tomllib.loads(file.read_text()).get("survivor", []))


@cache
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(".*".join(re.escape(part) for part in text.split("*")))


def asked(mutant: Mutant, found: Mapping[str, Any]) -> list[Check]:
    """The checks that are to be made of a mutant, given what its examination found."""
    if survived(found, "oracle") and not survived(found, "frameworks"):
        return ["another_function"]
    if not survived(found, "frameworks") or found["oracle"]["verdict"] not in ("survived", "not applicable"):
        return []
    return list(dict.fromkeys(entry.check for entry in entries() if entry.names(mutant.id)))


def survived(found: Mapping[str, Any], by: str) -> bool:
    """Whether a witness let it live."""
    return found.get(by, {}).get("verdict") == "survived"


def same(mutant: Mutant, *, at_kinks: bool = False) -> str:
    """Empty where the mutant computes what the right code does; else what differs, and where."""
    for name in mutant.examiners:
        for case in cases(name):
            told = _same_at(mutant, name, case, at_kinks)
            if told:
                return f"{name} / {case.id}: {told}"
    return ""


def kink(mutant: Mutant) -> str:
    """Empty where it does so, or at a kink returns another member of the set."""
    return same(mutant, at_kinks=True)


def unasked(mutant: Mutant) -> str:
    """Empty where an optimizer's mutant shows in the reference's own form alone; else why not."""
    shows = False
    for name in mutant.examiners:
        for case in cases(name):
            for cell in agreeing(name, case.id):
                convention = adapters.load(cell.adapter).conventions.get(name, {})
                if not _same_steps(mutant, name, case, convention):
                    return f"{name} / {case.id}: differs under the convention of {cell.adapter}, {dict(convention)}"
            shows = shows or not _same_steps(mutant, name, case, {})
    return "" if shows else "the same in every case, whatever the convention"


def _same_steps(mutant: Mutant, name: str, case: Any, convention: Mapping[str, Any]) -> bool:
    run = partial(steps, OPTIMIZERS[name], case, convention=convention)
    right = run()
    with mutant.plant():
        return equal([right], [run()])


CHECKS: Mapping[Check, Callable[[Mutant], str]] = {
    "same": same,
    "kink": kink,
    "unasked": unasked,
    "another_function": partial(another_function, as_far_as_seen=True),
}


def _same_at(mutant: Mutant, name: str, case: Any, at_kinks: bool) -> str:
    for judge, right, wrong in _pairs(mutant, name, case):
        if equal(right, wrong):
            continue
        if case.kink and not at_kinks:
            return "another member of the set at a kink"
        try:
            judge(wrong)
        except Disagreement as found:
            return str(found).replace("\n", ";")
    return ""


def _pairs(mutant: Mutant, name: str, case: Any) -> Iterator[tuple[Any, list[Array], list[Array]]]:
    """(a judge, what the right code returns, what the mutated one does), at all inputs of a case."""
    if mutant.kind == "optimizer":
        for number in range(1 + FURTHER):
            run = partial(steps, OPTIMIZERS[name], case, number)
            right, told = [run()], Steps(["param"], lambda lift, _wide, run=run: [run(lift)], DTYPE, number)
            with mutant.plant():
                wrong = [run()]
            yield told.judge, right, wrong
    elif mutant.kind == "adapter":
        for cell in agreeing(name, case.id, (mutant.adapter,)):
            evidence, right = RUN[cell.kind](cell)
            with mutant.plant():
                _, wrong = RUN[cell.kind](cell)
            yield evidence.judge, right, wrong
    else:
        for subject in drawn(name, case):
            right = subject.run(lambda a: a, DTYPE)
            with mutant.plant():
                wrong = mutant.on(subject).run(lambda a: a, DTYPE)
            yield (lambda found, subject=subject: Evidence.of(subject, DTYPE).judge(found)), right, wrong
