"""A sample of the soak of functions: right functions are not called wrong, a planted mistake is, and the journal continues."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gradwitness import frameworks
from trust.journal import Journal
from trust.soak import functions
from trust.soak.functions import EDGES, checked, checks, on_record
from trust.soak.functions_report import alarms, key, summary, table

SAMPLE = [
    ("torch", "layer_norm", "generic", "float32", 0),
    ("torch", "batch_norm", "generic", "float32", 0),
    ("torch", "hard_sigmoid", "generic", "bfloat16", 0),
    ("torch", "selu", "at_zero", "float32", 0),
    ("tensorflow", "soft_cross_entropy", "generic", "float32", 0),
    ("jax", "gelu", "generic", "float64", 0),
]


@pytest.mark.parametrize("check", SAMPLE, ids=lambda check: "-".join(map(str, check[:4])))
def test_a_right_function_is_not_called_wrong(check: functions.Check) -> None:
    if not frameworks.installed(check[0]):
        pytest.skip(f"{check[0]} is not installed")
    entry = checked(check)
    assert entry["verdict"] in ("right", "known"), entry["why"]


def test_a_planted_mistake_raises_an_alarm(monkeypatch: pytest.MonkeyPatch) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    import adapters

    class Doubled(torch.autograd.Function):
        @staticmethod
        def forward(_: Any, x: Any) -> Any:
            return x.tanh()

        @staticmethod
        def backward(_: Any, dout: Any) -> Any:
            return 2 * dout

    monkeypatch.setitem(adapters.load("torch").ops, "tanh", Doubled.apply)
    entry = checked(("torch", "tanh", "generic", "float32", 0))
    assert entry["verdict"] == "wrong"
    assert "torch / tanh / generic / float32 / 0: wrong, dx" in alarms([entry])[0]
    found = summary([entry], EDGES, list(checks(1, ["tanh"], ["torch"], [])))
    assert found["seeds"] == {"generic": [1, 1, 1], "edge": [0, 0, 0]}
    assert found["of one seed"]["generic"] == 3
    assert table(found).row_count == 1


def test_the_first_cases_of_all_ops_come_before_the_edges() -> None:
    found = list(checks(1, ["tanh", "gelu"], ["torch"], ["float32"]))
    assert [check[1] for check in found[:2]] == ["tanh", "gelu"]
    assert len(found) > len({check[1] for check in found})


def test_what_was_checked_is_not_checked_again(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "functions.jsonl", key)
    first, second = list(checks(1, ["tanh"], ["torch"], ["float32"]))[:2]
    for check, verdict in ((first, "right"), (second, "wrong")):
        names = dict(zip(("adapter", "op", "case", "dtype", "seed"), check, strict=True))
        journal.add({**names, "verdict": verdict, "why": ""})
    assert not functions._open(journal.entries[first])
    assert functions._open(journal.entries[second])


def test_what_the_matrix_has_on_record_is_known() -> None:
    assert on_record(("torch", "hard_sigmoid", "generic", "float64", 0))
    assert not on_record(("torch", "tanh", "generic", "float64", 0))
    assert on_record(("torch", "binary_cross_entropy", "saturated", "bfloat16", 0))
    assert not on_record(("torch", "binary_cross_entropy", "saturated", "float32", 0))
