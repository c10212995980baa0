"""Words that must be true of what they are said of."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from gradwitness.checking import check


def test_an_element_that_is_zero_does_not_scale_by_another_cotangent() -> None:
    """Only the last element has a gradient at all; that of the first is missing."""

    def backward(dout: Any, x: Any) -> Any:
        dx = dout * np.cos(x)
        dx[0] = 0
        return dx

    (finding,) = check(np.sin, backward, (np.array([0.5, 1.0]),))
    assert finding.verdict == "wrong"
    assert "scales by" not in finding.explanation


GRID = np.linspace(-4, 4, 4000)


def test_ratios_near_1_are_told_from_1() -> None:
    """A table of the derivative, between whose points it is interpolated: off by up to 5e-7 of itself."""
    x = np.random.default_rng(1).normal(size=(4, 5))
    (finding,) = check(np.sin, lambda dout, x: dout * np.interp(x, GRID, np.cos(GRID)), (x,))
    assert finding.verdict == "wrong"
    assert re.search(r"truth / got lies between 1 \+\d\S*e-\d+ and 1 \+\d\S*e-07", finding.explanation), finding.explanation
