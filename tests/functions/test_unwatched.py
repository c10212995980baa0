"""Functions whose rounding cannot be watched, or that run in one dtype alone: rules around a kernel of PyTorch."""

from __future__ import annotations

from typing import Any

import pytest

from gradwitness import check_function

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

X = torch.linspace(-2, 2, 8)


class Outside(torch.autograd.Function):
    """x / (1 + |x|) of a program that takes memory."""

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        array = x.detach().numpy()
        ctx.kept = torch.from_numpy(1 / (1 + abs(array)) ** 2)
        return torch.from_numpy(array / (1 + abs(array)))

    @staticmethod
    def backward(ctx: Any, dout: Any) -> Any:
        return dout * ctx.kept


class Single(torch.autograd.Function):
    """The same for float32 alone."""

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        assert x.dtype == torch.float32, "float32 only"
        ctx.save_for_backward(x)
        return x / (1 + x.abs())

    @staticmethod
    def backward(ctx: Any, dout: Any) -> Any:
        (x,) = ctx.saved_tensors
        return dout / (1 + x.abs()) ** 2


class SingleTooLarge(Single):
    @staticmethod
    def backward(ctx: Any, dout: Any) -> Any:
        return 1.01 * Single.backward(ctx, dout)


def test_it_is_right_as_near_to_float64_as_moved_inputs() -> None:
    finding = check_function(Outside.apply, X)["float32: dx"]
    assert finding.verdict == "right"
    assert "cannot be watched" in finding.message


def test_what_is_further_is_not_told() -> None:
    """It keeps a number in 16 bits, which may be rounding."""

    class Coarse(Outside):
        @staticmethod
        def backward(ctx: Any, dout: Any) -> Any:
            return dout * (ctx.kept if dout.dtype == torch.float64 else ctx.kept.bfloat16().float())

    report = check_function(Coarse.apply, X)
    assert report["dx"].verdict == "right"
    assert report["float32"].verdict == "cannot tell"


@pytest.mark.parametrize("given", [{}, {"reference": lambda x: x / (1 + x.abs())}], ids=["alone", "with a reference"])
def test_one_percent_is_seen_in_a_function_of_float32(given: Any) -> None:
    assert check_function(Single.apply, X, **given).ok
    report = check_function(SingleTooLarge.apply, X, **given)
    assert report["dx"].verdict == "wrong", str(report)
