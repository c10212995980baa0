"""Mutants that no suite can or need kill. Each is excluded for a stated reason, by equivalent.toml, and the reason is checked.

    same               out and gradients are those of the right code, in every case and at further inputs
    kink               the same, but in cases that sit on a kink, where both are members of the set
    another_function   the forward is another function, and the backward is its derivative: no gradient is wrong, though out is.
                       The oracle has nothing to find then; the frameworks have, and are held to it

The first two name survivors of both witnesses, and fail where the check does. The third is asked of every mutant that the oracle
alone let live; where its check fails, the mutant has simply survived.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Literal

import numpy as np

from gradwitness.arithmetic import Array
from gradwitness.subject import Subject, floats_to, leaves, tree_map
from gradwitness.verdict import Disagreement, judge_within
from gradwitness.witness import Evidence
from reference import OPTIMIZERS
from reference.case import seed
from tests.run import RUN, optimizer_path
from trust.mutants import Mutant
from trust.right import DTYPE, agreeing, at, cases
from trust.witnesses import mutated, steps

FILE = Path(__file__).with_name("equivalent.toml")
FURTHER = 3
"""Draws of the inputs besides the one that the suite makes."""
STEP = np.longdouble(2) ** -14
ROUNDINGS = 2**10
"""Of a value of the function, which a difference quotient divides by its step."""
Check = Literal["same", "kink", "another_function"]


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
    """Those of the file. Raises ValueError for an unknown check."""
    found = tuple(Entry(tuple(e["ids"]), e["reason"], e["check"]) for e in tomllib.loads(file.read_text())["equivalent"])
    if unknown := {e.check for e in found} - set(CHECKS):
        raise ValueError(f"{file.name}: check {', '.join(sorted(unknown))}; wanted one of {', '.join(CHECKS)}")
    return found


@cache
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(".*".join(re.escape(part) for part in text.split("*")))


def asked(mutant: Mutant, found: Mapping[str, Any]) -> list[Check]:
    """The checks that are to be made of a mutant, given what its examination found."""
    if not survived(found, "frameworks"):
        return ["another_function"] if survived(found, "oracle") else []
    if mutant.kind == "pair" and not survived(found, "oracle"):
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


def another_function(mutant: Mutant) -> str:
    """Empty where the mutated backward is, by central differences, the derivative of the mutated forward, and out is another."""
    differs = False
    for name in mutant.examiners:
        for case in cases(name):
            if case.kink:
                continue
            for further, subject in enumerate(_drawn(name, case)):
                right = list(leaves(_out(subject)))
                with mutant.plant():
                    there = mutated(mutant, subject)
                    differs = differs or not _equal(right, list(leaves(_out(there))))
                    told = _wrong_derivative(there, further)
                if told:
                    return f"{name} / {case.id}: {told}"
    return "" if differs else "out is that of the right code"


CHECKS = {"same": same, "kink": kink, "another_function": another_function}


def _same_at(mutant: Mutant, name: str, case: Any, at_kinks: bool) -> str:
    for judge, right, wrong in _pairs(mutant, name, case):
        if _equal(right, wrong):
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
        for further in range(1 + FURTHER):
            right = [steps(OPTIMIZERS[name], case, further)]
            with mutant.plant():
                wrong = [steps(OPTIMIZERS[name], case, further)]
            yield optimizer_path(OPTIMIZERS[name], case.id, DTYPE)[0].judge, right, wrong
    elif mutant.kind == "adapter":
        for cell in agreeing(name, case.id, (mutant.adapter,)):
            evidence, right = RUN[cell.kind](cell)
            with mutant.plant():
                _, wrong = RUN[cell.kind](cell)
            yield evidence.judge, right, wrong
    else:
        for subject in _drawn(name, case):
            right = subject.run(lambda a: a, DTYPE)
            with mutant.plant():
                wrong = mutated(mutant, subject).run(lambda a: a, DTYPE)
            yield (lambda found, subject=subject: Evidence.of(subject, DTYPE).judge(found)), right, wrong


def _drawn(name: str, case: Any) -> Iterator[Subject]:
    """A case at the suite's inputs, and at further ones."""
    subject = at(name, case.id)
    yield subject
    for further in range(FURTHER):
        number = seed(name, case.id, str(further))
        yield replace(subject, inputs=case.inputs(np.random.default_rng(number)), seed=number)


def _out(subject: Subject) -> Any:
    with np.errstate(all="ignore"):
        return subject.forward(*subject.inputs, **subject.static)[0]


def _equal(some: list[Array], others: list[Array]) -> bool:
    return len(some) == len(others) and all(np.array_equal(a, b, equal_nan=True) for a, b in zip(some, others, strict=True))


def _wrong_derivative(subject: Subject, number: int) -> str:
    """Empty where the vjp agrees with central differences along two random directions, in longdouble; else how it does not."""
    rng = np.random.default_rng((subject.seed, 3, number))
    wide = floats_to(np.longdouble)
    inputs, static = tree_map(wide, subject.inputs), tree_map(wide, subject.static)
    cotangent = tree_map(lambda d: rng.normal(size=d.shape).astype(np.longdouble) * (d != 0), subject.cotangent)  # 0: detached
    with np.errstate(all="ignore"):
        out, cache = subject.forward(*inputs, **static)
        gradient = subject.align(subject.backward(cotangent, cache))

    def value(t: np.longdouble, directions: list[Array]) -> np.longdouble:
        left = iter(directions)
        with np.errstate(all="ignore"):
            moved, _ = subject.forward(*tree_map(lambda a: a + t * next(left), inputs), **static)
        return np.sum([(d * o).sum() for d, o in zip(leaves(cotangent), leaves(moved), strict=True)])

    size = np.sum([np.abs(d * o).sum() for d, o in zip(leaves(cotangent), leaves(out), strict=True)])
    for _ in range(2):
        directions = [rng.normal(size=a.shape).astype(np.float32).astype(np.longdouble) for a in leaves(inputs)]
        coarse, fine = ((value(h, directions) - value(-h, directions)) / (2 * h) for h in (STEP, STEP / 2))
        analytic = np.sum([(g * v).sum() for g, v in zip(gradient, directions, strict=True)])
        rounding = ROUNDINGS * np.finfo(np.longdouble).eps * size / STEP
        try:
            judge_within("vjp along a random direction", analytic, fine, abs(fine - coarse) + rounding)
        except Disagreement as found:
            return str(found).replace("\n", ";")
    return ""
