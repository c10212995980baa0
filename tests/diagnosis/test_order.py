"""Gradients that come in another order than the inputs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gradwitness import check


def forward(x: Any, weight: Any, bias: Any) -> Any:
    return np.tanh(x @ weight + bias)


@pytest.mark.parametrize("lengths", [(4, 5, 3), (3, 3, 3)], ids=["other shapes", "one shape but for the bias"])
def test_three_gradients_in_another_order_are_told_in_one_sentence(lengths: tuple[int, int, int]) -> None:
    rows, inner, columns = lengths
    rng = np.random.default_rng(0)

    def backward(dout: Any, x: Any, weight: Any, bias: Any) -> Any:
        dz = dout * (1 - np.tanh(x @ weight + bias) ** 2)
        return x.T @ dz, dz.sum(0), dz @ weight.T

    report = check(
        forward, backward, (rng.normal(size=(rows, inner)), rng.normal(size=(inner, columns)), rng.normal(size=columns))
    )
    assert report["dx"].explanation == "The gradients came in the order dweight, dbias, dx; wanted dx, dweight, dbias"
    assert report["dbias"].explanation == "dbias came in the place of dweight"


def test_of_gradients_in_another_order_one_is_wrong_too() -> None:
    """Then they are not told as reordered: what came for the weight is the gradient of nothing."""
    rng = np.random.default_rng(0)

    def backward(dout: Any, x: Any, weight: Any, bias: Any) -> Any:
        dz = dout * (1 - np.tanh(x @ weight + bias) ** 2)
        return 1.01 * x.T @ dz, dz.sum(0), dz @ weight.T

    report = check(forward, backward, (rng.normal(size=(4, 5)), rng.normal(size=(5, 3)), rng.normal(size=3)))
    assert not any("in the order" in finding.explanation for finding in report)
