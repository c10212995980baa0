"""A kink of one element hides no error of another one, and of no other argument."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gradwitness import check


def hinge(x: Any) -> Any:
    return np.maximum(1 - x, 0)


def of_hinge(factor: float) -> Any:
    def backward(dout: Any, x: Any) -> Any:
        dx = -dout * (x < 1)
        dx[np.argmin(x)] *= factor
        return dx

    return backward


@pytest.mark.parametrize("size", [4, 1000])
@pytest.mark.parametrize(("factor", "verdict"), [(1, "right"), (1.001, "wrong"), (1.05, "wrong")])
def test_elements_beside_one_at_a_kink(size: int, factor: float, verdict: str) -> None:
    x = np.random.default_rng(0).normal(size=size)
    x[size // 2] = 1
    report = check(hinge, of_hinge(factor), (x,))
    assert report.verdict == verdict, str(report)


def weighted(x: Any, weight: Any) -> Any:
    return np.abs(x) * weight


def of_weighted(factor: float) -> Any:
    return lambda dout, x, weight: (dout * weight * np.sign(x), factor * dout * np.abs(x))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("factor", "verdict"), [(1, "right"), (1 + 1e-9, "wrong"), (1.01, "wrong")])
def test_an_argument_beside_one_at_a_kink(seed: int, factor: float, verdict: str) -> None:
    at = (np.array([0.0, 1.0, -2.0]), np.array([1.0, 1.5, 2.0]))
    dx, dweight = check(weighted, of_weighted(factor), at, seed=seed)
    assert (dx.verdict, dweight.verdict) == ("kink", verdict)
    assert verdict == "wrong" or dweight.sight < 1e-12


def test_a_knot_of_an_interpolation_leaves_the_values_told() -> None:
    jnp = pytest.importorskip("jax.numpy", reason="JAX is not installed")
    from gradwitness import check_function

    knots, values = jnp.array([0.0, 1.0, 2.0, 3.0]), jnp.array([0.0, 2.0, 1.0, 5.0])
    report = check_function(jnp.interp, (jnp.array([0.5, 1.0, 2.3]), knots, values))
    told = {finding.about: finding.verdict for finding in report}
    assert (told["dx"], told["dxp"], told["dfp"]) == ("kink", "kink", "right")
