"""Mutants that are no wrong gradient. equivalent.toml names them with a reason, and each reason is checked.

    same      out and gradients are those of the right code, in every case and at further inputs
    kink      the same; at a kink they may differ, if both are members of the set
    unasked   for an optimizer: the same under the convention of each framework that has it, and different under the
              reference's own. No framework has this form, so none can be asked, and the mutant counts as not asked

An entry has to name mutants that survived both witnesses. One that names none, or whose check fails, fails the run.

    another_function   checked for each mutant that the frameworks kill and the oracle does not: another_function.py. If this
                       check fails, the mutant counts as a survivor of the oracle
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import adapters
from conformance.path import Path as Steps
from conformance.rewriting.mutant import Mutant
from conformance.run import RUN
from gradwitness.arrays import Array
from gradwitness.evidence import Evidence
from gradwitness.subjects.pair import Subject
from gradwitness.verdict import Disagreement
from reference import OPTIMIZERS
from trust.corpus.another_function import another_function
from trust.corpus.baseline import DTYPE, FURTHER, agreeing, cases, drawn, equal, steps
from trust.mutants.reasons import Check, entries


def asked(mutant: Mutant, found: Mapping[str, Any]) -> list[Check]:
    """The checks that a mutant needs after its examination."""
    if survived(found, "oracle") and not survived(found, "frameworks"):
        return ["another_function"]
    if not survived(found, "frameworks") or found["oracle"]["verdict"] not in ("survived", "not applicable"):
        return []
    return list(dict.fromkeys(entry.check for entry in entries() if entry.names(mutant.id)))


def survived(found: Mapping[str, Any], by: str) -> bool:
    """Whether a mutant survived a witness."""
    return bool(found.get(by, {}).get("verdict") == "survived")


def same(mutant: Mutant, *, at_kinks: bool = False) -> str:
    """Empty where the mutant computes what the right code computes; else what differs, and where."""
    for name in mutant.examiners:
        for case in cases(name):
            difference = _same_at(mutant, name, case, at_kinks)
            if difference:
                return f"{name} / {case.id}: {difference}"
    return ""


def kink(mutant: Mutant) -> str:
    """Empty where the mutant computes the same, or another member of the set at a kink."""
    return same(mutant, at_kinks=True)


def unasked(mutant: Mutant) -> str:
    """Empty where a mutant of an optimizer shows in the reference's own form only; else where it shows."""
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


CHECKS: Mapping[str, Callable[[Mutant], str]] = {
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
    """(judge, results of the right code, results of the mutated code) at all inputs of a case."""
    if mutant.kind == "optimizer":
        for number in range(1 + FURTHER):
            run = partial(steps, OPTIMIZERS[name], case, number)
            right, path = [run()], Steps(["param"], partial(_only, run), DTYPE, number)
            with mutant.plant():
                wrong = [run()]
            yield path.judge, right, wrong
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
            yield partial(_judge, subject), right, wrong


def _only(run: Callable[[Any], Array], lift: Any, _wide: Any) -> list[Array]:
    return [run(lift)]


def _judge(subject: Subject, found: list[Array]) -> None:
    Evidence.of(subject, DTYPE).judge(found)
