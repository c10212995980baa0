"""Known differences: a malformed entry is named, and a limit of accuracy allows what was measured and nothing beyond it."""

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conformance import known, plugin
from conformance.known import Accuracy, Unsupported, accuracies, differences, record, unsupported
from conformance.matrix import Cell
from gradwitness.evidence import Evidence
from gradwitness.subjects.pair import Subject


def square(x: Any, /) -> tuple[Any, Any]:
    return x * x, x


def test_every_case_may_be_as_far_off_as_the_worst() -> None:
    told = Evidence.of(Subject(square, lambda dout, x: (2 * dout * x,), (np.arange(1.0, 5.0),), seed=2), "float64")
    out, dx = (measured.truth.astype("float64") for measured in told.measured)
    got = dx + 100 * told.measured[1].spread.astype("float64") * [0, 1, 0, 0]
    worst = {"case": "generic", "gradient": "dx", "index": [1], "got": got[1], "truth": dx[1], "ratio": 101.0}
    place = {"adapter": "torch", "op": "square", "mode": ("eager",), "device": ("cpu",)}
    limit = Accuracy(**place, reason="planted", status="new", worst={"float64": worst})
    cell = partial(Cell, "op", "square", adapter="torch", dtype="float64", device="cpu", mode="eager")
    generic, other = cell(case_id="generic"), cell(case_id="other")
    assert limit.holds_for(other)
    assert [limit.wanted(generic), limit.wanted(other)] == [True, False]
    assert limit.changed(generic, told, [out, got]) == ""
    assert limit.changed(other, told, [out, dx]) == ""
    assert "dx is wrong" in limit.changed(generic, told, [out, dx])  # what was measured is there no more
    further = told.measured[1].spread.astype("float64") * [0, 0, 200, 0]
    assert "dx is off by" in limit.changed(other, told, [out, got + further])
    assert "out is off by" in limit.changed(other, told, [out + 1, got])  # not only the result that was recorded


ENTRY = {
    "adapter": "torch", "op": "relu", "case": ["one"], "dtype": ["float64"], "mode": ["eager"], "device": ["cpu"],
    "raises": "no kernel", "reason": "PyTorch has no kernel", "status": "new",
}  # fmt: skip
ISSUE = "https://github.com/pytorch/pytorch/issues/1"


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"source": "relu.cpp"},
        {"status": "reported", "link": ISSUE},
        {"status": "documented", "link": "https://docs.pytorch.org/docs/stable/nn.html"},
        {"status": "fixed in 2.14", "link": ISSUE},
    ],
)
def test_a_whole_entry_is_read(change: dict[str, Any]) -> None:
    read = record(Unsupported, "[[unsupported]] 1", {**ENTRY, **change})
    assert (read.case, read.link) == (("one",), change.get("link", ""))


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"status": "known"}, "status is 'known'; wanted one of new, reported, documented, fixed in VERSION"),
        ({"status": "fixed in "}, "status is 'fixed in '; wanted one of"),
        ({"status": "reported"}, "status is 'reported' without a link; wanted the page that says so"),
        ({"status": "documented", "link": "the manual"}, "link is 'the manual'; wanted an address that begins with https://"),
        ({"link": ISSUE}, "status is 'new', which has no link"),
        ({"reason": ""}, "reason is empty"),
        ({"case": "one"}, "case: wanted a list of names"),
        ({"linc": ISSUE}, "unknown key linc; there are adapter, op"),
    ],
)
def test_a_malformed_entry_is_named(change: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError, match=r"known_differences\.toml, \[\[unsupported\]\] 3 \(torch relu\): ") as raised:
        record(Unsupported, "known_differences.toml, [[unsupported]] 3", {**ENTRY, **change})
    assert problem in str(raised.value)


@pytest.mark.parametrize("key", ["adapter", "op", "reason", "status", "raises", "mode"])
def test_a_missing_key_is_named(key: str) -> None:
    with pytest.raises(ValueError, match=f": {key} missing"):
        record(Unsupported, "[[unsupported]] 1", {name: value for name, value in ENTRY.items() if name != key})


def test_what_a_framework_documents_is_recorded_as_such() -> None:
    documented = {
        (entry.adapter, entry.op) for entry in (*differences(), *accuracies(), *unsupported()) if entry.status == "documented"
    }
    assert {("torch", "gaussian_nll"), ("torch", "adafactor"), ("tensorflow", "soft_cross_entropy")} <= documented


def test_a_malformed_entry_is_an_error_of_usage_before_the_first_test(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "known_differences.toml"
    file.write_text('[[unsupported]]\nadapter = "torch"\nop = "relu"\n')
    monkeypatch.setattr(known, "FILE", file)
    for table in ("differences", "accuracies", "unsupported"):
        monkeypatch.setattr(known, table, getattr(known, table).__wrapped__)  # without the cache
    with pytest.raises(pytest.UsageError, match=r"\[\[unsupported\]\] 1 \(torch relu\): mode, device, reason, .* missing"):
        plugin._prepare_cells()
