"""The message of a failed cell: three witnesses, the odd one out, where to look, and how a framework's fault is recorded."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from conformance import message
from conformance.matrix import Cell
from conformance.run import subject
from gradwitness import Disagreement
from gradwitness.evidence import Evidence
from reference import OPS

CELL = Cell("op", "tanh", "generic", "torch", "float64", "cpu", "eager")
RIGHT = OPS["tanh"]
WRONG = replace(RIGHT, backward=lambda dout, y: (dout * (1 - y),))
"""tanh' as 1 - y instead of 1 - y**2."""
RECORD = "python -m conformance known --adapter torch --op tanh --dtype float64 --device cpu --mode eager"


def told(op: Any, results: Any) -> str:
    """What is said where the reference is `op`, and a framework returns `results` of the right values of out and dx."""
    right = Evidence.of(subject(RIGHT, RIGHT.cases[0]), "float64")
    evidence = Evidence.of(subject(op, RIGHT.cases[0]), "float64")
    with pytest.raises(Disagreement) as raised:
        evidence.judge(results(*(measured.truth.astype("float64") for measured in right.measured)))
    return message.disagreement(CELL, raised.value, evidence)


def test_a_wrong_framework_is_the_odd_one_out() -> None:
    text = told(RIGHT, lambda out, dx: [out, dx * (1 + 1e-7)])
    assert "torch and the reference disagree, in 20 of 20 elements" in text
    assert "odd one out framework: the numerical derivative agrees with the reference" in text
    assert "Look at tanh in adapters/torch. If the fault is torch's own, record it in conformance/known_differences.toml" in text
    assert RECORD in text
    assert "Look at reference" not in text


def test_a_wrong_reference_is_the_odd_one_out() -> None:
    text = told(WRONG, lambda out, dx: [out, dx])
    assert "odd one out reference: the numerical derivative agrees with the framework" in text
    assert text.endswith("Look at reference/activations/tanh.py.")
    assert RECORD not in text


def test_without_a_third_witness_both_may_be_at_fault() -> None:
    text = told(RIGHT, lambda out, dx: [out + 1e-9, dx])
    assert "odd one out cannot tell: out is no gradient, so there is no third witness" in text
    assert "Look at reference/activations/tanh.py." in text
    assert RECORD in text


def test_a_wrong_dtype_is_the_framework_s() -> None:
    text = told(RIGHT, lambda out, dx: [out, dx.astype(np.float32)])
    assert text.startswith("dx: dtype is float32; wanted float64\n")
    assert RECORD in text


@pytest.mark.parametrize(
    ("cell", "file"),
    [
        (replace(CELL, kind="model", name="gpt"), "reference/models/gpt.py"),
        (replace(CELL, kind="optimizer", name="adam"), "reference/optimizers/adam.py"),
        (replace(CELL, kind="training", name="xor"), "reference/models/two_layer.py"),
    ],
    ids=lambda value: value if isinstance(value, str) else value.kind,
)
def test_the_file_of_the_reference_is_named(cell: Cell, file: str) -> None:
    assert message._source(cell) == file
