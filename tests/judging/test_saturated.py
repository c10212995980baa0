"""Correct functions at saturated points. Each was reduced from a function of trust/user_code that is called wrong.

Where rounding hides the derivative, "cannot tell" is a right answer as well; "wrong" is not.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from gradwitness import check_function
from gradwitness.checking import check


def gelu(x: Any) -> Any:
    phi = np.array([0.5 * (1 + math.erf(v / math.sqrt(2))) for v in x])
    return x * phi, (x, phi)


def gelu_backward(dout: Any, cache: Any) -> Any:
    x, phi = cache
    return dout * (phi + x * np.exp(-0.5 * x**2) / math.sqrt(2 * math.pi))


@pytest.mark.parametrize("x", [-6.9043065, -7.14691379, -7.65100007, -7.81894339, -9.84170629, -11.67221181])
@pytest.mark.parametrize("others", [[], [2.0, -0.5]], ids=["alone", "among others"])
def test_a_tail_that_is_a_difference_of_numbers_near_one(x: float, others: list[float]) -> None:
    """1 + erf moves in stairs of 1e-16, and x times a stair is smooth between them.

    The stairs are 1e-4 of the value and more, but only rounding of the numbers near 1 behind it. A claim that agrees over long
    steps, and disagrees over short ones by stairs of this height, cannot be judged.
    """
    report = check(gelu, gelu_backward, np.array([x, *others]))
    assert report.verdict != "wrong", str(report)


def test_a_stair_that_the_first_step_overlooks() -> None:
    """Beside small elements the last one moves little: from within one stair to the next, and no longer step is made."""
    x = np.array([-5.59145193e-04, 7.02948278e-02, 2.93628967e-05, 6.21952590e-03, -8.29873047, -5.78055300e-04, -4.07102363e-01])
    report = check(gelu, gelu_backward, x)
    assert report.verdict != "wrong", str(report)


C = math.sqrt(3.0)


def attend(scores: Any, v: Any) -> Any:
    z = scores / C
    p = np.exp(z - z.max())
    return p @ v / p.sum(), (scores, v, z.max() + np.log(p.sum()))


def attend_backward(dout: Any, cache: Any) -> Any:
    scores, v, lse = cache
    p = np.exp(scores * (1 / C) - lse)
    return (dout * p * (v - p @ v)) / C, dout * p


@pytest.mark.parametrize("largest", [40.0, 400.0, 4000.0])
@pytest.mark.parametrize("seed", range(4))
def test_a_constant_written_two_ways_under_a_large_exponent(largest: float, seed: int) -> None:
    """/ sqrt(3) and * (1 / sqrt(3)): exp makes of the last digit of a score of 4,000 an error of 1e-13.

    Moved inputs do not show it, for the difference stays the same. The gradient in float64 less that in longdouble does.
    """
    rng = np.random.default_rng(seed)
    scores = np.array([-largest / 2, largest, 1.0, largest / 100])
    report = check(attend, attend_backward, (scores, rng.normal(size=4)), cached=True)
    assert report.verdict != "wrong", str(report)


@pytest.mark.parametrize("seed", range(4))
def test_rounding_of_saturated_outputs_is_no_kink_that_makes_up_for_a_mistake(seed: int) -> None:
    """1 + erf(x) near x = -6 goes in steps of float64: each looks like a kink, and is far smaller than what is off."""
    torch: Any = pytest.importorskip("torch", reason="its functions are checked")
    generator = torch.Generator().manual_seed(0)
    x, weight = torch.randn(8, 16, generator=generator), 4 * torch.randn(16, 256, generator=generator)

    def halved(x: Any, weight: Any) -> Any:
        return torch.nn.functional.gelu(x @ weight) * (1 + 0.01 * (weight[0] - weight.detach()[0]))

    assert check_function(halved, (x, weight), seed=seed)["dweight"].verdict == "wrong"
    assert check_function(lambda x, weight: torch.nn.functional.gelu(x @ weight), (x, weight), seed=seed).ok
