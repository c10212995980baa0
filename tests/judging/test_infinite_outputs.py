"""Outputs that are infinite whatever the inputs are, as behind a causal mask, are left out; the rest is judged."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gradwitness import check

MASKED = np.triu(np.ones((3, 3)), 1) > 0
X = np.random.default_rng(0).normal(size=(3, 3))


def scores(x: Any) -> Any:
    return np.where(MASKED, -np.inf, x * x)


def of_scores(factor: float) -> Any:
    return lambda dout, x: np.where(MASKED, 0, factor * x * dout)


@pytest.mark.parametrize(("factor", "verdict"), [(2, "right"), (2 * (1 + 1e-9), "wrong"), (3, "wrong")])
def test_finite_outputs_are_judged_beside_constant_infinite_ones(factor: float, verdict: str) -> None:
    report = check(scores, of_scores(factor), (X,))
    assert report.verdict == verdict, str(report)
    assert [finding.message[:22] for finding in report if finding.verdict == "note"] == ["3 elements are infinit"]


def test_a_mask_may_be_added() -> None:
    report = check(lambda x: 2 * x + np.where(MASKED, -np.inf, 0), lambda dout, x: 2 * dout, (X,))
    assert report.verdict == "right", str(report)


def test_an_infinity_that_goes_where_the_inputs_move_is_undefined() -> None:
    def safe(dout: Any, x: Any) -> Any:
        return dout / np.where(x > 0, x, 1)

    report = check(np.log, safe, (np.array([0.0, 1.0]),))
    assert report.verdict == "cannot tell", str(report)


def test_where_all_outputs_are_infinite_nothing_can_be_told() -> None:
    assert check(lambda x: x - np.inf, lambda dout, x: dout, (X,)).verdict == "cannot tell"


def test_a_number_of_the_source_that_is_infinite_explains_nothing() -> None:
    infinity = np.inf
    report = check(lambda x: np.where(MASKED, -infinity, x * x), of_scores(2.5), (X,))
    assert "inf, which is" not in str(report)


@pytest.mark.parametrize("framework", ["torch", "tensorflow", "jax"])
def test_masked_scores_of_frameworks(framework: str) -> None:
    from gradwitness import check_function

    module = pytest.importorskip(framework, reason=f"{framework} is not installed")
    if framework == "jax":
        import jax.numpy as module
    where, tensor = module.where, {"torch": "tensor", "tensorflow": "constant", "jax": "asarray"}[framework]
    queries, keys = (getattr(module, tensor)(each.astype("float32")) for each in (X, X.T + 1))
    mask = getattr(module, tensor)(MASKED)
    report = check_function(lambda q, k: where(mask, -np.inf, q @ k), (queries, keys))
    assert report.ok, str(report)
