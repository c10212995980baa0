"""Degenerate points: constant rows that are normalised, eigenvalues that coincide. Noise is no jump, nor is what is steep."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gradwitness import check, check_function

SEEDS = range(4)
WEIGHTS = np.array([1.0, -2.0, 0.7])
COTANGENT = np.random.default_rng(5).normal(size=(3, 4))


@pytest.mark.parametrize("seed", SEEDS)
def test_constant_rows_that_are_normalised_do_not_jump(seed: int) -> None:
    torch: Any = pytest.importorskip("torch", reason="its normalisations are checked")
    weights = torch.tensor(COTANGENT)
    report = check_function(
        lambda x: (torch.nn.functional.group_norm(x, 2) * weights).sum(), (torch.ones(3, 4, dtype=torch.float64),), seed=seed
    )
    assert report.verdict == "right"


@pytest.mark.parametrize("seed", SEEDS)
def test_a_standard_deviation_of_equal_numbers_does_not_jump(seed: int) -> None:
    torch: Any = pytest.importorskip("torch", reason="its functions are checked")
    weights = torch.tensor(COTANGENT)

    def loss(x: Any) -> Any:
        return (weights * (x - x.mean(0)) / (x.std(0, unbiased=False) + 1e-5)).sum()

    assert check_function(loss, (torch.ones(3, 4, dtype=torch.float64),), seed=seed).verdict == "right"


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("factor", [1.0, -1.0, 1.01])
def test_the_gradient_of_a_deviation_is_seen_where_all_numbers_are_equal(factor: float, seed: int) -> None:
    """What is left of x - mean(x) there is noise, and no measure of the noise of other values."""
    report = check(
        lambda x: x - x.mean(-1, keepdims=True),
        lambda dout: factor * (dout - dout.mean(-1, keepdims=True)),
        np.full((2, 3), 1.7),
        seed=seed,
    )
    assert report.verdict == ("right" if factor == 1 else "wrong")


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("eps", [1e-3, 1e-6])
def test_rows_of_equal_numbers_do_not_jump_where_their_slopes_cancel(eps: float, seed: int) -> None:
    """Along such a direction the slope is zero. What is left beside the point is rounding, divided by eps."""
    torch: Any = pytest.importorskip("torch", reason="its functions are checked")

    def normalised(x: Any) -> Any:
        return (x - x.mean(-1, keepdim=True)) / (x.std(-1, keepdim=True, unbiased=False) + eps)

    assert check_function(normalised, torch.ones(2, 4), seed=seed).verdict == "right"
    report = check_function(lambda x: normalised(x) + x - x.detach(), torch.ones(2, 4), seed=seed)
    assert report["dx"].verdict == "wrong", "by 1 of 1 / eps"


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_steep_does_not_jump(seed: int) -> None:
    eps = 1e-20

    def forward(x: Any) -> Any:
        return x / np.sqrt(x * x + eps)

    report = check(forward, lambda dout, x: dout * eps / (x * x + eps) ** 1.5, (np.zeros(3),), seed=seed)
    assert report.verdict in ("right", "cannot tell")


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("height", [1.0, 1e-3])
def test_a_jump_is_one(height: float, seed: int) -> None:
    report = check(lambda x: x + height * (x > 0), lambda dout, x: dout, (np.zeros(3),), seed=seed)
    assert report["dx"].verdict == "jump"


def values(x: Any) -> Any:
    return np.linalg.svd(x, compute_uv=False) @ WEIGHTS


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("turned", [False, True])
def test_singular_values_that_coincide_some_of_which_count_less_than_nothing(turned: bool, seed: int) -> None:
    basis = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))[0] if turned else np.eye(3)

    def backward(dout: Any, x: Any) -> Any:
        u, _, v = np.linalg.svd(x)
        return dout * u @ np.diag(WEIGHTS) @ v

    assert check(values, backward, (basis,), seed=seed).verdict != "wrong"


@pytest.mark.parametrize("seed", SEEDS)
def test_what_no_basis_gives_is_wrong(seed: int) -> None:
    report = check(values, lambda dout, x: 1.5 * dout * np.diag(WEIGHTS), (np.eye(3),), seed=seed)
    assert report.verdict == "wrong"


def test_what_is_zero_but_for_rounding_is_right() -> None:
    """With keys that are all the same, attention is the mean of the values, whatever the queries are."""
    rng = np.random.default_rng(0)

    def forward(q: Any, k: Any, v: Any) -> Any:
        scores = np.exp(q @ k.T)
        p = scores / scores.sum(axis=1, keepdims=True)
        return p @ v, (q, k, v, p)

    def backward(dout: Any, cache: Any) -> Any:
        q, k, v, p = cache
        dp = dout @ v.T
        dscores = p * (dp - (dp * p).sum(axis=1, keepdims=True))
        return dscores @ k, dscores.T @ q, p.T @ dout

    inputs = (rng.normal(size=(3, 4)), np.tile(rng.normal(size=4), (5, 1)), rng.normal(size=(5, 4)))
    report = check(forward, backward, inputs)
    assert report.verdict == "right", report
    assert report["dq"].message.startswith("It is zero, but for rounding")
    assert check(forward, lambda dout, cache: (1e-12 * dout, *backward(dout, cache)[1:]), inputs).verdict == "wrong"
