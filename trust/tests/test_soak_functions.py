"""A sample of the soak of functions: right functions are not called wrong, a planted mistake is, and the journal continues."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gradwitness import frameworks
from trust.soak import functions_record
from trust.soak.functions import DTYPES, Check, checked, on_record
from trust.soak.functions_record import ALL, FunctionsRecord
from trust.soak.functions_report import alarms, summary, table
from trust.soak.functions_run import run
from trust.soak.results import Block, Tally

SAMPLE = [
    ("torch", "layer_norm", "generic", "float32", 0),
    ("torch", "layer_norm", "one_feature", "float32", 54),
    ("torch", "upsample_bilinear2d", "scale_with_a_rest", "float32", 36),
    ("torch", "pad2d", "one_replicated", "bfloat16", 29),
    ("torch", "batch_norm", "generic", "float32", 0),
    ("torch", "hard_sigmoid", "generic", "bfloat16", 0),
    ("torch", "kl_div", "equal", "float64", 0),
    ("torch", "selu", "at_zero", "float32", 0),
    ("torch", "squared_hinge", "large", "float64", 48),
    ("tensorflow", "soft_cross_entropy", "generic", "float32", 0),
    ("jax", "gelu", "generic", "float64", 0),
]


@pytest.mark.parametrize("check", SAMPLE, ids=lambda check: "-".join(map(str, check[:4])))
def test_a_right_function_is_not_called_wrong(check: Check) -> None:
    if not frameworks.installed(check[0]):
        pytest.skip(f"{check[0]} is not installed")
    outcome = checked(check)
    assert outcome.status in ("agreed", "known"), outcome.message


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
    (tally,) = run(Block("op", "tanh", "generic", "float32", 0, 2, ("torch",)))
    assert tally.count == {"alarm": 2}
    assert "torch / tanh / generic / float32 / 1: wrong, dx" in alarms([tally])[1]
    found = summary([tally])
    assert found["seeds"] == {"generic": [1, 819, 2, 2], "edge": [0, 6030, 0, 0]}
    assert table(found).row_count == 1


def test_one_call_is_counted_in_each_dtype(monkeypatch: pytest.MonkeyPatch) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    import adapters

    block = Block("op", "tanh", "generic", ALL, 3, 5, ("torch",))
    assert {tally.dtype: tally.count for tally in run(block)} == {dtype: {"agreed": 2} for dtype in DTYPES}

    def twice(x: Any) -> Any:
        return torch.tanh(x) * (2 if x.dtype == torch.bfloat16 else 1)

    monkeypatch.setitem(adapters.load("torch").ops, "tanh", twice)
    found = {tally.dtype: tally for tally in run(block)}
    assert {dtype: [*tally.count] for dtype, tally in found.items()} == {
        "float32": ["agreed"],
        "float64": ["agreed"],
        "bfloat16": ["cannot tell"],
    }


def test_what_one_call_raises_is_an_alarm_in_each_dtype(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torch", reason="PyTorch is not installed")
    import adapters

    monkeypatch.setitem(adapters.load("torch").ops, "tanh", lambda _: 1 / 0)
    found = {tally.dtype: tally for tally in run(Block("op", "tanh", "generic", ALL, 3, 4, ("torch",)))}
    assert [*found] == list(DTYPES)
    for tally in found.values():
        assert "examined(('torch', 'tanh', 'generic', 'float64', 3), ['float32', 'bfloat16'])" in tally.alarms["3"]


def test_what_does_not_run_in_one_dtype_is_told_of_that_dtype() -> None:
    pytest.importorskip("torch", reason="PyTorch is not installed")
    found = {tally.dtype: [*tally.count] for tally in run(Block("op", "ctc", "generic", ALL, 0, 1, ("torch",)))}
    assert found == {"float32": ["agreed"], "float64": ["agreed"], "bfloat16": ["cannot tell"]}


@pytest.fixture
def record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FunctionsRecord:
    monkeypatch.setattr(functions_record, "RECORD", tmp_path / "functions.jsonl")
    monkeypatch.setattr(functions_record, "TABLE", tmp_path / "functions.csv")
    return FunctionsRecord()


def blocks(record: FunctionsRecord, seeds: int) -> list[Block]:
    return list(record.blocks(seeds, ["tanh", "gelu"], ["torch"], ["float32"]))


def made(block: Block, *, alarms: bool = False) -> Tally:
    """What a run of a block that finds nothing, or an alarm, would write."""
    place = block.name, block.case_id, block.dtype, *block.adapters
    count = block.last - block.first
    found = {"alarm": count} if alarms else {"agreed": count - 1, "cannot tell": 1}
    return Tally(
        "op", *place, block.first, block.last, found, alarms={"0": "wrong"} if alarms else {}, reasons=["the point is nan or inf"]
    )


def test_the_first_cases_of_all_ops_come_before_the_edges_and_the_first_seeds_before_the_next(record: FunctionsRecord) -> None:
    found = blocks(record, 25)
    assert [block.name for block in found[:2]] == ["tanh", "gelu"]
    cases = len(found) // 3
    assert [(block.first, block.last) for block in found[::cases]] == [(0, 1), (1, 20), (20, 25)]


def test_all_dtypes_go_on_in_one_call_from_where_each_is_that_far(record: FunctionsRecord) -> None:
    def of_one() -> list[tuple[str, int, int]]:
        found = record.blocks(20, ["tanh"], ["torch"], [])
        return [(block.dtype, block.first, block.last) for block in found if block.case_id == "generic"]

    assert of_one() == [("float32", 0, 1), ("float64", 0, 1), ("bfloat16", 0, 1), (ALL, 1, 20)]
    record.add(Tally("op", "tanh", "generic", "float32", "torch", 0, 7, {"agreed": 7}))
    assert of_one() == [("float64", 0, 1), ("bfloat16", 0, 1), ("float64", 1, 7), ("bfloat16", 1, 7), (ALL, 7, 20)]


def test_a_run_goes_on_where_the_table_and_the_journal_end(record: FunctionsRecord) -> None:
    first, *others = blocks(record, 1)
    record.add(made(first))
    assert blocks(record, 1) == others
    record.publish()
    assert blocks(FunctionsRecord(), 1) == others, "the table knows of it, and the journal is empty"
    again = FunctionsRecord()
    again.add(made(next(block for block in blocks(again, 5) if block.name == first.name and block.first == 1)))
    again.publish()
    (whole,) = [tally for tally in FunctionsRecord().tallies if tally.case_id == first.case_id and tally.name == first.name]
    assert (whole.first, whole.last) == (0, 5)
    assert whole.count == {"agreed": 3, "cannot tell": 2}
    assert whole.reasons == ["the point is nan or inf"]
    assert FunctionsRecord(fresh=True).tallies == []


def test_a_case_with_an_alarm_begins_anew_and_is_not_in_the_table(record: FunctionsRecord) -> None:
    first, *others = blocks(record, 1)
    record.add(made(first, alarms=True))
    assert blocks(record, 1) == [first, *others]
    record.add(made(first))
    assert blocks(record, 1) == others
    record.add(made(others[0], alarms=True))
    record.publish()
    assert len(FunctionsRecord().tallies) == 1


def test_what_the_matrix_has_on_record_is_known() -> None:
    assert on_record(("torch", "hard_sigmoid", "generic", "float64", 0))
    assert not on_record(("torch", "tanh", "generic", "float64", 0))
    assert on_record(("torch", "binary_cross_entropy", "saturated", "bfloat16", 0))
    assert not on_record(("torch", "binary_cross_entropy", "saturated", "float32", 0))
