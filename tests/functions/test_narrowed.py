"""Functions of PyTorch that cast to float32 or bfloat16 inside: differences are taken without the rounding of the casts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gradwitness import check_function, compare

torch: Any = pytest.importorskip("torch", reason="PyTorch is not installed")
SHARP = 1e-9
"""What differences in float64 see; those of a function that rounds to float32 inside see 1e-4."""


def drawn(*shape: int, dtype: Any = torch.float64) -> Any:
    return torch.from_numpy(np.random.default_rng(0).normal(size=shape)).to(dtype)


def softmax(x: Any) -> Any:
    return torch.softmax(x.float(), -1).type_as(x)


class RMSNorm(torch.nn.Module):  # type: ignore[misc]  # a class of a module that may be missing
    """As language models have it."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(drawn(6).abs() + 1)
        self.register_buffer("calls", torch.zeros(()))

    def forward(self, x: Any) -> Any:
        self.calls += 1
        wide = x.to(torch.float32)
        return self.weight * (wide * torch.rsqrt(wide.pow(2).mean(-1, keepdim=True) + 1e-6)).to(x.dtype)


class LayerNorm(torch.nn.LayerNorm):  # type: ignore[misc]  # likewise
    def forward(self, x: Any) -> Any:
        return torch.nn.functional.layer_norm(x.float(), (6,), self.weight.float(), self.bias.float()).to(x.dtype)


def autocast(x: Any, weight: Any) -> Any:
    with torch.autocast("cpu", dtype=torch.bfloat16):
        return torch.nn.functional.linear(x.float(), weight.float()).double()


FUNCTIONS: dict[str, Any] = {"softmax": softmax, "RMSNorm": RMSNorm(), "LayerNorm": LayerNorm(6)}


@pytest.mark.parametrize("dtype", ["float64", "float32", "bfloat16"])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_casts_hide_nothing(name: str, dtype: str) -> None:
    report = check_function(FUNCTIONS[name], drawn(3, 6, dtype=getattr(torch, dtype)))
    assert report.ok, report
    assert report["dx"].sight < SHARP
    assert "its casts to float32 round nothing" in report.examined


def test_what_rounding_there_does_is_judged_as_well() -> None:
    report = check_function(softmax, drawn(3, 6))
    assert report["float64: dx"].verdict == "right"
    assert 1e-8 < report["float64: dx"].sight < 1e-4


class Off(torch.autograd.Function):  # type: ignore[misc]  # likewise
    """Its backward is off by a hundred thousandth at one element."""

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        out = torch.tanh(x.float())
        ctx.save_for_backward(out)
        return out.to(x.dtype)

    @staticmethod
    def backward(ctx: Any, dout: Any) -> Any:
        (out,) = ctx.saved_tensors
        dx = dout.float() * (1 - out * out)
        return (dx * torch.where(torch.arange(dx.numel()).reshape(dx.shape) == 4, 1.00001, 1.0)).to(dout.dtype)


def test_a_small_mistake_is_seen_behind_the_casts() -> None:
    finding = check_function(Off.apply, drawn(3, 6))["dx"]
    assert finding.verdict == "wrong"
    assert finding.where == ((0, 4),)


def test_sums_that_are_added_in_float32_in_another_order_are_no_fault() -> None:
    def product(x: Any, y: Any) -> Any:
        return (x.float() @ y.float()).to(x.dtype)

    report = check_function(product, (drawn(30, 40), drawn(40, 20)))
    assert report.ok, report


def test_inputs_that_are_overwritten_are_seen_behind_the_casts() -> None:
    class Overwrites(Off):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            out = Off.forward(ctx, x)
            x.mul_(2)
            return out

    report = check_function(Overwrites.apply, drawn(3, 6, dtype=torch.float32))
    assert any("overwrites x" in finding.message for finding in report if finding.verdict == "wrong"), report


def test_a_dtype_that_a_line_names_rounds_nothing_either() -> None:
    """A rule that multiplies in bfloat16, and is off by 2 percent."""

    class Product(torch.autograd.Function):  # type: ignore[misc]  # likewise
        @staticmethod
        def forward(ctx: Any, x: Any, weight: Any) -> Any:
            ctx.save_for_backward(x, weight)
            return (x.to(torch.bfloat16) @ weight.to(torch.bfloat16)).to(x.dtype)

        @staticmethod
        def backward(ctx: Any, dout: Any) -> Any:
            x, weight = ctx.saved_tensors
            narrow = dout.to(torch.bfloat16)
            return (
                1.02 * (narrow @ weight.to(torch.bfloat16).T).to(x.dtype),
                (x.to(torch.bfloat16).T @ narrow).to(x.dtype),
            )

    report = check_function(Product.apply, (drawn(5, 4), drawn(4, 3)))
    assert report["dx"].verdict == "wrong", report
    assert report["dweight"].sight < SHARP


def test_autocast_is_a_cast() -> None:
    report = check_function(autocast, (drawn(3, 6), drawn(2, 6)))
    assert report.ok, report
    assert "its casts to bfloat16 round nothing" in report.examined
    assert max(report["dx"].sight, report["dweight"].sight) < SHARP


def test_code_that_leaves_pytorch_is_judged_as_it_rounds() -> None:
    class Outside(torch.autograd.Function):  # type: ignore[misc]  # likewise
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            out = torch.from_numpy(np.tanh(x.float().numpy()))
            ctx.save_for_backward(out)
            return out.to(x.dtype)

        @staticmethod
        def backward(ctx: Any, dout: Any) -> Any:
            return dout * (1 - ctx.saved_tensors[0].to(dout.dtype) ** 2)

    report = check_function(Outside.apply, drawn(4))
    assert "round nothing" not in report.examined
    assert report["dx"].verdict == "right"
    assert report["dx"].sight > SHARP


def test_compare_blames_a_gradient_behind_casts() -> None:
    report = compare({"ours": Off.apply, "library": torch.tanh}, drawn(3, 6))
    assert report["dx"].message.startswith("ours is wrong")
