"""`compare` names how heads of attention are split, merged and fused otherwise, as checkpoints are ported."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradwitness import compare

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
TOKENS, HEADS, DEPTH = 5, 2, 3
WIDTH = HEADS * DEPTH
Split = Callable[[Any], Any]


def drawn(*shape: int) -> Any:
    return torch.from_numpy(np.random.default_rng(len(shape)).normal(size=shape))


def split(x: Any) -> Any:
    """(N, T, C) to (N, H, T, D)."""
    return x.reshape(*x.shape[:2], HEADS, DEPTH).transpose(1, 2)


def merged(x: Any) -> Any:
    return x.transpose(1, 2).reshape(x.shape[0], -1, WIDTH)


def in_three(x: Any) -> tuple[Any, ...]:
    return tuple(split(part) for part in x.split(WIDTH, -1))


class Attention(torch.nn.Module):  # type: ignore[misc]  # a class of a module that may be missing
    """What is fused goes to three arrays of heads by `parted`, and the result is merged by `joined`."""

    def __init__(self, parted: Callable[[Any], tuple[Any, ...]] = in_three, joined: Split = merged, fused: int = 3) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.qkv = torch.nn.Linear(WIDTH, fused * WIDTH, dtype=torch.float64)
        self.out = torch.nn.Linear(WIDTH, WIDTH, dtype=torch.float64)
        self._parted, self._joined = parted, joined

    def forward(self, x: Any) -> Any:
        q, k, v = self._parted(self.qkv(x))
        return self.out(self._joined((q @ k.mT / math.sqrt(DEPTH)).softmax(-1) @ v))


def by_head(x: Any) -> tuple[Any, ...]:
    """GPT-NeoX: q, k and v of one head lie side by side."""
    return tuple(x.reshape(*x.shape[:2], HEADS, 3, DEPTH).permute(3, 0, 2, 1, 4))


def split_turned(x: Any) -> tuple[Any, ...]:
    return tuple(part.reshape(*x.shape[:2], DEPTH, HEADS).permute(0, 3, 1, 2) for part in x.split(WIDTH, -1))


def merged_turned(x: Any) -> Any:
    return x.permute(0, 2, 3, 1).reshape(x.shape[0], -1, WIDTH)


def split_at_once(x: Any) -> tuple[Any, ...]:
    return tuple(part.reshape(x.shape[0], HEADS, TOKENS, DEPTH) for part in x.split(WIDTH, -1))


def merged_at_once(x: Any) -> Any:
    return x.reshape(x.shape[0], -1, WIDTH)


def q_v_k(x: Any) -> tuple[Any, ...]:
    q, v, k = in_three(x)
    return q, k, v


CASES: dict[str, tuple[Any, Any, str, str]] = {
    "fused by head": (
        Attention(),
        Attention(by_head),
        f"With axis 0 of qkv.weight and qkv.bias read as ({HEADS}, 3, {DEPTH}), and axes 0 and 1 of these exchanged",
        "and axes 2 and 3 exchanged",
    ),
    "fused in another order": (
        Attention(),
        Attention(q_v_k),
        "With axis 0 of qkv.weight and qkv.bias in the order of its 3 parts 0, 2, 1",
        "in the order of its 3 parts 0, 2, 1",
    ),
    "split otherwise": (
        Attention(),
        Attention(split_turned, merged_turned),
        "With (2, 5, 6) reshaped to (2, 5, 3, 2) and axes 2 and 3 exchanged, in place of (2, 5, 2, 3) at once, and back",
        "and back in the same way",
    ),
    "split without a transpose": (
        Attention(),
        Attention(split_at_once),
        "With (2, 5, 6) reshaped to (2, 2, 5, 3) and axes 1 and 2 exchanged, in place of (2, 5, 2, 3) at once",
        "With (2, 5, 6) reshaped to (2, 5, 2, 3) and axes 1 and 2 exchanged, in place of (2, 2, 5, 3) at once",
    ),
    "merged without a transpose": (
        Attention(),
        Attention(joined=merged_at_once),
        "With axes 1 and 2 exchanged before (2, 5, 2, 3) is reshaped to (2, 5, 6)",
        "With axes 1 and 2 exchanged before (2, 2, 5, 3) is reshaped to (2, 5, 6)",
    ),
    "merged otherwise": (
        Attention(),
        Attention(joined=merged_turned),
        "With axes 2 and 3 exchanged before (2, 5, 2, 3) is reshaped to (2, 5, 6)",
        "With axes 2 and 3 exchanged before (2, 5, 3, 2) is reshaped to (2, 5, 6)",
    ),
}


@pytest.mark.parametrize("turned", [False, True], ids=["first", "second"])
@pytest.mark.parametrize("name", CASES)
def test_the_order_of_heads_is_named(name: str, turned: bool) -> None:
    first, second, words, back = CASES[name]
    functions = {"one": second, "other": first} if turned else {"one": first, "other": second}
    explanation = compare(functions, drawn(2, TOKENS, WIDTH))["out"].explanation
    assert (back if turned else words) in explanation, explanation


def test_the_same_heads_have_no_explanation() -> None:
    report = compare({"one": Attention(), "other": Attention(lambda x: tuple(map(split, x.chunk(3, -1))))}, drawn(2, 5, WIDTH))
    assert report.ok
    assert all(finding.explanation == "" for finding in report)


def test_groups_of_queries_are_named() -> None:
    """Falcon: of each group all q, then one k and one v."""
    groups, heads = 2, 4

    def grouped(x: Any, weight: Any) -> Any:
        found = (x @ weight).reshape(*x.shape[:2], groups, heads // groups + 2, DEPTH)
        return attended(found[:, :, :, :-2].flatten(2, 3), found[:, :, :, -2], found[:, :, :, -1])

    def in_blocks(x: Any, weight: Any) -> Any:
        q, k, v = (x @ weight).split([heads * DEPTH, groups * DEPTH, groups * DEPTH], -1)
        return attended(*(each.unflatten(-1, (-1, DEPTH)) for each in (q, k, v)))

    def attended(q: Any, k: Any, v: Any) -> Any:
        q, k, v = (each.transpose(1, 2) for each in (q, k, v))
        k, v = (each.repeat_interleave(heads // groups, 1) for each in (k, v))
        return ((q @ k.mT).softmax(-1) @ v).transpose(1, 2).flatten(2)

    inputs = (drawn(2, TOKENS, WIDTH), drawn(WIDTH, (heads + 2 * groups) * DEPTH))
    explanation = compare({"blocks": in_blocks, "groups": grouped}, inputs)["out"].explanation
    assert "to 2 groups of q, k and v, with heads of 3" in explanation or "from 2 groups of q, k and v" in explanation, (
        explanation
    )


def test_heads_of_jax_are_named() -> None:
    jax = pytest.importorskip("jax", reason="JAX is not installed")

    def heads(x: Any) -> Any:
        return jax.numpy.tanh(x.reshape(TOKENS, HEADS, DEPTH).swapaxes(0, 1)).sum(-1)

    def mixed(x: Any) -> Any:
        return jax.numpy.tanh(x.reshape(HEADS, TOKENS, DEPTH)).sum(-1)

    explanation = compare({"one": heads, "other": mixed}, jax.numpy.asarray(drawn(TOKENS, WIDTH).numpy(), "float32"))["out"]
    assert "(5, 6) reshaped to (2, 5, 3) and axes 0 and 1 exchanged" in explanation.explanation, explanation
