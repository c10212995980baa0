"""Right rules that compute in NumPy: terms that cancel, gradients that are infinite, another member at a kink."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradwitness import check_function

torch = pytest.importorskip("torch", reason="PyTorch is not installed")


def rule(forward: Callable[[Any], Any], backward: Callable[[Any, Any, Any], Any]) -> Any:
    """A custom Function from a function of x, and one of dout, x and out."""

    class Rule(torch.autograd.Function):  # type: ignore[misc]  # torch has no types for it
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.x = np.array(x.detach().numpy())
            ctx.out = forward(ctx.x)
            return torch.from_numpy(ctx.out)

        @staticmethod
        def backward(ctx: Any, dout: Any) -> Any:
            return torch.from_numpy(backward(np.array(dout.numpy()), ctx.x, ctx.out))

    return Rule.apply


def softmax(x: Any) -> Any:
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def softmax_backward(dout: Any, _: Any, p: Any) -> Any:
    return p * (dout - (p * dout).sum(-1, keepdims=True))


@pytest.mark.parametrize("seed", range(4))
def test_terms_that_cancel_are_rounded_and_no_fault(seed: int) -> None:
    """Where softmax is saturated, dout - sum(p dout) is all rounding. NumPy sums in another order where rows lie apart."""
    x = 30 * np.random.default_rng(seed).normal(size=(4, 6))
    report = check_function(rule(softmax, softmax_backward), torch.from_numpy(x), seed=seed)
    assert report.verdict != "wrong", str(report)


@pytest.mark.parametrize("error", [1e-6, 0.1])
def test_a_backward_that_is_not_linear_there_is_found(error: float) -> None:
    def backward(dout: Any, x: Any, p: Any) -> Any:
        return softmax_backward(dout, x, p) * (1 + error * (dout > 0))

    x = 3 * np.random.default_rng(0).normal(size=(4, 6))
    report = check_function(rule(softmax, backward), torch.from_numpy(x))
    assert report["dx, linear in dout"].verdict == "wrong", str(report)


@pytest.mark.filterwarnings("error")
def test_an_infinite_gradient_is_its_own_sum() -> None:
    def backward(dout: Any, x: Any, _: Any) -> Any:
        with np.errstate(divide="ignore", invalid="ignore"):  # 0 times log(0) for a cotangent of zeros
            return dout * (np.log(x) + 1)

    def forward(x: Any) -> Any:
        return np.where(x > 0, x * np.log(np.where(x > 0, x, 1)), 0.0)

    report = check_function(rule(forward, backward), torch.tensor([0.0, 0.5, 2.0], dtype=torch.float64))
    assert "linear" not in str(report), str(report)


X = torch.tensor([0.0, -1.0, 0.5, 2.0])


@pytest.mark.parametrize(("factor", "verdict"), [(1, "right"), (1.001, "wrong")])
def test_at_a_kink_the_reference_may_have_another_member(factor: float, verdict: str) -> None:
    def backward(dout: Any, x: Any, _: Any) -> Any:
        return np.where(x >= 0, dout, 0) * np.where(x == 2, np.asarray(factor, x.dtype), 1).astype(x.dtype)

    report = check_function(rule(lambda x: np.maximum(x, 0), backward), X, reference=torch.relu)
    assert report.verdict == verdict, str(report)
    if verdict == "right":
        assert "another member" in report["float32: dx"].message, str(report)
