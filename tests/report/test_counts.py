"""How many elements are wrong is right, or said to be at least so many."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gradwitness.checking import check
from gradwitness.report.findings import Finding
from gradwitness.report.text import headline
from tests.diagnosis.nets import RNN, draw, rnn_forward, rnn_without_carry


@pytest.mark.parametrize(
    ("finding", "said"),
    [
        (Finding("dx", "wrong", "", wrong=5, of=12), "WRONG: 5 of 12 elements"),
        (Finding("dx", "wrong", "", wrong=5, of=12, at_least=True), "WRONG: at least 5 of 12 elements"),
        (Finding("dx", "wrong", "", wrong=12, of=12, at_least=True), "WRONG: 12 of 12 elements"),
    ],
)
def test_a_count_that_is_a_bound_is_said_to_be_one(finding: Finding, said: str) -> None:
    assert headline(finding) == said


def test_a_repaired_gradient_counts_every_wrong_element() -> None:
    report = check(rnn_forward, rnn_without_carry, RNN)
    counts = {finding.about: (finding.wrong, finding.of, finding.at_least) for finding in report if finding.verdict == "wrong"}
    # the last step's hidden state goes nowhere else: its own row of dxs is right
    assert counts == {"dxs": (6, 9, False), "dwx": (12, 12, False), "dwh": (16, 16, False), "db": (4, 4, False)}


def unexplained(dout: Any, x: Any) -> Any:
    """Nothing that a diagnosis knows."""
    return dout * np.random.default_rng(0).normal(size=x.shape)


def test_many_wrong_elements_without_an_explanation_are_at_least_so_many() -> None:
    finding = check(lambda x: np.sin(x) * np.exp(x), unexplained, (draw(9, 8),))["dx"]
    assert finding.wrong == finding.of or finding.at_least


@pytest.mark.parametrize(("size", "count"), [(10, 1), (3_000, 1), (3_000, 2), (20_000, 1)])
def test_a_few_wrong_elements_of_many_are_named(size: int, count: int) -> None:
    places = tuple(sorted(np.random.default_rng(size).choice(size, count, replace=False)))

    def backward(dout: Any, x: Any) -> Any:
        dx = dout * np.cos(x)
        dx[list(places)] *= 1.5
        return dx

    report = check(np.sin, backward, (draw(size),))
    assert [index for (index,) in report["dx"].where] == list(places)
    assert (report["dx"].wrong, report["dx"].at_least) == (count, False)
