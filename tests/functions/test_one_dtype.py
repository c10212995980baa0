"""A kernel that takes float32 alone, whose rounding nobody can watch: differences in float32, and a plain function beside it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gradwitness import check_function
from gradwitness.report.report import Report

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

X = torch.linspace(-2, 2, 6)


def kernel(factor: float) -> Any:
    """tanh, computed outside of PyTorch. Its gradient is right if the factor is 1."""

    class Kernel(torch.autograd.Function):  # type: ignore[misc]  # torch has no types for it
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            if x.dtype != torch.float32:
                raise TypeError("this kernel takes float32 alone")
            ctx.out = np.tanh(x.detach().numpy())
            return torch.from_numpy(ctx.out)

        @staticmethod
        def backward(ctx: Any, dout: Any) -> Any:
            return torch.from_numpy(np.float32(factor) * dout.numpy() * (1 - ctx.out * ctx.out))

    return Kernel.apply


def examined(factor: float) -> Report:
    return check_function(kernel(factor), X, reference=torch.tanh)


def test_a_right_one_is_right() -> None:
    report = examined(1)
    assert report.ok, str(report)
    assert report["float64"].verdict == "note"


@pytest.mark.parametrize("error", [1e-2, 1e-5])
def test_a_wrong_one_is_wrong_and_raises_nothing(error: float) -> None:
    report = examined(1 + error)
    assert report.verdict == "wrong"
    assert report["float32: dx"].verdict == "wrong", str(report)


def test_a_reference_whose_arguments_have_other_names_judges_all_gradients() -> None:
    def plain(a: Any, b: Any) -> Any:
        return {"sum": a * torch.exp(b)}

    def function(b: Any, a: Any) -> Any:
        return kernel(1)(b) * 0 + b * torch.exp(a)

    inputs = (X, torch.linspace(0.1, 0.5, 6))
    report = check_function(function, inputs, reference=plain, wrt=["a", "b"])
    assert [report[f"float32: {name}"].verdict for name in ("out", "db", "da")] == ["right"] * 3, str(report)
    report = check_function(function, inputs, reference=plain, wrt="a")
    assert "float32: da" in str(report)
    assert "float32: db" not in str(report)


def test_a_gradient_that_the_reference_does_not_have_is_not_passed_over_in_silence() -> None:
    module = torch.nn.Linear(6, 2)

    class Outside(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.inner = module

        def forward(self, x: Any) -> Any:
            return self.inner(kernel(1)(x))

    report = check_function(Outside(), (X,), reference=lambda x: module.weight.detach() @ torch.tanh(x) + module.bias.detach())
    assert report["float32: dx"].verdict == "right", str(report)
    assert report["float32: dinner.weight"].verdict == "note", str(report)


def test_what_differences_in_float32_cannot_tell_the_reference_tells() -> None:
    x = torch.full((4,), 0.1)  # tanh(x) + 100 has too few digits left for differences
    large = torch.full((4,), 100.0)
    alone = check_function(lambda x: kernel(1)(x) + large, x)
    assert alone.verdict == "cannot tell", str(alone)
    assert "it does not compute in float64. reference=" in alone["dx"].message
    report = check_function(lambda x: kernel(1)(x) + large, x, reference=lambda x: torch.tanh(x) + large.to(x.dtype))
    assert report.ok, str(report)
    assert report["dx"].verdict == "note", str(report)
    report = check_function(lambda x: kernel(1.01)(x) + large, x, reference=lambda x: torch.tanh(x) + large.to(x.dtype))
    assert report.verdict == "wrong", str(report)


def test_kinks_that_long_steps_cross_are_no_mistakes() -> None:
    """Beside 1,000 the noise of float32 asks for steps beyond the elements of 1e-5, which would meet their kinks at 0."""

    class Relu(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            if x.dtype != torch.float32:
                raise TypeError("float32 alone")
            ctx.save_for_backward(x)
            return x.clamp(min=0)

        @staticmethod
        def backward(ctx: Any, dout: Any) -> Any:
            return dout * (ctx.saved_tensors[0] > 0)

    for seed in (6, 8, 10, 16):
        rng = np.random.default_rng(seed)
        x = rng.choice([-1, 1], (4, 8)) * rng.uniform(0.1, 4, (4, 8)) * 10.0 ** np.arange(-4, 4)
        report = check_function(Relu.apply, (torch.tensor(x, dtype=torch.float32),), reference=torch.relu, seed=seed)
        assert report.verdict == "right", str(report)


def test_a_backward_that_refuses_float64_gets_what_claims_to_be_float32() -> None:
    class Sine(torch.autograd.Function):  # type: ignore[misc]  # torch has no types for it
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.save_for_backward(x)
            return torch.sin(x)

        @staticmethod
        def backward(ctx: Any, dout: Any) -> Any:
            if dout.dtype != torch.float32:
                raise TypeError("this kernel takes float32 alone")
            return dout * torch.cos(ctx.saved_tensors[0])

    report = check_function(Sine.apply, X)
    assert report["dx"].verdict == "right", str(report)
    assert report["dx"].sight < 1e-9


@pytest.mark.explained
def test_stairs_of_a_kernel_of_float32_are_seen() -> None:
    """Steps below the last digit of float32 move nothing, and say nothing. Longer ones do."""

    class Rounded(torch.autograd.Function):  # type: ignore[misc]  # torch has no types for it
        @staticmethod
        def forward(_: Any, x: Any) -> Any:
            if x.dtype != torch.float32:
                raise TypeError("this kernel takes float32 alone")
            return torch.round(x * 128) / 128

        @staticmethod
        def backward(_: Any, dout: Any) -> Any:
            return dout

    report = check_function(Rounded.apply, torch.tensor([0.6750645, 0.34790176, -0.55679619, -1.10221827]))
    assert report["dx"].verdict == "wrong", str(report)
    assert "Zero is right" in report["dx"].explanation


@pytest.mark.parametrize(("factor", "verdict"), [(1, "right"), (1.2, "wrong")])
def test_inputs_of_two_dtypes_stay_as_they_came(factor: float, verdict: str) -> None:
    """A kernel for activations in bfloat16 and weights in float32 takes no others."""

    class Linear(torch.autograd.Function):  # type: ignore[misc]  # torch has no types for it
        @staticmethod
        def forward(ctx: Any, x: Any, weight: Any) -> Any:
            if (x.dtype, weight.dtype) != (torch.bfloat16, torch.float32):
                raise TypeError("bfloat16 and float32 alone")
            ctx.save_for_backward(x, weight)
            return x.float() @ weight

        @staticmethod
        def backward(ctx: Any, dout: Any) -> Any:
            x, weight = ctx.saved_tensors
            return (factor * dout @ weight.T).to(x.dtype), x.float().T @ dout

    generator = torch.Generator().manual_seed(0)
    inputs = torch.randn(3, 4, generator=generator).bfloat16(), torch.randn(4, 2, generator=generator)
    report = check_function(Linear.apply, inputs, reference=lambda x, weight: x.to(weight.dtype) @ weight)
    assert report["bfloat16: dx"].verdict == verdict, str(report)
