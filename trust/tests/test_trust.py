"""Mutants: examined by both witnesses, once, counted once, and excused for a reason that is checked."""

import ast
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import adapters
import gradwitness
from gradwitness import frameworks
from reference import OPS
from reference.activations import silu
from trust.corpus.another_function import another_function
from trust.corpus.catalogue import corpus
from trust.corpus.mutant import Mutant
from trust.mutants import equivalent, fate, records
from trust.mutants.outcome import Outcome
from trust.mutants.records import Records, entry
from trust.mutants.witnesses import by_frameworks, examine, oracle

ENGINE_ROOM = Path(gradwitness.__file__).parent
ASKED_FOR = {
    "flipped sign", "dropped term", "missing factor", "doubled factor", "transposed operand", "swapped operands", "sum for mean",
    "missing sum", "wrong axis", "forward value in place of its derivative", "pre- for post-activation", "mask with its boundary",
    "wrong mask", "wrong tensor", "stale or overwritten cache", "overwritten in place of accumulated", "last one dropped",
    "detached statistics", "N-1 for N", "epsilon dropped", "one entry zeroed", "relative perturbation of 1e-2",
    "relative perturbation of 1e-4", "relative perturbation of 1e-6",
}  # fmt: skip


@cache
def reference_mutants() -> dict[str, Mutant]:
    return {m.id: m for m in corpus(["pair", "optimizer"])}


def a_mutant(identity: str) -> Mutant:
    return reference_mutants()[identity]


def test_ids_are_unique() -> None:
    found = [m.id for m in corpus(["pair", "optimizer"])]
    assert len(found) == len(set(found))


def test_the_corpus_is_large_and_has_every_kind_of_mistake() -> None:
    assert len(reference_mutants()) > 5000
    assert ASKED_FOR - {m.label for m in reference_mutants().values()} == set()


def test_every_backward_and_every_optimizer_has_mutants() -> None:
    where = {m.examiners[0] for m in reference_mutants().values()}
    assert set(OPS) <= where
    assert {m.examiners[0] for m in reference_mutants().values() if m.kind == "optimizer"}


def test_an_unknown_kind_is_named() -> None:
    with pytest.raises(ValueError, match="unknown kind pairs; there are pair, optimizer, adapter"):
        list(corpus(["pairs"]))


def _a_framework() -> bool:
    for name in adapters.NAMES:
        try:
            adapters.load(name)
        except frameworks.Unavailable:
            continue
        return True
    return False


@pytest.mark.parametrize(
    "identity",
    ["pair activations.silu.backward: dropped term 1", "pair activations.silu.backward -> dx: relative perturbation of 1e-6 1"],
)
def test_a_wrong_gradient_is_killed_by_both_witnesses(identity: str) -> None:
    if not _a_framework():  # asked here: collecting tests imports none
        pytest.skip("no framework is there to hold a mutant against")
    by = {outcome.by: outcome for outcome in examine(a_mutant(identity))}
    for witness in ("oracle", "frameworks"):
        assert (by[witness].verdict, by[witness].case, by[witness].gradient) == ("killed", "generic", "dx")
        assert by[witness].ratio > 1
    assert silu.backward.__code__.co_filename == silu.__file__


def test_what_cannot_run_is_stillborn_and_not_credited() -> None:
    hopeless = a_mutant("pair layers.linear.forward: swapped operands 1")
    assert {outcome.verdict for outcome in examine(hopeless)} == {"stillborn"}


def test_an_optimizer_has_nothing_to_differentiate() -> None:
    step = next(m for m in reference_mutants().values() if m.kind == "optimizer")
    assert oracle(step).verdict == "not applicable"


def test_a_mutant_that_computes_the_same_is_found_to() -> None:
    vector = next(
        m for m in reference_mutants().values() if m.where == "layers.layer_norm.backward" and m.after.endswith("scale.T")
    )
    assert equivalent.same(vector) == ""
    assert "generic" in equivalent.same(a_mutant("pair activations.silu.backward: dropped term 1"))


def test_a_form_that_no_framework_has_is_asked_of_none() -> None:
    pytest.importorskip("optax")
    in_the_paper = a_mutant("optimizer optimizers.lars.step: dropped term 5")
    assert "size + eps" in in_the_paper.before
    assert equivalent.unasked(in_the_paper) == ""
    everywhere = next(
        m for m in reference_mutants().values() if m.where == "optimizers.lars.step" and m.before == "param - velocity"
    )
    assert "differs under the convention of jax" in equivalent.unasked(everywhere)


def test_a_model_is_held_against_frameworks_under_every_convention() -> None:
    pytest.importorskip("torch")
    pytest.importorskip("keras")
    forgotten = next(
        m
        for m in reference_mutants().values()
        if m.where == "models.mlp._network" and m.before == f"{m.after[:-1]}, unbiased=unbiased)"
    )
    assert by_frameworks(forgotten).verdict == "killed"


def test_a_branch_for_the_compiler_is_examined() -> None:
    pytest.importorskip("torch")
    for_the_compiler = next(m for m in corpus(["adapter"], ["ctc"]) if m.where.endswith("torch.ops.ctc._composed"))
    assert by_frameworks(for_the_compiler).verdict in ("killed", "raised")


def test_another_function_with_its_own_derivative_has_no_wrong_gradient() -> None:
    summed = a_mutant("pair layers.adaptive_avg_pool2d._averages: missing factor 1")  # backward shares its matrix of averages
    assert another_function(summed) == ""
    assert another_function(a_mutant("pair activations.silu.backward: dropped term 1")) != ""


def test_entries_name_their_mutants_and_tell_who_is_idle() -> None:
    some = equivalent.Entry(("pair a.*: flipped sign 1", "pair b -> dx[0]: *"), "because", "same")
    assert some.names("pair a.f: flipped sign 1")
    assert some.names("pair b -> dx[0]: x")
    assert not some.names("pair b -> dx0: x")
    assert some.idle(["pair a.f: flipped sign 1"]) == ["pair b -> dx[0]: *"]


def test_the_file_of_equivalent_mutants_gives_reasons() -> None:
    found = equivalent.entries()
    assert all(len(e.reason) > 15 and e.ids for e in found)


def test_an_unknown_check_is_named(tmp_path: Path) -> None:
    file = tmp_path / "equivalent.toml"
    file.write_text('[[equivalent]]\ncheck = "trust me"\nreason = "none"\nids = ["*"]\n')
    with pytest.raises(ValueError, match="check trust me; wanted one of same, kink, unasked"):
        equivalent.entries(file)


def _known(mutant: Mutant, verdict: Any = "killed") -> dict[str, Any]:
    return entry(mutant, [Outcome("oracle", verdict), Outcome("frameworks", verdict)], 0.0)


def test_a_rerun_takes_up_what_is_missing_and_nothing_twice(tmp_path: Path) -> None:
    mutants = list(reference_mutants().values())[:4]
    file = tmp_path / "mutants.jsonl"
    for mutant in mutants[:2]:
        Records(file).add(_known(mutant))
    with file.open("a") as broken:
        broken.write('{"id": "pair act')  # the run was killed while it wrote
    assert Records(file).missing(mutants) == [m.id for m in mutants[2:]]
    assert Records(file, fresh=True).missing(mutants) == [m.id for m in mutants]


def test_a_result_does_not_outlive_what_it_is_about(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mutant = a_mutant("pair activations.silu.backward: dropped term 1")
    kept = Records(tmp_path / "mutants.jsonl")
    kept.add(_known(mutant))
    assert kept.of(mutant) is not None
    assert kept.of(replace(mutant, after="another mistake")) is None
    monkeypatch.setattr(records, "_engine", lambda: "another engine")
    assert kept.of(mutant) is None


def test_the_table_counts_each_mutant_once(tmp_path: Path) -> None:
    one, two, three, four = list(reference_mutants().values())[:4]
    checks = Records(tmp_path / "checks.jsonl")
    found = [fate.judged(one, _known(one), checks), fate.judged(two, _known(two, "stillborn"), checks)]
    for mutant, oracle_says in ((three, "not applicable"), (four, "survived")):
        outcomes = [Outcome("oracle", oracle_says), Outcome("frameworks", "killed")]
        found.append(fate.judged(mutant, entry(mutant, outcomes, 0.0), checks))
    assert [(j.fate, j.oracle, j.frameworks) for j in found] == [
        ("live", "killed", "killed"), ("stillborn", "", ""), ("live", "not asked", "killed"), ("live", "survived", "killed"),
    ]  # fmt: skip
    assert fate.row(found) == [4, 1, 0, 3, 2, 1, 1, 3, 3, 0]
    assert (fate.share(found, "oracle"), fate.share(found, "frameworks")) == (1 / 2, 1)


def _needs(module: str) -> set[str]:
    """The modules of the engine that a module needs, itself among them."""
    file = ENGINE_ROOM.parent / f"{module.replace('.', '/')}.py"
    nodes = [node for node in ast.parse(file.read_text()).body if isinstance(node, ast.ImportFrom)]
    named = {str(node.module) for node in nodes if str(node.module).startswith("gradwitness.")}
    return {module}.union(*map(_needs, named))


def test_an_entry_depends_on_every_file_that_judges() -> None:
    needed = _needs("gradwitness.evidence") | _needs("gradwitness.derivative.oracle")
    assert {f"{module.replace('.', '/')}.py".removeprefix("gradwitness/") for module in needed} == {*records.ENGINE}


def test_a_wrong_forward_is_killed_by_its_derivative() -> None:
    outcome = oracle(a_mutant("pair activations.silu.forward: missing factor 1"), ask=True)
    assert outcome.verdict == "killed", outcome
    assert outcome.gradient == "dx"
