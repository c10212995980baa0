"""Mutants whose mistake `check` names, and how answers are counted."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.rewriting.mutant import Mutant
from conformance.rewriting.wrong_gradients import at_mutant
from trust.corpus import catalogue
from trust.diagnosis import run
from trust.diagnosis.classes import RIGHT, named
from trust.diagnosis.report import answer, summary

SAMPLE = {
    "pair activations.tanh.backward: missing factor 3": "factor",
    "pair activations.tanh.backward: flipped sign 1": "factor",
    "pair activations.tanh.backward -> dx: doubled factor 1": "constant factor",
    "pair activations.tanh.backward -> dx: relative perturbation of 1e-6 1": "element",
    "pair activations.relu.backward: missing factor 1": "mask",
    "pair layers.layer_norm.backward -> dx: flipped sign 1": "sign",
    "pair layers.standardize.standardize_backward: detached statistics 2": "statistics",
    "pair losses.mse.backward: missing factor 1": "factor",
}
"""Mutants, and the kind of their explanation."""


def mutant(name: str) -> Mutant:
    op = {"standardize": "layer_norm"}.get(name.split(".")[1], name.split(".")[1])
    return next(found for found in catalogue.pair_mutants((op,)) if found.id == name)


@pytest.mark.parametrize("name", SAMPLE)
def test_the_mistake_in_a_mutant_is_named(name: str) -> None:
    found = mutant(name)
    subject = at_mutant(found)
    with found.plant():
        said = run.told(subject)
    assert (said["verdict"], said["kind"]) == ("wrong", SAMPLE[name]), said
    assert named(found.label, said["kind"], found.where) == "named"


def test_every_kind_of_mistake_has_explanations_that_name_it() -> None:
    labels = {found.label for found in catalogue.pair_mutants(("tanh", "layer_norm", "lstm", "max_pool2d"))}
    assert labels - set(RIGHT) == set()


@pytest.mark.parametrize(
    ("label", "kind", "where", "wanted"),
    [
        ("flipped sign", "sign", "layers.linear.backward", "named"),
        ("flipped sign", "transposed", "layers.linear.backward", "wrong"),
        ("flipped sign", "", "layers.linear.backward", "unexplained"),
        ("flipped sign", "formula", "layers.linear.backward", "repaired"),
        ("doubled factor", "statistics", "layers.linear.backward", "wrong"),
        ("doubled factor", "statistics", "layers.layer_norm.backward", "named"),
    ],
)
def test_what_names_a_mistake(label: str, kind: str, where: str, wanted: str) -> None:
    assert named(label, kind, where) == wanted


def row(name: str, kind: str, **more: Any) -> dict[str, Any]:
    found = {"id": f"pair layers.linear.backward: {name}", "state": "live", "label": "flipped sign", "kind": kind}
    return found | {"words": "dx: so", "verdict": "wrong", "evaluations": 200} | more


def test_answers_are_counted_and_wrong_ones_are_shown() -> None:
    rows = [row("a", "sign"), row("b", "shape"), row("c", ""), row("d", "", state="stillborn")]
    assert [answer(each) for each in rows[:3]] == ["named", "wrong", "unexplained"]
    found = summary(rows)
    assert (found["examined"], found["live"]) == (4, 3)
    assert found["all"] == {"named": 1, "repaired": 0, "unexplained": 1, "wrong": 1}
    assert found["explained wrongly"] == ["pair layers.linear.backward: b: dx: so"]
