"""Two witnesses examine a mutant, each by itself.

    oracle        numerical differentiation of the mutated forward, against the mutated backward: no framework
    frameworks    what frameworks return, against the mutated reference (or its evidence against a mutated spelling): no
                  numerical differentiation, but at kinks, where it says what the set is

What they check is here; in which order, and what comes of it, in outcome.py.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

import numpy as np

import adapters
from conformance.path import Path
from conformance.run import RUN, optimizer_path
from gradwitness.evidence import Evidence
from gradwitness.subjects.pair import Subject
from reference import OPS
from trust.corpus.another_function import another_function as why_not_another
from trust.corpus.baseline import DTYPE, agreeing, at, by_framework, results
from trust.corpus.catalogue import reached_by_forward
from trust.corpus.mutant import Mutant
from trust.corpus.stillborn import stillborn
from trust.corpus.time_limit import at_most
from trust.mutants.caching import checked, measured_before, unchanged
from trust.mutants.outcome import SECONDS_PER_CASE, Outcome, outcome_of

ANOTHER = "another function, of which backward is the derivative"


def examine(mutant: Mutant) -> list[Outcome]:
    """What both witnesses find."""
    if reason := stillborn(mutant):
        return [Outcome(by, "stillborn", told=reason) for by in ("oracle", "frameworks")]
    first, second = oracle(mutant), by_frameworks(mutant)
    if first.told == ANOTHER and second.verdict == "survived":
        first = oracle(mutant, ask=True)  # then out is not seen to be wrong either
    return [first, second]


def oracle(mutant: Mutant, *, ask: bool = False) -> Outcome:
    """Is the mutated backward the derivative of the mutated forward? Not asked where no gradient is wrong, but with `ask`."""
    if mutant.kind != "pair":
        return Outcome("oracle", "not applicable", told="no forward to differentiate")
    if not ask and is_another_function(mutant):
        return Outcome("oracle", "not applicable", told=ANOTHER)

    def checks(name: str, case_id: str) -> Iterator[Callable[[], Any]]:
        right = at(name, case_id)
        if not _in_a_forward(mutant) and _unchanged(mutant, right):
            yield lambda: None
            return
        yield lambda: checked(mutant, name, case_id, mutant.on(right))

    return outcome_of(mutant, "oracle", checks)


def by_frameworks(mutant: Mutant) -> Outcome:
    """Do frameworks return what the mutated code says, or the mutated framework what the reference says?"""

    def checks(name: str, case_id: str) -> Iterator[Callable[[], Any]]:
        if mutant.kind == "adapter":
            for cell in agreeing(name, case_id, (mutant.adapter,)):
                yield lambda cell=cell: _spelling(cell)
            yield from _compiled(name, case_id, mutant.adapter)
        elif mutant.kind == "optimizer":
            for cell in agreeing(name, case_id):
                theirs = results(cell)
                yield lambda cell=cell, theirs=theirs: _path(cell).judge(theirs)
        else:
            for subject, dtype, theirs in by_framework(name, case_id):
                if _unchanged(mutant, subject):
                    yield lambda: None
                else:
                    yield lambda of=(subject, dtype), theirs=theirs: _evidence(mutant, name, case_id, *of).judge(theirs)

    return outcome_of(mutant, "frameworks", checks)


def _compiled(name: str, case_id: str, adapter: str) -> Iterator[Callable[[], Any]]:
    """Spellings may depend on who runs them: TensorFlow's graph has no devices, and PyTorch's compiler, which would take ten
    seconds for each mutant, gets the branches that ask for it; they are run eagerly.
    """
    if adapter == "tensorflow":
        for cell in agreeing(name, case_id, (adapter,), "graph"):
            yield lambda cell=cell: _spelling(cell)
    elif adapter == "torch" and "is_compiling" in _source_of(adapters.load(adapter).ops.get(name)):
        for cell in agreeing(name, case_id, (adapter,)):
            yield lambda cell=cell: _as_compiled(cell)


def _source_of(function: Any) -> str:
    return "" if function is None else inspect.getsource(function)


def _as_compiled(cell: Any) -> None:
    with mock.patch("torch.compiler.is_compiling", return_value=True):
        _spelling(cell)


def is_another_function(mutant: Mutant) -> bool:
    """Whether no gradient is wrong, though out is; only a mistake that a forward runs can be so."""
    if not _in_a_forward(mutant):
        return False
    try:
        with np.errstate(all="ignore"), at_most(SECONDS_PER_CASE):
            return not why_not_another(mutant)
    except Exception:  # whatever the mutated code does
        return False


def _in_a_forward(mutant: Mutant) -> bool:
    return mutant.spoil is None and any(reached_by_forward(mutant, name) for name in mutant.examiners)


def _unchanged(mutant: Mutant, subject: Subject) -> bool:
    with at_most(SECONDS_PER_CASE):
        return unchanged(mutant, subject)


def _evidence(mutant: Mutant, name: str, case_id: str, subject: Subject, dtype: str) -> Evidence:
    there = mutant.on(subject)
    measured = measured_before(mutant, name, case_id) if name in OPS and dtype == DTYPE else None  # a model has conventions
    return Evidence.of(there, dtype) if measured is None else Evidence(there.rounded(dtype), np.dtype(dtype), measured)


def _spelling(cell: Any) -> None:
    evidence, theirs = RUN[cell.kind](cell)
    evidence.judge(theirs)


def _path(cell: Any) -> Path:
    """`conformance.run.optimizer_path`, which remembers, without its memory."""
    convention = tuple(adapters.load(cell.adapter).conventions.get(cell.name, {}).items())
    path, *_ = optimizer_path.__wrapped__(cell.subject, cell.case_id, cell.dtype, convention)
    return path
