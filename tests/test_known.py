"""A limit of accuracy allows what was measured at worst, in every result, and nothing beyond it."""

from functools import partial
from typing import Any

import numpy as np

from conformance.known import Accuracy
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
    limit = Accuracy("torch", "square", ("eager",), ("cpu",), "planted", "", {"float64": worst})
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
