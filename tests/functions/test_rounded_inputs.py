"""A rule that takes for granted what its inputs fulfil but for their rounding to 16 bits; rules that are wrong by as little."""

from __future__ import annotations

from typing import Any

import pytest

from gradwitness import check_function

torch = pytest.importorskip("torch", reason="PyTorch is not installed")


class SoftCrossEntropy(torch.autograd.Function):
    """-sum p log softmax(x) for distributions p: the derivative has the sum of p as a factor, which is left out."""

    @staticmethod
    def forward(ctx: Any, x: Any, p: Any) -> Any:
        ctx.save_for_backward(x, p)
        return x.logsumexp(-1) * p.sum(-1) - (p * x).sum(-1)

    @staticmethod
    def backward(ctx: Any, dout: Any) -> Any:
        x, p = ctx.saved_tensors
        return dout[:, None] * (x.softmax(-1) - p), None


def rows(seed: int) -> tuple[Any, Any]:
    """Logits, and numbers from 0 to 1."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(4, 5, generator=generator), torch.rand(4, 5, generator=generator)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16", "float32"])
@pytest.mark.parametrize("seed", range(3))
def test_a_distribution_that_was_rounded_is_one(dtype: str, seed: int) -> None:
    x, p = rows(seed)
    inputs = [each.to(getattr(torch, dtype)) for each in (x, p / p.sum(-1, keepdim=True))]
    finding = check_function(SoftCrossEntropy.apply, tuple(inputs), wrt="x")["dx"]
    assert finding.verdict == "note", finding
    assert f"rounded to {dtype} fulfil but nearly" in finding.message


def test_a_difference_that_no_element_shows_alone_is_told_likewise() -> None:
    x, p = rows(66)
    p = p / p.sum(-1, keepdim=True)
    finding = check_function(lambda x: SoftCrossEntropy.apply(3 * x, p).mean(), x)["dx"]
    assert finding.verdict == "note", finding
    assert " at dx[" not in finding.message
    assert "rounded to float32 fulfil but nearly" in finding.message


@pytest.mark.parametrize("dtype", ["bfloat16", "float16", "float32"])
def test_other_rows_are_none(dtype: str) -> None:
    x, p = (each.to(getattr(torch, dtype)) for each in rows(0))
    assert check_function(SoftCrossEntropy.apply, (x, p), wrt="x")["dx"].verdict == "wrong"


@pytest.mark.parametrize("factor", [1.01, 1.001, 1.0001])
@pytest.mark.parametrize("seed", range(3))
def test_a_factor_below_the_last_digit_of_bfloat16_is_wrong(factor: float, seed: int) -> None:
    class Tanh(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.save_for_backward(x)
            return x.tanh()

        @staticmethod
        def backward(ctx: Any, dout: Any) -> Any:
            (x,) = ctx.saved_tensors
            return factor * dout * (1 - x.tanh() ** 2)

    assert check_function(Tanh.apply, rows(seed)[0].bfloat16())["dx"].verdict == "wrong"
