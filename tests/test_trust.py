"""Mutants: made where and as they should be, undone again, examined once, and excused for a reason that is checked."""

import json
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import adapters
from gradwitness import frameworks
from gradwitness.mutation import mutations, planted
from reference import OPS
from reference.activations import silu
from trust import equivalent, page, records, table
from trust.consistent import another_function
from trust.mutant import Mutant
from trust.mutants import corpus
from trust.outcome import Outcome
from trust.records import Records, entry
from trust.witnesses import by_frameworks, examine, oracle


def product(a: Any, b: Any, n: int) -> Any:
    return a * b / n


def masked(x: Any, dout: Any) -> Any:
    return np.where(x > 0, dout, 0.0)


def accumulated(steps: Any, dweight: Any) -> Any:
    for t in range(len(steps)):
        dweight += steps[t].sum(axis=0)
    return dweight


def affine(x: Any, weight: Any, eps: float) -> Any:
    left, right = x @ weight, -weight
    return left + right.sum() / (x.size + eps)


RULES: dict[Callable[..., Any], list[tuple[str, str, str]]] = {
    product: [
        ("sum for mean", "a * b / n", "a * b"),
        ("N-1 for N", "a * b / n", "a * b / (n - 1)"),
        ("missing factor", "a * b", "a"),
        ("doubled factor", "a * b", "a * b * b"),
    ],
    masked: [("mask with its boundary", "x > 0", "x >= 0"), ("wrong mask", "x > 0", "x < 0")],
    accumulated: [
        ("last one dropped", "range(len(steps))", "range(len(steps) - 1)"),
        ("overwritten in place of accumulated", "dweight += steps[t].sum(axis=0)", "dweight = steps[t].sum(axis=0)"),
        ("stale value", "steps[t]", "steps[t - 1]"),
        ("missing sum", "steps[t].sum(axis=0)", "steps[t].take(0, axis=0)"),
        ("wrong axis", "steps[t].sum(axis=0)", "steps[t].sum(axis=1)"),
    ],
    affine: [
        ("swapped operands", "x @ weight", "weight @ x"),
        ("transposed operand", "x @ weight", "x @ weight.T"),
        ("flipped sign", "-weight", "weight"),
        ("dropped term", "left + right.sum() / (x.size + eps)", "left"),
        ("epsilon dropped", "eps", "0.0"),
        ("wrong tensor", "left", "right"),
    ],
}

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


@pytest.mark.parametrize(("function", "mistake"), [(f, m) for f, found in RULES.items() for m in found])
def test_a_rule_gives_what_people_write(function: Any, mistake: tuple[str, str, str]) -> None:
    assert mistake in [(m.label, m.before, m.after) for m in mutations(function)]


def test_every_mutation_of_a_function_is_another_code() -> None:
    found = list(mutations(product))
    assert [m.code().co_name for m in found] == ["product"] * len(found)
    results = []
    for m in found:
        with planted(product, m.code()):
            results.append(product(3.0, 5.0, 7))
    assert product(3.0, 5.0, 7) not in results


def test_planting_reaches_everybody_and_is_undone() -> None:
    right, holder = product.__code__, {"f": product}
    doubled = next(m for m in mutations(product) if m.after == "a * b * b").code()
    with planted(product, doubled):
        assert holder["f"](2.0, 3.0, 1) == 18
    with pytest.raises(ZeroDivisionError), planted(product, doubled):
        holder["f"](2.0, 3.0, 0)
    assert product.__code__ is right


def test_a_closure_is_refused() -> None:
    right = 1
    closing: Any = lambda: right  # noqa: E731  what is refused
    with pytest.raises(ValueError, match="closes over right; wanted a plain function"):
        list(mutations(closing))


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
    found = [table.judged(one, _known(one), checks), table.judged(two, _known(two, "stillborn"), checks)]
    for mutant, oracle_says in ((three, "not applicable"), (four, "survived")):
        outcomes = [Outcome("oracle", oracle_says), Outcome("frameworks", "killed")]
        found.append(table.judged(mutant, entry(mutant, outcomes, 0.0), checks))
    assert [(j.fate, j.oracle, j.frameworks) for j in found] == [
        ("live", "killed", "killed"), ("stillborn", "", ""), ("live", "not asked", "killed"), ("live", "survived", "killed"),
    ]  # fmt: skip
    assert table.row(found) == [4, 1, 0, 3, 2, 1, 1, 3, 3, 0]
    assert (table.share(found, "oracle"), table.share(found, "frameworks")) == (1 / 2, 1)


@pytest.mark.parametrize("command", page.TEXTS)
def test_the_page_says_what_the_commands_keep(command: str) -> None:
    assert page.is_current(command)


def test_the_page_is_written_between_the_marks_of_a_command(tmp_path: Path) -> None:
    kept, written = json.loads((page.RESULTS / "soak.json").read_text()), tmp_path / "trust.md"
    kept["alarms"] = ["an alarm"]
    (tmp_path / "soak.json").write_text(json.dumps(kept))
    written.write_text(page.PAGE.read_text())
    assert not page.is_current("soak", written, tmp_path)
    page.write("soak", written, tmp_path)
    assert page.is_current("soak", written, tmp_path)
    assert page.is_current("peers", written)
    assert "    an alarm" in written.read_text()
