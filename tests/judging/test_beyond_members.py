"""At kinks: what is no member of the gradient is seen, also where a last digit of the inputs leads to another piece."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gradwitness import check

SEEDS = range(3)
ONES = np.ones((3, 2))
WEIGHTS = np.array([-0.8, -1.3, -0.25, 0.4, 1.1])
MEMBERS = [(0.0, "right"), (0.3, "right"), (1.0, "right"), (1.5, "wrong"), (-1.5, "wrong")]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("member", "verdict"), MEMBERS)
def test_distances_of_equal_points(member: float, verdict: str, seed: int) -> None:
    def backward(dout: Any, a: Any, b: Any) -> Any:
        g = dout[:, None] * np.where(a == b, member, np.sign(a - b))
        return g, -g

    report = check(lambda a, b: np.abs(a - b).sum(-1), backward, (ONES, ONES.copy()), seed=seed)
    assert report.verdict == verdict


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("member", "verdict"), [(0.0, "right"), (0.5, "right"), (1.0, "right"), (1.5, "wrong"), (-0.5, "wrong")])
def test_a_clip_at_its_bounds(member: float, verdict: str, seed: int) -> None:
    x = np.array([1.0, -1.0, 0.0, 2.0, -2.0, 0.5])
    report = check(
        lambda x: np.clip(x, -1, 1), lambda dout, x: dout * np.where(np.abs(x) == 1, member, np.abs(x) < 1), (x,), seed=seed
    )
    assert report.verdict == verdict


TIES = {
    "the first one": (lambda a, b: (a >= b, b > a), "right"),
    "a half each": (lambda a, b: ((a > b) + 0.5 * (a == b), (b > a) + 0.5 * (a == b)), "right"),
    "both": (lambda a, b: (a >= b, b >= a), "wrong"),
    "none": (lambda a, b: (a > b, b > a), "wrong"),
}


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("scalar", [False, True])
@pytest.mark.parametrize("tie", TIES)
def test_a_maximum_of_two_that_tie(tie: str, scalar: bool, seed: int) -> None:
    shares, verdict = TIES[tie]
    weights = WEIGHTS if scalar else np.ones(5)

    def forward(a: Any, b: Any) -> Any:
        values = np.maximum(a, b) * weights
        return values.sum() if scalar else values

    a = np.array([1.0, -1.0, 2.0, 0.0, -1.0])
    report = check(forward, lambda dout, a, b: tuple(dout * weights * s for s in shares(a, b)), (a, a.copy()), seed=seed)
    assert report.verdict == verdict
