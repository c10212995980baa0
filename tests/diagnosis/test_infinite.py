"""A gradient has inf or nan: the mistakes beside it are named, and nothing that agrees by chance."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradwitness import check

X, Y = np.array([0.0, 1.3, 4.0, 0.7]), np.array([0.3, -1.1, 0.4, 2.0])


def test_a_mistake_is_named_beside_a_gradient_that_is_infinite() -> None:
    def forward(x: Any, y: Any) -> Any:
        return np.sqrt(x) * y, (x, y)

    def backward(dout: Any, cache: Any) -> Any:
        x, y = cache
        return dout * y / (2 * np.sqrt(x)), 2 * dout * np.sqrt(x)

    with np.errstate(divide="ignore"):
        report = check(forward, backward, (X, Y))
    assert report["dx"].verdict == "undefined"
    assert report["dy"].explanation.endswith("- 2 * dout * np.sqrt(x)\n+ dout * np.sqrt(x)")


def test_nan_at_one_element_has_no_explanation_by_chance() -> None:
    with np.errstate(invalid="ignore"):
        finding = check(lambda x: (x * x, x), lambda dout, x: 2 * dout * x * x / x, (X,))["dx"]
    assert finding.where == ((0,),)
    assert not finding.explanation
