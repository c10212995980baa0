"""What is known of mutants: kept once, valid as long as what it depends on, excused for a reason that is checked."""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import gradwitness
from conformance.rewriting.mutant import Mutant
from trust.mutants import fate, reasons, records
from trust.mutants.outcome import Outcome
from trust.mutants.records import Records, entry
from trust.tests.mutants_of_reference import a_mutant, reference_mutants

ENGINE_ROOM = Path(gradwitness.__file__).parent


def test_entries_name_their_mutants_and_tell_who_is_idle() -> None:
    some = reasons.Entry(("pair a.*: flipped sign 1", "pair b -> dx[0]: *"), "because", "same")
    assert some.names("pair a.f: flipped sign 1")
    assert some.names("pair b -> dx[0]: x")
    assert not some.names("pair b -> dx0: x")
    assert some.idle(["pair a.f: flipped sign 1"]) == ["pair b -> dx[0]: *"]


def test_the_file_of_equivalent_mutants_gives_reasons() -> None:
    found = reasons.entries()
    assert all(len(e.reason) > 15 and e.ids for e in found)


def test_an_unknown_check_is_named(tmp_path: Path) -> None:
    file = tmp_path / "equivalent.toml"
    file.write_text('[[equivalent]]\ncheck = "trust me"\nreason = "none"\nids = ["*"]\n')
    with pytest.raises(ValueError, match="check trust me; wanted one of same, kink, unasked"):
        reasons.entries(file)


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


def _file(module: str) -> Path:
    place = ENGINE_ROOM.parent / module.replace(".", "/")
    return place / "__init__.py" if place.is_dir() else place.with_suffix(".py")


def _needs(module: str) -> set[str]:
    """The modules of the engine that a module needs, itself among them."""
    file = _file(module)
    nodes = [node for node in ast.parse(file.read_text()).body if isinstance(node, ast.ImportFrom)]
    named = {str(node.module) for node in nodes if str(node.module).startswith("gradwitness.")}
    return {module}.union(*map(_needs, named))


def test_an_entry_depends_on_every_file_that_judges() -> None:
    needed = _needs("gradwitness.evidence") | _needs("gradwitness.derivative.oracle")
    assert {_file(module).relative_to(ENGINE_ROOM).as_posix() for module in needed} == {*records.ENGINE}
