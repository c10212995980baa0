"""A report in a test of a user's own: `assert report` and what pytest shows when it fails."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gradwitness import Disagreement, Report, assert_check, check
from gradwitness.report.findings import Finding

X = np.array([1.0, -2.0, 3.0])
SHOWN = 240
"""Characters of a value that pytest shows whole."""


def relu(x: Any) -> Any:
    return np.maximum(x, 0)


def right(dout: Any, x: Any) -> Any:
    return dout * (x > 0)


def wrong(dout: Any, x: Any) -> Any:
    return dout * (x < 0)


def test_a_report_of_a_right_gradient_is_true() -> None:
    assert check(relu, right, X)


def test_a_report_of_a_wrong_gradient_is_false() -> None:
    assert not check(relu, wrong, X)


def test_a_report_that_cannot_tell_is_false() -> None:
    assert not Report("f", "", (Finding("dx", "cannot tell", "why"),))


def test_the_line_that_pytest_shows_names_what_is_wrong() -> None:
    assert repr(check(relu, wrong, X)) == "<Report: wrong; dx WRONG: 3 of 3 elements; print it to see more>"


def test_the_line_is_short_however_many_are_wrong() -> None:
    many = tuple(Finding(f"dparams[layer {i}.weight]", "wrong", "", wrong=5, of=12, at_least=True) for i in range(30))
    assert len(repr(Report("f", "", many))) < SHOWN


def test_a_failure_ends_in_the_line_of_the_user() -> None:
    with pytest.raises(Disagreement) as raised:
        assert_check(relu, wrong, X)
    shown = raised.traceback.filter(raised)
    assert str(shown[-1].path) == __file__, shown
