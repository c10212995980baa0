"""The rules of others: does each, as run here, let a right gradient pass and catch a grossly wrong one, and are its blind spots
those that its documentation implies?
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conformance.rewriting.wrong_gradients import at_mutant, what_it_is
from conformance.run import subject
from reference import OPS
from trust.peers import report
from trust.peers.examined import Examined, Inapplicable
from trust.peers.functions import FUNCTIONS
from trust.peers.functions import examined as reported
from trust.peers.ours import OURS
from trust.peers.rules import RULES
from trust.peers.run import so_far
from trust.peers.verdict import verdict
from trust.peers.wrapped import Pair
from trust.peers.wrong_gradients import mutants
from trust.places import RESULTS

pytest.importorskip("autograd", reason="the rule of HIPS autograd is run for real")

Change = Callable[[Any], Any]
PAIRS = ("linear", "batch_norm", "rnn_tanh")
"""Three inputs; outs that are never differentiated; several outs."""


STRICT = ("flash-attention, 2x, float32", "Liger-Kernel cross entropy, 1e-8 and 1e-6")
"""Rules that reject right pairs: what they allow is twice an error that happens to be small, or 1e-6 of an element near zero."""


def examined(name: str, change: Change | None = None, case: int = 0) -> Examined:
    """An op's case, with its gradients changed."""
    op, at = OPS[name], OPS[name].cases[case]
    right = subject(op, at)
    if change is None:
        return Examined(op, at, right)
    return Examined(op, at, replace(right, backward=lambda dout, kept: tuple(change(g) for g in op.backward(dout, kept))))


@pytest.mark.parametrize("op", PAIRS)
@pytest.mark.parametrize("rule", RULES)
def test_a_right_pair_passes_and_a_grossly_wrong_one_does_not(rule: str, op: str) -> None:
    if rule not in STRICT:
        assert verdict(RULES[rule], examined(op)) == "passed"
    assert verdict(RULES[rule], examined(op, lambda gradient: 3 - 7 * gradient)) == "alarmed"


@pytest.mark.parametrize("rule", RULES)
def test_a_cotangent_of_ones_lets_pass_a_softmax_whose_gradient_is_zero(rule: str) -> None:
    # Every element of the gradient of sum(softmax(x)) is 0, whatever x. The other two are blind for another reason: what they
    # allow is as large as the gradient.
    blind = {"tinygrad helper_test_op, ones", "array-api-tests isclose, 0.25 and 1", "xformers, 0.7 and 0.1, bfloat16"}
    wanted = "passed" if rule in blind else "alarmed"
    assert verdict(RULES[rule], examined("softmax", np.zeros_like)) == wanted


@pytest.mark.parametrize(
    ("rule", "error"),
    [
        ("PyTorch gradcheck", 5e-4),
        ("JAX check_vjp, float64", 1e-6),
        ("JAX check_vjp, float32", 5e-4),
        ("HIPS autograd check_grads", 5e-7),
        ("TensorFlow compute_gradient, float32", 5e-4),
        ("torch.testing.assert_close, float64", 5e-8),
        ("Keras assertAllClose, 1e-6", 5e-7),
        ("tinygrad helper_test_op, ones", 5e-4),
        ("NablaFuzz, 1e-1 and 1e-3", 5e-4),
        ("array-api-tests isclose, 0.25 alone", 0.2),
        ("torch._dynamo same, 2x or 3x, float32", 5e-5),
        ("torch._dynamo same, 3x, bfloat16", 5e-5),
        ("flash-attention, 2x, bfloat16", 5e-5),
        ("xformers, 5e-4 and 1e-4, float32", 5e-5),
        ("xformers, 0.7 and 0.1, bfloat16", 5e-2),
        ("Liger-Kernel cross entropy, 1e-8 and 1e-6", 5e-7),
        ("Liger-Kernel layer norm, 1e-5", 5e-6),
        ("Liger-Kernel softmax, 5e-2, bfloat16", 2e-2),
        ("KernelBench, 1e-4", 5e-5),
        ("KernelBench at first, 1e-2", 5e-3),
        ("robust-kbench, 1e-5", 5e-6),
        ("PaddleAPITest, 1e-2", 5e-3),
    ],
)
def test_a_relative_error_that_a_rule_allows_is_not_seen_by_it_and_seen_by_ours(rule: str, error: float) -> None:
    wrong = examined("linear", lambda gradient: gradient * np.asarray(1 + error, gradient.dtype))
    assert verdict(RULES[rule], wrong) == "passed"
    assert [verdict(RULES[name], wrong) for name in (*list(OURS)[:2], next(iter(FUNCTIONS)))] == ["alarmed"] * 3


def test_numerical_differentiation_cries_wolf_at_a_kink_and_ours_does_not() -> None:
    at_kink = next(i for i, case in enumerate(OPS["relu"].cases) if case.kink)
    found = {rule: verdict(RULES[rule], examined("relu", case=at_kink)) for rule in RULES}
    assert {rule for rule in OURS | FUNCTIONS if found[rule] != "passed"} == set()
    assert found["PyTorch gradcheck"] == found["HIPS autograd check_grads"] == "alarmed"


def test_a_jacobian_too_large_is_not_asked_for() -> None:
    large = next(i for i, case in enumerate(OPS["layer_norm"].cases) if case.id == "sequence_large")
    with pytest.raises(Inapplicable, match="more than 1000 entries"):
        RULES["PyTorch gradcheck"](examined("layer_norm", case=large))


@pytest.mark.parametrize("rule", RULES)
def test_a_pair_that_dies_is_nobodys_kill(rule: str) -> None:
    right = examined("linear")
    wrong = replace(right.subject, backward=lambda dout, kept: right.op.backward(dout[:1], kept))
    assert verdict(RULES[rule], replace(right, subject=wrong)).startswith("died: ")


def test_which_mistake_explains_it_has_no_say_in_the_verdict() -> None:
    wrong = examined("linear", lambda gradient: 2 * gradient)
    assert "2" in reported(wrong, dtype="float64")["dinput0"].explanation
    assert reported(wrong, dtype="float64").verdict == "wrong"
    assert verdict(RULES["check_function, float64"], wrong) == "alarmed"


def test_a_verdict_of_neither_is_a_miss_and_no_alarm() -> None:
    passed = ["passed"] * (len(RULES) - 1)
    found = report.count([
        row("live", ["cannot tell: too uncertain", *passed], label="wrong axis"),
        row("right", ["cannot tell: too uncertain", *passed], kink=False),
    ])["rules"][next(iter(RULES))]  # fmt: skip
    assert (found["killed"], found["missed"], found["false alarms"]) == (0, 1, 0)
    assert (found["right pairs asked"], found["cannot tell"]) == (1, [1, 1])


def test_rules_that_were_not_asked_keep_their_rows_while_the_corpus_is_the_same() -> None:
    docs = json.loads((RESULTS / "peers.json").read_text())
    asked = {rule: {"killed": 0} for rule in RULES if "1e-4" in rule or rule not in docs["rules"]}
    whole = report.completed({"corpus": docs["corpus"], "rules": asked})
    assert whole["rules"] == docs["rules"] | asked
    with pytest.raises(ValueError, match="other mutants"):
        report.completed({"corpus": {"mutants": 1}, "rules": asked})


def test_a_check_that_refuses_has_failed_to_its_user() -> None:
    unwatched = examined("linear", lambda gradient: np.zeros(gradient.shape))
    assert verdict(RULES["Gradwitness, numerically"], unwatched).startswith("refused: TypeError")


@pytest.mark.parametrize("which", [0, 1])
def test_what_goes_in_is_not_changed_and_what_comes_out_is_a_copy(which: int) -> None:
    pair = Pair(examined("flatten").subject if which else examined("batch_norm").subject, "float64")
    (out, *_), _ = pair.vjp(*pair.inputs)
    before = [x.copy() for x in pair.inputs]
    out += 1
    assert all(np.array_equal(a, b) for a, b in zip(before, pair.inputs, strict=True))
    assert len(pair.cotangents) == 1  # running statistics are left out


@pytest.mark.parametrize(
    ("function", "label", "state"),
    [
        ("tanh.backward", "relative perturbation of 1e-6", "live"),
        ("tanh.forward", "pre- for post-activation", "another function"),
    ],
)
def test_what_a_mutant_is_is_decided_without_any_rule(function: str, label: str, state: str) -> None:
    found = next(m for m in mutants().values() if m.where.startswith(f"activations.{function}") and m.label == label)
    subject = at_mutant(found)
    with found.plant():
        assert what_it_is(found, subject) == state


def test_a_journal_survives_a_line_cut_short_and_takes_up_later_verdicts(tmp_path: Path) -> None:
    file = tmp_path / "journal.jsonl"
    first = {"id": "a", "what": "1", "verdicts": {"x": "passed"}}
    later = {"id": "a", "what": "1", "verdicts": {"y": "alarmed"}}
    renamed = {"id": "b", "what": "1", "verdicts": {"x": "passed"}}
    another = {"id": "b", "what": "2", "verdicts": {"y": "passed"}}
    lines = [json.dumps(row) for row in (first, later, renamed, another)]
    file.write_text("\n".join([*lines, '{"id": "c", "ver']))
    assert list(so_far(file).entries.values()) == [{"id": "a", "what": "1", "verdicts": {"x": "passed", "y": "alarmed"}}, another]


def row(state: str, verdicts: Sequence[str], **more: Any) -> dict[str, Any]:
    return {"id": f"right relu/{len(more)}", "state": state, "verdicts": dict(zip(RULES, verdicts, strict=True)), **more}


def test_kills_misses_and_false_alarms_are_counted_apart_from_what_was_not_asked() -> None:
    peers = len(RULES) - 1
    found = report.count([
        row("live", ["passed", *["alarmed"] * peers], label="dropped term"),
        row("live", ["not applicable: large", *["passed"] * peers], label="wrong axis"),
        row("right", ["passed", *["alarmed"] * peers], kink=True),
        row("right", ["died: ValueError: x", *["refused: TypeError: x"] * peers], kink=False),
        {"id": "c", "state": "stillborn", "verdicts": {}},
    ])  # fmt: skip
    assert found["corpus"] == {"mutants": 3, "live": 2, "stillborn": 1}
    first, second, *_ = (found["rules"][rule] for rule in RULES)
    assert (first["killed"], first["missed"], first["not asked"]) == (0, 1, {"not applicable: large": 1})
    assert (second["killed"], second["missed by label"]) == (1, {"wrong axis": 1})
    assert (second["false alarms"], second["false alarms at kinks"], second["right pairs asked"]) == (1, 1, 2)
    assert first["right pairs not asked"] == {"died: ValueError: x": 1}
