"""`compare` names how a port differs whose weights are inputs, and that makes its masks and paddings itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradwitness import compare

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
F = torch.nn.functional


def drawn(*shape: int) -> Any:
    return torch.from_numpy(np.random.default_rng(shape).normal(size=shape))


def cell(order: tuple[int, int, int], *, keeps: bool = True) -> Callable[..., Any]:
    """A gated cell: which block of the weights is reset, update and new; whether the update gate keeps the state."""

    def run(x: Any, h: Any, wx: Any, wh: Any, b: Any) -> Any:
        of_x, of_h = [(wx.T @ x + b).chunk(3)[i] for i in order], [(wh.T @ h).chunk(3)[i] for i in order]
        reset, update = torch.sigmoid(of_x[0] + of_h[0]), torch.sigmoid(of_x[1] + of_h[1])
        new = torch.tanh(of_x[2] + reset * of_h[2])
        return update * h + (1 - update) * new if keeps else update * new + (1 - update) * h

    return run


def attention(mask: Callable[[Any], Any]) -> Callable[..., Any]:
    def run(q: Any, k: Any) -> Any:
        return torch.where(mask(torch.ones(4, 4)) > 0, q @ k.T, torch.full((), -1e9, dtype=q.dtype)).softmax(-1) @ k

    return run


def strided(x: Any, kernel: Any) -> Any:
    return F.conv2d(x, kernel, None, 2, 1)


def strided_by_hand(x: Any, kernel: Any) -> Any:
    return F.conv2d(F.pad(x, (0, 1, 0, 1)), kernel, stride=2)


CELL = (drawn(2), drawn(3), drawn(2, 9), drawn(3, 9), drawn(9))
CASES: dict[str, tuple[Any, Any, tuple[Any, ...], str]] = {
    "a square weight": (
        lambda x, w: F.linear(x, w),
        lambda x, w: x @ w,
        (drawn(2, 3), drawn(3, 3)),
        "With w transposed first agrees",
    ),
    "gates": (cell((0, 1, 2)), cell((1, 0, 2)), CELL, "With the 3 blocks in wx, wh, b in the order 1, 0, 2 first agrees"),
    "the other gate": (cell((0, 1, 2)), cell((0, 1, 2), keeps=False), CELL, "With the sign of block 1 in wx, wh, b turned"),
    "a triangle": (
        attention(lambda x: torch.tril(x)),
        attention(lambda x: torch.triu(x)),
        (drawn(4, 3), drawn(4, 3)),
        "With triu in place of torch.tril first agrees",
    ),
    "a diagonal": (
        attention(lambda x: x.tril()),
        attention(lambda x: x.tril(1)),
        (drawn(4, 3), drawn(4, 3)),
        "With the diagonal of x.tril() shifted by 1 first agrees",
    ),
    "a mask": (
        lambda x: torch.where(x > 0, x, 0.0),
        lambda x: torch.where(x <= 0, x, 0.0),
        (drawn(5),),
        "With the mask of torch.where the other way round first agrees",
    ),
    "a padding": (
        strided,
        strided_by_hand,
        (drawn(1, 2, 6, 6), drawn(3, 2, 3, 3)),
        "With the padding that SAME is, more behind than in front, in F.conv2d first agrees",
    ),
    "a flattened image": (
        lambda x, w: x.permute(0, 3, 1, 2).flatten(1) @ w,
        lambda x, w: x.flatten(1) @ w,
        (drawn(1, 2, 2, 3), drawn(12, 2)),
        "With the rows of w put from the order (H, W, C) to (C, H, W), for 3 channels, first agrees",
    ),
    "a norm": (
        lambda x, weight: x * weight,
        lambda x, weight: x * (1 + weight),
        (drawn(2, 3), drawn(3)),
        "With 1 + weight first agrees",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_the_difference_is_named(name: str) -> None:
    first, second, inputs, words = CASES[name]
    report = compare({"first": first, "second": second}, inputs, gradients=False)
    assert report["out"].verdict == "wrong"
    assert words in report["out"].explanation


def test_a_variance_by_a_method_of_jax_is_named_and_put_back() -> None:
    jax = pytest.importorskip("jax", reason="JAX is not installed")
    functions = {
        "torch": lambda x: F.layer_norm(x, (4,), eps=1e-5),
        "jax": lambda x: (x - x.mean(-1, keepdims=True)) / jax.numpy.sqrt(x.var(-1, keepdims=True, ddof=1) + 1e-5),
    }
    explanation = compare(functions, drawn(3, 4).numpy().astype("float32"))["out"].explanation
    assert explanation == "With ddof=0 in x.var() jax agrees with torch"
    assert float(jax.numpy.arange(3.0).var(ddof=1)) == 1
    assert float(jax.jit(lambda x: x.var(ddof=1))(jax.numpy.arange(3.0))) == 1


def test_indices_of_64_bits_that_jax_has_seen_with_x64_still_index_without() -> None:
    """Gradients alone differ: that of the padding is zero."""
    jax = pytest.importorskip("jax", reason="JAX is not installed")
    table, tokens = drawn(6, 3).numpy().astype("float32"), np.array([[0, 2, 3], [5, 0, 0]])

    def picked(table: Any) -> Any:
        return table[tokens] * 1

    report = compare({"torch": lambda x: F.embedding(torch.from_numpy(tokens), x, padding_idx=0), "jax": ("jax", picked)}, table)
    assert [report["out"].verdict, report["dx"].verdict] == ["right", "wrong"]
    jax.vjp(picked, jax.numpy.asarray(table))
