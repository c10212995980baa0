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


def test_the_backward_of_another_variance_is_told() -> None:
    """Forward divides by N - 1, and backward takes it that N was meant."""

    def forward(x: Any) -> Any:
        std = np.sqrt(x.var(axis=0, ddof=1) + 1e-5)
        return (x - x.mean(axis=0)) / std, ((x - x.mean(axis=0)) / std, std)

    def backward(dout: Any, cache: Any) -> Any:
        normed, std = cache
        return (dout - dout.mean(axis=0) - normed * (dout * normed).mean(axis=0)) / std

    report = check(forward, backward, np.random.default_rng(0).normal(size=(6, 3)))
    assert "standardised by the variance with N - 1 along axis 0" in report["dx"].explanation
    assert "The gradient through the variance is 5/6 times what is right" in report["dx"].explanation
