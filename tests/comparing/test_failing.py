"""Which of the functions that are compared failed: an error names it."""

from __future__ import annotations

from typing import Any

import pytest

from gradwitness import BadCall, UserError, compare

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

X = torch.tensor([[0.3, -1.2, 0.5], [0.7, 0.1, 2.0]])


class Unfinished(torch.autograd.Function):  # type: ignore[misc]  # PyTorch has no types here
    @staticmethod
    def forward(_: Any, x: Any) -> Any:
        return torch.tanh(x)

    @staticmethod
    def backward(ctx: Any, dout: Any) -> Any:
        raise NotImplementedError("later")


def test_the_function_that_raises_is_named() -> None:
    with pytest.raises(UserError, match=r"^fused raised RuntimeError: mat1 and mat2 shapes"):
        compare({"plain": torch.tanh, "fused": lambda x: x @ x}, X)


def test_the_function_whose_backward_raises_is_named() -> None:
    with pytest.raises(UserError, match=r"^the backward of ours raised NotImplementedError: later"):
        compare({"plain": torch.tanh, "ours": Unfinished.apply}, X)


def test_the_reference_that_raises_is_named() -> None:
    with pytest.raises(UserError, match=r"^the reference raised RuntimeError"):
        compare({"plain": torch.tanh, "ours": lambda x: torch.tanh(x)}, X, reference=lambda x: x @ x)


def test_the_function_that_returns_nothing_is_named() -> None:
    with pytest.raises(BadCall, match=r"^what ours returns is None; wanted a tensor"):
        compare({"plain": torch.tanh, "ours": lambda x: None}, X)
