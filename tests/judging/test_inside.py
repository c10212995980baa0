"""Kinks inside a function: units of a layer that are all at 0, of which one bends up where another one bends down."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gradwitness import check, check_function

SIZES = (2, 8, 30)


def weights(seed: int, units: int) -> tuple[Any, Any]:
    rng = np.random.default_rng((seed, units))
    return rng.normal(size=(units, 4)), rng.normal(size=units)


def network(x: Any, w: Any, b: Any, v: Any) -> Any:
    return np.maximum(x @ w.T + b, 0) @ v


def backward(dout: Any, x: Any, w: Any, b: Any, v: Any) -> Any:
    z = x @ w.T + b
    dz = np.outer(dout, v) * (z > 0)
    return dz @ w, dz.T @ x, dz.sum(0), np.maximum(z, 0).T @ dout


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("units", SIZES)
def test_a_layer_of_relus_at_0(units: int, seed: int) -> None:
    w, v = weights(seed, units)
    x = np.stack([np.zeros(4), [0.3, -0.2, 0.9, 0.4]])
    assert check(network, backward, (x, w, np.zeros(units), v), seed=seed).verdict == "right"


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("activation", ["relu", "leaky_relu", "relu6"])
def test_of_pytorch(activation: str, seed: int) -> None:
    torch: Any = pytest.importorskip("torch", reason="its functions are checked")
    w, v = (torch.tensor(array) for array in weights(seed, 8))
    function = getattr(torch.nn.functional, activation)

    def loss(x: Any, b: Any) -> Any:
        return (function(torch.nn.functional.linear(x, w, b)) @ v).sum()

    report = check_function(loss, (torch.zeros(1, 4, dtype=torch.float64), torch.zeros(8, dtype=torch.float64)), seed=seed)
    assert report.verdict == "right"
    assert any("kink" in finding.message for finding in report.findings)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("factor", [1.5, -0.5])
def test_what_lies_beyond_the_members_of_a_part_is_wrong(factor: float, seed: int) -> None:
    signs = np.array([1.0, -2.0, 0.7])

    def wrong(dout: Any, x: Any) -> Any:
        return dout * signs * np.where(x == 0, [0.5, factor, 0.0], x > 0)

    report = check(lambda x: np.maximum(x, 0) @ signs, wrong, (np.zeros(3),), seed=seed)
    assert report.verdict == "wrong"
    assert report["dx"].where == ((1,),)


@pytest.mark.parametrize("seed", range(3))
def test_each_of_several_that_tie_gets_the_whole(seed: int) -> None:
    report = check(np.max, lambda dout, x: dout * (x == x.max()), (np.array([0.0, 0.0, -1.0]),), seed=seed)
    assert report.verdict == "wrong"


@pytest.mark.parametrize("seed", range(3))
def test_an_error_beside_the_kinks_is_seen(seed: int) -> None:
    w, v = weights(seed, 8)
    x = np.stack([np.zeros(4), [0.3, -0.2, 0.9, 0.4]])

    def wrong(*given: Any) -> Any:
        dx, dw, db, dv = backward(*given)
        return dx, 1.01 * dw, db, dv

    report = check(network, wrong, (x, w, np.zeros(8), v), seed=seed)
    assert report["dw"].verdict == "wrong"
