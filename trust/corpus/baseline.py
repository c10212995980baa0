"""What is right, found before a mistake is planted: the inputs of cases, and what the frameworks return for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from types import MappingProxyType
from typing import Any

import numpy as np

import adapters
from conformance.known import Accuracy, known
from conformance.matrix import Cell, Kind
from conformance.run import RUN, missing, subject
from gradwitness import K, frameworks
from gradwitness.arrays import Array
from gradwitness.subjects.pair import Subject, leaves
from reference import MODELS, OPS, OPTIMIZERS, Case, Optimizer
from reference.schedules import rate

TABLES: Mapping[Kind, Mapping[str, Any]] = {"op": OPS, "model": MODELS, "optimizer": OPTIMIZERS}
DTYPE = "float64"
FURTHER = 3
"""How many draws of the inputs are examined besides the one of the tests."""


def kind_of(name: str) -> Kind:
    """The kind of an op, model or optimizer."""
    return next(kind for kind, table in TABLES.items() if name in table)


def cases(name: str) -> list[Case]:
    """The cases of an op, model or optimizer: the generic one first, then from the smallest to the largest."""
    first, *others = TABLES[kind_of(name)][name].cases
    return [first, *sorted(others, key=lambda case: _size(name, case.id))]


@cache
def _size(name: str, case_id: str) -> int:
    found = TABLES[kind_of(name)][name]
    case = next(case for case in found.cases if case.id == case_id)
    inputs = case.inputs(np.random.default_rng(0))
    return sum(np.size(leaf) for leaf in leaves(inputs))


@cache
def subject_of(name: str, case_id: str) -> Subject:
    """An op or model at a case. Its inputs are drawn before a mistake is planted."""
    op = TABLES[kind_of(name)][name]
    return subject(op, next(case for case in op.cases if case.id == case_id))


def agreeing(name: str, case_id: str, among: tuple[str, ...] = adapters.NAMES, mode: str = "eager") -> Iterator[Cell]:
    """The cells of a case, on the CPU and in a mode, that should agree: the framework is installed, has the op, and differs
    nowhere on record. Those in float64 come first: some frameworks compute in float32 whatever they are given, and agree there.
    """
    for dtype in (DTYPE, "float32"):
        for adapter in among:
            found = Cell(kind_of(name), name, case_id, adapter, dtype, "cpu", mode)
            try:
                has_it = not missing(found)
            except frameworks.Unavailable:
                continue
            if has_it and _nothing_on_record(found):
                yield found


@cache
def _nothing_on_record(found: Cell) -> bool:
    """Whether no difference is on record; or a limit of accuracy only, within which this cell stays without it."""
    entry = known(found)
    if not isinstance(entry, Accuracy):
        return entry is None
    evidence, arrays = RUN[found.kind](found)
    return bool(max(evidence.distances(arrays).values()) <= K)


@cache
def results(found: Cell) -> list[Any]:
    """The results of the framework in a cell."""
    _, arrays = RUN[found.kind](found)
    return arrays


@cache
def by_framework(name: str, case_id: str) -> list[tuple[Subject, str, list[Any]]]:
    """A case of an op or model, a dtype, and a framework's results: one for each convention that a framework has, from the first
    framework that agrees on record.
    """
    by_convention: dict[str, tuple[Subject, str, list[Any]]] = {}
    for found in agreeing(name, case_id):
        model, at_case = adapters.load(found.adapter).models.get(name), subject_of(name, case_id)
        convention = dict(model.conventions) if model is not None else {}
        if repr(convention) not in by_convention:
            at_case = replace(at_case, static={**at_case.static, **convention})
            by_convention[repr(convention)] = at_case, found.dtype, results(found)
    return list(by_convention.values())


def steps(
    optimizer: Optimizer,
    case: Case,
    number: int = 0,
    lift: Callable[[Array], Any] = np.asarray,
    convention: Mapping[str, Any] = MappingProxyType({}),
) -> Array:
    """The parameter after each step of a case, at a draw of its inputs. `lift` turns the inputs into arrays of another kind."""
    param, grads = map(lift, case.inputs(np.random.default_rng(number)))
    hyper, state, history = {**case.attrs, **convention}, optimizer.init(param), []
    lr = hyper.pop("lr")
    for t, grad in enumerate(grads):
        param, state = optimizer.step(param, grad, state, lr=rate(lr, t), **hyper)
        history.append(param)
    return np.stack(history)


def drawn(name: str, case: Any) -> Iterator[Subject]:
    """A case at the inputs of the tests, and at further draws."""
    op = TABLES[kind_of(name)][name]
    yield subject_of(name, case.id)
    for further in range(FURTHER):
        yield subject(op, case, further)


def equal(some: list[Array], others: list[Array]) -> bool:
    """Whether arrays are the same bit for bit."""
    return len(some) == len(others) and all(np.array_equal(a, b, equal_nan=True) for a, b in zip(some, others, strict=True))
