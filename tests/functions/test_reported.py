"""Functions as users report them: what is said of each is true and to the point."""

from __future__ import annotations

import math
from typing import Any

import pytest

from gradwitness import check_function, compare

torch = pytest.importorskip("torch", reason="PyTorch is not installed")


def normal(*shape: int) -> Any:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


class OfRowsOnly(torch.autograd.Function):  # type: ignore[misc]  # PyTorch is perhaps not installed
    """Layer norm whose backward takes the first axis for all rows, however many axes there are."""

    @staticmethod
    def forward(ctx: Any, x: Any, weight: Any, bias: Any, shape: tuple[int, ...]) -> Any:
        rows = x.reshape(-1, math.prod(shape))
        mean = rows.mean(1, keepdim=True)
        inverse = torch.rsqrt(rows.var(1, keepdim=True, unbiased=False) + 1e-5)
        ctx.save_for_backward(x, weight, mean, inverse)
        return ((rows - mean) * inverse * weight + bias).reshape(x.shape)

    @staticmethod
    def backward(ctx: Any, dout: Any) -> Any:
        x, weight, mean, inverse = ctx.saved_tensors
        count = x.shape[0]
        rows, dout = x.reshape(count, -1), dout.reshape(count, -1)
        normed = (rows - mean[:count]) * inverse[:count]
        scaled = dout * weight.repeat(rows.shape[1] // len(weight))
        dx = inverse[:count] * (scaled - scaled.mean(1, keepdim=True) - normed * (scaled * normed).mean(1, keepdim=True))
        return dx.reshape(x.shape), (dout * normed).sum(0)[: len(weight)], dout.sum(0)[: len(weight)], None


def test_an_element_that_several_directions_find_is_counted_once() -> None:
    report = check_function(OfRowsOnly.apply, (normal(2, 3, 5), normal(5), normal(5), (5,)))
    wrong = {finding.about: (finding.wrong, finding.of) for finding in report if finding.verdict == "wrong"}
    assert wrong == {"dx": (30, 30), "dweight": (5, 5), "dbias": (5, 5)}


def straight_through(logits: Any) -> Any:
    shares = logits.softmax(-1)
    return torch.nn.functional.one_hot(logits.argmax(-1), logits.shape[-1]).to(shares.dtype) + shares - shares.detach()


def chosen(logits: Any, table: Any) -> Any:
    which = logits.argmax(-1)
    return table[which] * straight_through(logits).gather(-1, which[:, None])


def multiplied(logits: Any, table: Any) -> Any:
    return straight_through(logits) @ table


def test_lines_of_source_are_lines_of_their_own_where_two_functions_are_to_blame() -> None:
    finding = compare({"chosen": chosen, "multiplied": multiplied}, (normal(4, 5), normal(5, 3)))["dlogits"]
    assert finding.message.startswith("chosen and multiplied are wrong")
    assert {"chosen", "multiplied"} <= {line.partition(": ")[0] for line in finding.message.splitlines()}
    assert "times as much" not in finding.explanation
    changed = [line for line in finding.message.splitlines() if line.startswith(("- ", "+ "))]
    assert changed
    assert not any(line.endswith(".") or ". " in line for line in changed)
