"""Coverage: what is missing is named, with its place and the cure."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_args

import pytest

import adapters
from conformance.having import having
from conformance.known import Difference, Unsupported, accuracies, differences, unsupported
from conformance.matrix import TABLES, Selection
from conformance.recipes import RECIPES
from gradwitness import K, frameworks
from reference import CLIPPING, MODELS, OPS, OPTIMIZERS, SCHEDULES, Op

ROOT = Path(__file__).parent.parent
PARTS = {"ops": OPS, "models": MODELS, "optimizers": OPTIMIZERS, "schedules": SCHEDULES, "clipping": CLIPPING}
"""Part of an adapter -> the table of the reference that it follows."""


def complaints(adapter: Any, part: str) -> list[str]:
    """What an adapter lacks without a reason, and what it has that the reference does not know."""
    return [*_unexplained(adapter, part), *_unknown(adapter, part)]


def _unexplained(adapter: Any, part: str) -> Iterator[str]:
    for name in PARTS[part]:
        try:
            adapter.missing(part, name)
        except LookupError as error:
            yield error.args[0]


def _unknown(adapter: Any, part: str) -> Iterator[str]:
    for name in getattr(adapter, part).keys() - PARTS[part].keys():
        meant = get_close_matches(name, PARTS[part], n=1)
        hint = f"; did you mean `{meant[0]}`?" if meant else "; a helper's name begins with an underscore, or it lives elsewhere"
        yield f"{adapter.name}: `{name}` in {part} is nothing that the reference has{hint}"


@pytest.fixture(params=adapters.NAMES)
def adapter(request: pytest.FixtureRequest) -> Any:
    return having(request.param)


@pytest.mark.parametrize("part", PARTS)
def test_an_adapter_has_every_part_or_says_why_not(adapter: Any, part: str) -> None:
    assert complaints(adapter, part) == []


def test_an_adapter_lacks_no_more_than_it_says(adapter: Any) -> None:
    lacks = [name for part, table in PARTS.items() for name in table if adapter.missing(part, name)]
    limit = adapter.spec.may_lack
    assert limit is None or len(lacks) <= limit, f"{adapter.name} lacks {', '.join(lacks)}; its FrameworkSpec allows {limit}"


def test_a_reason_is_about_something_that_is_missing(adapter: Any) -> None:
    there = {name for part in PARTS for name in getattr(adapter, part)}
    everything = {*PARTS, *(name for table in PARTS.values() for name in table)}
    assert [name for name in adapter.reasons if name in there or name not in everything or not adapter.reasons[name]] == []


def test_what_is_missing_is_named_with_its_place_and_the_cure() -> None:
    spec = frameworks.FrameworkSpec("torch", "torch", "gradwitness.frameworks.torch")
    bare = adapters.Adapter(spec, frameworks.load("numpy"), "adapters.torch", ops={"sofmax": abs}, reasons={"relu": "no need"})
    found = complaints(bare, "ops")
    assert (
        "torch: no function `softmax`; add it to adapters/torch/ops/<topic>.py, or say in MISSING of adapters.torch"
        in "".join(found)
    )
    assert "torch: `sofmax` in ops is nothing that the reference has; did you mean `softmax`?" in found
    assert not any("`relu`" in line for line in found)


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


MODULES = {
    f"reference.{family}.{path.stem}": path.read_text()
    for family in ("activations", "losses", "layers", "models", "optimizers")
    for path in sorted((ROOT / "reference" / family).glob("*.py"))
}


def test_every_module_with_cases_is_in_its_table() -> None:
    """A new op, model or optimizer that nobody entered into its table would never be run."""
    written = {module.rpartition(".")[2]: module for module, source in MODULES.items() if "\nCASES" in source}
    entered = {*OPS, *MODELS, *OPTIMIZERS}
    assert [
        f"{module}: add a line for it to the tables in reference/__init__.py" for n, module in written.items() if n not in entered
    ] == []


def test_a_table_has_each_thing_under_its_name() -> None:
    for table in (OPS, MODELS, OPTIMIZERS):
        assert [(name, entry.name) for name, entry in table.items() if entry.name != name] == []


def test_every_model_has_a_recipe() -> None:
    trained = {recipe.model for recipe in RECIPES.values()}
    assert [f"{name}: add a recipe to conformance/recipes and its table" for name in MODELS if name not in trained] == []


def test_every_recipe_is_in_the_table() -> None:
    written = [p.stem for p in (ROOT / "conformance" / "recipes").glob("*.py") if "\nRECIPE = " in p.read_text()]
    assert [f"{name}: add it to RECIPES in conformance/recipes/__init__.py" for name in written if name not in RECIPES] == []


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


EVERYTHING = Selection(device=("cpu", "cuda"), every_case_compiled=True)


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
    cases = {(op.name, case.id) for op in OPS.values() for case in op.cases}
    for name in adapters.NAMES:
        spec = frameworks.spec_of(name)
        for mode in spec.modes:
            assert {c.name for c in ordinary if (c.adapter, c.mode) == (name, mode)} == set(OPS)
            if mode not in spec.slow:
                assert {(c.name, c.case_id) for c in everything if (c.adapter, c.mode) == (name, mode)} == cases
                assert {(c.name, c.case_id) for c in Selection(adapter=(name,), mode=(mode,)).cells("op")} == cases
