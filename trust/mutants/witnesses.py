"""The two witnesses of a mutant. Each examines it alone.

    oracle        differentiates the mutated forward numerically, and compares the mutated backward; uses no framework
    frameworks    compares what frameworks return with the mutated reference, or a mutated adapter with the reference; uses
                  numerical differentiation at kinks only, to find which gradients are members of the set

outcome.py runs the checks in order and makes a verdict of them.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any
from unittest import mock

import numpy as np

import adapters
from conformance.matrix import Cell
from conformance.rewriting.mutant import Mutant
from conformance.run import RUN, optimizer_path
from gradwitness.evidence import Evidence
from gradwitness.subjects.pair import Subject
from reference import OPS, OPTIMIZERS
from trust.corpus.another_function import another_function as why_not_another
from trust.corpus.baseline import DTYPE, agreeing, by_framework, results, subject_of
from trust.corpus.catalogue import reached_by_forward
from trust.corpus.stillborn import stillborn
from trust.corpus.time_limit import at_most
from trust.mutants.caching import checked, measured_before, unchanged
from trust.mutants.outcome import SECONDS_PER_CASE, Outcome, outcome_of

ANOTHER = "another function, and backward is its derivative"


def examine(mutant: Mutant) -> list[Outcome]:
    """The outcomes of both witnesses."""
    if reason := stillborn(mutant):
        return [Outcome(by, "stillborn", reason=reason) for by in ("oracle", "frameworks")]
    first, second = oracle(mutant), by_frameworks(mutant)
    if first.reason == ANOTHER and second.verdict == "survived":
        first = oracle(mutant, ask=True)  # the frameworks did not see a wrong out, so the oracle has to look
    return [first, second]


def oracle(mutant: Mutant, *, ask: bool = False) -> Outcome:
    """Is the mutated backward the derivative of the mutated forward?

    ask   examine a mutant whose gradient is not wrong as well
    """
    if mutant.kind != "pair":
        return Outcome("oracle", "not applicable", reason="no forward to differentiate")
    if not ask and is_another_function(mutant):
        return Outcome("oracle", "not applicable", reason=ANOTHER)

    def checks(name: str, case_id: str) -> Iterator[Callable[[], Any]]:
        right = subject_of(name, case_id)
        if not _in_a_forward(mutant) and _unchanged(mutant, right):
            yield lambda: None
            return
        yield lambda: checked(mutant, name, case_id, mutant.on(right))

    return outcome_of(mutant, "oracle", checks)


def by_frameworks(mutant: Mutant) -> Outcome:
    """Do frameworks return what the mutated reference computes? Or does a mutated adapter return what the reference does?"""

    def checks(name: str, case_id: str) -> Iterator[Callable[[], Any]]:
        if mutant.kind == "adapter":
            for cell in agreeing(name, case_id, (mutant.adapter,)):
                yield partial(_spelling, cell)
            yield from _compiled(name, case_id, mutant.adapter)
        elif mutant.kind == "optimizer":
            for cell in agreeing(name, case_id):
                yield partial(_judged_path, cell, results(cell))
        else:
            for subject, dtype, theirs in by_framework(name, case_id):
                if _unchanged(mutant, subject):
                    yield lambda: None
                else:
                    yield partial(_judged, mutant, name, case_id, subject, dtype, theirs)

    return outcome_of(mutant, "frameworks", checks)


def _compiled(name: str, case_id: str, adapter: str) -> Iterator[Callable[[], Any]]:
    """Checks of code that runs in a compiled mode only.

    In TensorFlow the graph is run. PyTorch's compiler would take ten seconds for each mutant: the branches that ask whether it
    compiles are told so, and run eagerly.
    """
    if adapter == "tensorflow":
        for cell in agreeing(name, case_id, (adapter,), "graph"):
            yield partial(_spelling, cell)
    elif adapter == "torch" and "is_compiling" in _source_of(adapters.load(adapter).ops.get(name)):
        for cell in agreeing(name, case_id, (adapter,)):
            yield partial(_as_compiled, cell)


def _source_of(function: Any) -> str:
    return "" if function is None else inspect.getsource(function)


def _as_compiled(cell: Cell) -> None:
    with mock.patch("torch.compiler.is_compiling", return_value=True):
        _spelling(cell)


def is_another_function(mutant: Mutant) -> bool:
    """Whether out is wrong and no gradient is. Only a mistake in code that a forward runs can do that."""
    if not _in_a_forward(mutant):
        return False
    try:
        with np.errstate(all="ignore"), at_most(SECONDS_PER_CASE):
            return not why_not_another(mutant)
    except Exception:  # the mutated code may raise anything
        return False


def _in_a_forward(mutant: Mutant) -> bool:
    return mutant.spoil is None and any(reached_by_forward(mutant, name) for name in mutant.examiners)


def _unchanged(mutant: Mutant, subject: Subject) -> bool:
    with at_most(SECONDS_PER_CASE):
        return unchanged(mutant, subject)


def _judged(mutant: Mutant, name: str, case_id: str, subject: Subject, dtype: str, theirs: list[Any]) -> None:
    """Compare a framework's results with the mutated reference."""
    mutated = mutant.on(subject)
    measured = measured_before(mutant, name, case_id) if name in OPS and dtype == DTYPE else None  # a model has conventions
    evidence = Evidence.of(mutated, dtype) if measured is None else Evidence(mutated.rounded(dtype), np.dtype(dtype), measured)
    evidence.judge(theirs)


def _spelling(cell: Cell) -> None:
    """Run a mutated adapter and compare it with the reference."""
    evidence, theirs = RUN[cell.kind](cell)
    evidence.judge(theirs)


def _judged_path(cell: Cell, theirs: list[Any]) -> None:
    """Compare a framework's optimizer with the mutated reference. The cache of `optimizer_path` holds the right one."""
    convention = tuple(adapters.load(cell.adapter).conventions.get(cell.name, {}).items())
    path, *_ = optimizer_path.__wrapped__(OPTIMIZERS[cell.name], cell.case_id, cell.dtype, convention)
    path.judge(theirs)
