"""Coverage: an op without a spelling, a case or a record in order is named."""

from __future__ import annotations

import inspect
from collections import Counter
from typing import Any, get_args

import pytest

import adapters
from conformance.known import Difference, Unsupported, accuracies, differences, unsupported
from conformance.matrix import TABLES, Selection
from gradwitness import K, frameworks
from reference import CLIPPING, MODELS, OPS, OPTIMIZERS, SCHEDULES, Op


@pytest.fixture(params=adapters.NAMES)
def adapter(request: pytest.FixtureRequest) -> Any:
    try:
        return adapters.load(request.param)
    except frameworks.Unavailable as reason:
        pytest.skip(str(reason))


def test_an_adapter_spells_every_op_or_says_why_not(adapter: Any) -> None:
    assert sorted([*adapter.ops, *adapter.missing]) == sorted(OPS)


def test_an_adapter_spells_every_model(adapter: Any) -> None:
    assert set(adapter.models) == set(MODELS)


def test_an_adapter_spells_every_optimizer_and_schedule_or_says_why_not(adapter: Any) -> None:
    assert sorted([*adapter.optimizers, *adapter.schedules, *adapter.lacking]) == sorted([*OPTIMIZERS, *SCHEDULES])
    assert set(adapter.clipping) == set(CLIPPING)
    assert all(adapter.lacking.values())


def test_a_convention_names_arguments_of_the_reference(adapter: Any) -> None:
    for name, convention in adapter.conventions.items():
        function = OPTIMIZERS[name].step if name in OPTIMIZERS else CLIPPING[name]
        assert convention.keys() <= inspect.signature(function).parameters.keys(), name


def test_every_hyper_parameter_has_a_case_or_a_convention() -> None:
    chosen = [adapters.load(name).conventions for name in adapters.NAMES if frameworks.installed(name)]
    if len(chosen) < len(adapters.NAMES):
        pytest.skip("the conventions of every framework are asked for")
    for name, optimizer in OPTIMIZERS.items():
        parameters = inspect.signature(optimizer.step).parameters.values()
        keywords = {p.name for p in parameters if p.kind == inspect.Parameter.KEYWORD_ONLY}
        used = {key for case in optimizer.cases for key in case.attrs} | {key for c in chosen for key in c.get(name, {})}
        assert keywords - used <= {"threshold"}, name  # that of RAdam is 5 in both frameworks that have it


def test_a_spelling_takes_the_reference_s_arguments(adapter: Any) -> None:
    for name, spelling in adapter.ops.items():
        reference, own = (inspect.signature(f).parameters for f in (OPS[name].forward, spelling))
        assert list(own) == list(reference), name


CATALOGUE = {"activations": 23, "losses": 25, "layers": 43}
EMPTY = 6
"""So many of the places of an op in a framework may be empty, each with its reason."""


def test_the_catalogue_is_whole() -> None:
    assert Counter(op.family for op in OPS.values()) == CATALOGUE
    assert all(op.name == name for name, op in OPS.items())


def test_hardly_a_place_is_empty() -> None:
    reasons = [reason for name in adapters.NAMES if frameworks.installed(name) for reason in adapters.load(name).missing.values()]
    assert len(reasons) <= EMPTY
    assert all(reasons)


@pytest.mark.parametrize("op", [*OPS.values(), *MODELS.values()], ids=[*OPS, *MODELS])
def test_an_op_keeps_to_the_contract(op: Op) -> None:
    parameters = inspect.signature(op.forward).parameters.values()
    # What is differentiated comes by position and only so, all else by keyword.
    assert inspect.Parameter.POSITIONAL_OR_KEYWORD not in {p.kind for p in parameters}
    ids = [case.id for case in op.cases]
    assert ids[0] == "generic"
    assert len(set(ids)) == len(ids)


def test_every_op_has_a_domain() -> None:
    assert [op.name for op in OPS.values() if op.domain is None] == []


@pytest.mark.parametrize("op", [*OPS.values(), *MODELS.values()], ids=[*OPS, *MODELS])
def test_every_keyword_of_an_op_has_a_case(op: Op) -> None:
    keywords = {p.name for p in inspect.signature(op.forward).parameters.values() if p.kind == inspect.Parameter.KEYWORD_ONLY}
    assert keywords - {key for case in op.cases for key in case.attrs} == set()


def test_losses_have_a_case_for_each_reduction() -> None:
    for op in OPS.values():
        if "reduction" in inspect.signature(op.forward).parameters:
            reductions = get_args(inspect.signature(op.forward).parameters["reduction"].annotation)
            assert {"none", "mean", "sum"} <= set(reductions), op.name
            assert {case.attrs.get("reduction", "mean") for case in op.cases} == set(reductions), op.name


EVERYTHING = Selection(device=frameworks.DEVICES, every_case_compiled=True)


@pytest.mark.parametrize("entry", differences(), ids=lambda d: f"{d.adapter}-{d.op}-{d.case[0]}")
def test_a_known_difference_names_cells_that_exist(entry: Difference) -> None:
    cells = [cell for kind in TABLES for cell in EVERYTHING.cells(kind) if entry.holds_for(cell)]
    listed = len(entry.case) * len(entry.dtype) * len(entry.device)
    assert len({(c.case_id, c.dtype, c.device) for c in cells}) == listed
    assert {c.mode for c in cells} == set(entry.mode)
    assert entry.reason
    assert set(entry.measured) == set(entry.case)
    for case in entry.case:
        assert set(entry.measured[case]) == set(entry.dtype)
        assert all(then.keys() == {"gradient", "index", "got", "truth", "ratio"} for then in entry.measured[case].values())


@pytest.mark.parametrize("entry", unsupported(), ids=lambda u: f"{u.adapter}-{u.op}")
def test_an_unsupported_cell_exists(entry: Unsupported) -> None:
    cells = [cell for kind in TABLES for cell in EVERYTHING.cells(kind) if entry.holds_for(cell)]
    assert len(cells) == len(entry.case) * len(entry.dtype) * len(entry.mode) * len(entry.device)
    assert entry.reason
    assert entry.raises


def test_an_accuracy_limit_names_cells_that_exist() -> None:
    for entry in accuracies():  # there need not be any
        cells = [cell for kind in TABLES for cell in EVERYTHING.cells(kind) if entry.holds_for(cell)]
        assert {cell.mode for cell in cells} == set(entry.mode)
        assert {cell.device for cell in cells} == set(entry.device)
        assert {cell.dtype for cell in cells if entry.wanted(cell)} == set(entry.worst)
        assert entry.reason
        for worst in entry.worst.values():
            assert worst.keys() == {"case", "gradient", "index", "got", "truth", "ratio"}
            assert worst["ratio"] > K


def test_every_op_is_compiled_at_least_once_and_on_every_case_if_asked() -> None:
    ordinary, everything = list(Selection().cells("op")), list(EVERYTHING.cells("op"))
    for name in adapters.NAMES:
        for mode in frameworks.MODES[name]:
            assert {c.name for c in ordinary if (c.adapter, c.mode) == (name, mode)} == set(OPS)
    cases = {(op.name, case.id) for op in OPS.values() for case in op.cases}
    for mode in ("eager", "graph", "xla", "jit"):
        assert {(c.name, c.case_id) for c in everything if c.mode == mode} == cases
        assert {(c.name, c.case_id) for c in Selection(mode=(mode,)).cells("op")} == cases
