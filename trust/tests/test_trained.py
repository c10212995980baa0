"""`python -m trust trained`: what a row holds, how rows are counted, and that the rule in NumPy is PyTorch's."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.rewriting.wrong_gradients import at_mutant, what_it_is
from conformance.rules import gradcheck
from reference import OPS
from trust.corpus.catalogue import pair_mutants
from trust.peers.examined import Examined
from trust.peers.rules import torch_gradcheck
from trust.peers.verdict import verdict
from trust.trained.report import rows_of, sentences, summary
from trust.trained.run import RULES, examined, of_right

pytest.importorskip("sklearn", reason="the trainings take the digits of scikit-learn")

OP = "softsign"


def test_a_mistake_is_trained_and_the_rules_are_asked_and_then_the_code_is_right_again() -> None:
    before = OPS[OP].backward.__code__  # type: ignore[attr-defined]
    rows = {mutant.id: examined(mutant) for mutant in pair_mutants((OP,)) if mutant.label in ("flipped sign", "doubled factor")}
    assert OPS[OP].backward.__code__ is before  # type: ignore[attr-defined]
    live = [row for row in rows.values() if row["state"] == "live"]
    assert len(live) >= 3
    for row in live:
        assert set(row["trained"]) == {"raises", "down", "as low", "same"}
        assert row["rules"] == dict.fromkeys(RULES, "wrong")


def test_right_code_is_called_wrong_by_none_and_learns() -> None:
    row = of_right(OP)
    assert row["rules"] == dict.fromkeys(RULES, "right")
    assert row["down"] == 5


def a_row(state: str, label: str = "", *, in_source: bool = True, down: bool = True, low: bool = False) -> dict[str, Any]:
    trained = {"raises": False, "down": down, "as low": low, "same": False}
    return {"state": state, "op": OP, "label": label, "in source": in_source, "trained": trained, "rules": said(down)}


def said(missed: bool) -> dict[str, str]:
    return dict(zip(RULES, ("right" if missed else "wrong", "cannot tell", "wrong"), strict=True))


def test_rows_are_counted() -> None:
    rows = [
        a_row("live", "flipped sign", down=False),
        a_row("live", "flipped sign", low=True),
        a_row("live", "one entry zeroed", in_source=False),
        {"state": "stillborn", "op": OP, "label": "wrong axis"},
        {"state": "right", "op": OP, "down": 5, "rules": dict.fromkeys(RULES, "right")},
    ]
    found = summary(rows, 10)
    assert rows_of(found)[:2] == [["**all**", 3, 2, 1, 1, 0, 3], ["flipped sign", 2, 1, 1, 1, 0, 2]]
    text = " ".join(sentences(found))
    assert "4 of 10 mutants examined, 3 of them a wrong gradient" in text
    assert "With 2 (66.7%) of these the loss goes down all the same." in text
    assert "Of 2 mistakes in a line of source, those that people make, the loss goes down with 1 (50.0%)" in text


@pytest.mark.parametrize("name", ["softmax", "linear", "cosine_similarity"])
def test_the_rule_of_gradcheck_in_numpy_says_what_pytorch_says(name: str) -> None:
    pytest.importorskip("torch", reason="PyTorch's own gradcheck is asked")
    verdicts = []
    for mutant in pair_mutants((name,)):
        subject = at_mutant(mutant)
        with mutant.plant():
            if what_it_is(mutant, subject) == "live":
                theirs = verdict(torch_gradcheck, Examined(OPS[name], OPS[name].cases[0], subject))
                verdicts.append((mutant.id, gradcheck(subject).wrong, theirs == "alarmed"))
    assert {ours for _, ours, _ in verdicts} == {True, False}
    assert [each for each in verdicts if each[1] != each[2]] == []
