"""Windows with ties, as narrow dtypes make them: outputs that bend to either side, so that in their sum the kinks may cancel."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gradwitness import check, check_function


def forward(x: Any) -> Any:
    return x.reshape(-1, 4).max(axis=1)


def to_the_first(dout: Any, x: Any) -> Any:
    windows = x.reshape(-1, 4)
    dx = np.zeros_like(windows)
    dx[np.arange(len(windows)), windows.argmax(axis=1)] = dout
    return dx.reshape(x.shape)


def to_every_winner(dout: Any, x: Any) -> Any:
    windows = x.reshape(-1, 4)
    return ((windows == windows.max(axis=1, keepdims=True)) * dout[:, None]).reshape(x.shape)


def a_thousandth_off(dout: Any, x: Any) -> Any:
    dx = to_the_first(dout, x)
    dx[20 + x.reshape(-1, 4)[5].argmax()] *= 1.001
    return dx


def drawn(size: int, fractions: int, seed: int) -> Any:
    return np.round(np.random.default_rng(seed).normal(size=size) * fractions) / fractions


@pytest.mark.parametrize(
    ("size", "fractions", "seed"), [(64, 128, 3), (64, 256, 48), (128, 128, 48), (128, 128, 49), (4096, 64, 0)]
)
def test_one_winner_of_each_tie_is_right(size: int, fractions: int, seed: int) -> None:
    x = drawn(size, fractions, seed)
    report = check(forward, to_the_first, (x,), seed=seed)
    assert report.verdict == "right", str(report)
    assert check(forward, a_thousandth_off, (x,), seed=seed).verdict == "wrong"


@pytest.mark.parametrize("size", [64, 4096])
def test_all_winners_of_ties_are_wrong(size: int) -> None:
    assert check(forward, to_every_winner, (drawn(size, 2, 0),)).verdict == "wrong"


def share(*weights: float) -> Any:
    """A backward that gives shares of the cotangent of one output to elements that all tie."""
    return lambda dout, x: dout * np.array(weights)


ALIKE = (1 / 41,) * 41


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize(
    ("weights", "told"),
    [
        (ALIKE, "shared by all of the 41 elements that are 0, all alike"),
        ((*(0,) * 38, 1, 0, 0), "picks x[38]"),
        ((*(0,) * 37, 0.5, 0.25, 0.25, 0), "shared by 3 of the 41 elements that are 0"),
    ],
)
def test_a_median_of_many_that_tie(weights: tuple[float, ...], told: str, seed: int) -> None:
    (finding,) = check(np.median, share(*weights), (np.zeros(41),), names=("x",), seed=seed)
    assert finding.verdict == "kink", str(finding)
    assert told in finding.message


@pytest.mark.parametrize("weights", [(2, -1, *(0,) * 39), (1.001 / 41,) * 41, (0,) * 41, (1 / 41 + 1, 1 / 41 - 1, *ALIKE[2:])])
def test_a_median_of_many_that_tie_is_wrong(weights: tuple[float, ...]) -> None:
    assert check(np.median, share(*weights), (np.zeros(41),)).verdict == "wrong"


@pytest.mark.parametrize("values", [(0,) * 40, (0,) * 30 + (1, 2, 3, 4, 5)])
def test_a_low_rank_among_many_that_tie(values: tuple[float, ...]) -> None:
    def seventh(x: Any) -> Any:
        return np.sort(x)[7]

    x = np.array(values, float)
    right = np.eye(len(values))[3]
    assert check(seventh, share(*right), (x,)).verdict == "right"
    assert check(seventh, share(*(2 * right)), (x,)).verdict == "wrong"
    assert check(seventh, share(*(right - np.eye(len(values))[5])), (x,)).verdict == "wrong"


def ranks(weights: dict[int, float], factor: float = 1.0) -> tuple[Any, Any]:
    """A weighted sum of some values in each row's order, and its backward: to one winner each."""

    def forward(x: Any) -> Any:
        return np.sort(x)[:, list(weights)] @ np.array(list(weights.values()))

    def backward(dout: Any, x: Any) -> Any:
        dx, order = np.zeros_like(x), np.argsort(x, kind="stable")
        for rank, weight in weights.items():
            dx[np.arange(len(x)), order[:, rank]] += factor * weight * dout
        return dx

    return forward, backward


@pytest.mark.parametrize("seed", [3, 7, 10])
def test_three_quantiles_of_many_that_tie(seed: int) -> None:
    """Six values of each row decide, several of them in one tie."""
    torch = pytest.importorskip("torch", reason="its quantiles are taken")
    x = torch.from_numpy(np.random.default_rng(seed).integers(0, 3, size=(8, 20)).astype(float))
    levels = torch.tensor([0.25, 0.5, 0.75], dtype=torch.float64)
    report = check_function(lambda x: x.quantile(levels, dim=-1), x, strides=False)
    assert report.verdict == "right", str(report)


def test_a_median_between_two_ties() -> None:
    """It is the mean of the largest of one and the smallest of the other: along a direction their kinks may cancel."""
    x = np.random.default_rng(11).integers(0, 10, size=(1, 200)).astype(float)
    assert np.diff(np.sort(x)[0, 99:101]) == 1
    assert check(*ranks({99: 0.5, 100: 0.5}), (x,)).verdict == "right"
    assert check(*ranks({99: 0.5, 100: 0.5}, 1.001), (x,)).verdict == "wrong"
    assert check(*ranks({99: 1.0, 100: 0.5}), (x,)).verdict == "right"
    assert check(ranks({99: 0.5, 100: 0.5})[0], ranks({99: 1.0, 100: 0.5})[1], (x,)).verdict == "wrong"


def test_a_tied_median_takes_few_evaluations() -> None:
    x = np.random.default_rng(0).integers(0, 3, size=(1, 160)).astype(float)
    report = check(*ranks({80: 1.0}), (x,))
    assert report.verdict == "right"
    assert report.evaluations < 300
