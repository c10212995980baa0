"""`compare` names what one of two functions reads otherwise: a mask, logits, pairs, an axis, a mode, a kernel."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradwitness import compare

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

LABELS = torch.tensor([0, 2, 1])


def drawn(*shape: int) -> Any:
    return torch.randn(shape, generator=torch.Generator().manual_seed(0))


class Recurrent(torch.nn.Module):  # type: ignore[misc]  # a class of a module that may be missing
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.lstm = torch.nn.LSTM(2, 3)

    def forward(self, x: Any) -> Any:
        return self.lstm(x)[0]


def with_batch_first() -> tuple[Any, Any, Any]:
    first = Recurrent()
    second = copy.deepcopy(first)
    second.lstm.batch_first = True
    return first, second, drawn(3, 3, 2)


def masked() -> tuple[Any, Any, Any]:
    mask = torch.tensor([True, True, False, True])

    def attend(x: Any) -> Any:
        return torch.nn.functional.scaled_dot_product_attention(x, x, x, attn_mask=mask)

    def ignore(x: Any) -> Any:
        return (x @ x.mT / x.shape[-1] ** 0.5).masked_fill(mask, float("-inf")).softmax(-1) @ x

    return attend, ignore, drawn(4, 3)


def masked_by_numpy() -> tuple[Any, Any, Any]:
    mask = np.array([True, True, False, True])

    def keep(x: Any) -> Any:
        return torch.where(torch.from_numpy(mask), x, 0.0)

    def drop(x: Any) -> Any:
        return torch.where(torch.from_numpy(mask.copy()), 0.0, x)

    return keep, drop, drawn(3, 4)


def smoothed(x: Any) -> Any:
    return torch.nn.functional.cross_entropy(x, LABELS, label_smoothing=0.1)


def plain_loss(x: Any) -> Any:
    return torch.nn.functional.cross_entropy(x, LABELS)


def encoded(x: Any) -> Any:
    """Sines and cosines in turn."""
    return x + torch.stack([torch.arange(3.0).sin(), torch.arange(3.0).cos()], -1).flatten().to(x.dtype)


def encoded_in_halves(x: Any) -> Any:
    return x + torch.cat([torch.arange(3.0).sin(), torch.arange(3.0).cos()]).to(x.dtype)


class Offset(torch.nn.Module):  # type: ignore[misc]  # a class of a module that may be missing
    def __init__(self, offset: float) -> None:
        super().__init__()
        self.offset, self.weight = offset, torch.nn.Parameter(drawn(4))

    def forward(self, x: Any) -> Any:
        return x * (self.offset + self.weight)


def exchanged_axes() -> tuple[Any, Any, Any]:
    first = torch.nn.Conv2d(2, 3, 3)
    second = copy.deepcopy(first)
    second.weight.data = first.weight.data.swapaxes(2, 3)
    return first, second, drawn(1, 2, 5, 6)


def weighted(x: Any) -> Any:
    return torch.nn.functional.cross_entropy(x, LABELS, weight=torch.tensor([1.0, 2.0, 5.0, 3.0], dtype=x.dtype))


def stepped(x: Any, optimizer: Any) -> Any:
    """Parameters after two steps with one gradient."""
    weight = torch.nn.Parameter(x.detach().clone())
    steps = optimizer([weight])
    for _ in range(2):
        weight.grad = x.detach().cos()
        steps.step()
    return weight.detach()


def coupled(x: Any) -> Any:
    return stepped(x, lambda weights: torch.optim.Adam(weights, lr=0.1, weight_decay=0.1))


def decoupled(x: Any) -> Any:
    return stepped(x, lambda weights: torch.optim.AdamW(weights, lr=0.1, weight_decay=0.1))


def plain_momentum(x: Any) -> Any:
    return stepped(x, lambda weights: torch.optim.SGD(weights, lr=0.1, momentum=0.9))


def nesterov(x: Any) -> Any:
    return stepped(x, lambda weights: torch.optim.SGD(weights, lr=0.1, momentum=0.9, nesterov=True))


CASES: dict[str, tuple[Callable[[], tuple[Any, Any, Any]], str]] = {
    "smoothing": (
        lambda: (smoothed, plain_loss, drawn(3, 4)),
        "With label_smoothing=0.0 in torch.nn.functional.cross_entropy",
    ),
    "weight": (lambda: (weighted, plain_loss, drawn(3, 4)), "Without weight in torch.nn.functional.cross_entropy"),
    "axis": (lambda: (torch.nn.Softmax(1), lambda x: x.softmax(2), drawn(2, 3, 4)), "With dim=-1 in Softmax, in place of 1,"),
    "mask": (masked, "With mask the other way round, True for False,"),
    "a mask of NumPy": (masked_by_numpy, "With mask the other way round, True for False,"),
    "left out": (lambda: (lambda x: plain_loss(x.softmax(-1)), plain_loss, drawn(3, 4)), "Without x.softmax()"),
    "probabilities": (
        lambda: (lambda x: -(x[0] + 0).log(), lambda x: -(x[0] - x.logsumexp(-1)), drawn(4).abs()),
        "Given softmax(x), probabilities in place of logits,",
    ),
    "halves": (lambda: (encoded, encoded_in_halves, drawn(2, 6)), "put from halves to pairs,"),
    "offset": (lambda: (Offset(0), Offset(1), drawn(3, 4)), "With 1 + weight"),
    "axes": (exchanged_axes, "With axes 2 and 3 of weight exchanged"),
    "groups": (lambda: (torch.nn.GroupNorm(2, 8), torch.nn.GroupNorm(4, 8), drawn(2, 8, 3)), "With num_groups=4 in GroupNorm"),
    "order": (with_batch_first, "With batch_first=True in LSTM"),
    "mode": (lambda: (torch.nn.BatchNorm1d(4).eval(), torch.nn.BatchNorm1d(4), drawn(5, 4)), "With training=True in BatchNorm1d"),
}


@pytest.mark.parametrize("name", CASES)
def test_it_is_named(name: str) -> None:
    make, words = CASES[name]
    first, second, x = make()
    explanation = compare({"first": first, "second": second}, x)["out"].explanation
    assert words in explanation, explanation
    assert explanation.endswith(("agrees with second", "agrees with first"))


def test_a_mask_is_put_back() -> None:
    first, second, x = masked()
    before = first(x)
    compare({"first": first, "second": second}, x)
    assert bool((first(x) == before).all())


def test_settings_that_differ_are_told_where_none_alone_mends_it() -> None:
    first, second = torch.nn.GELU(), torch.nn.Sequential(torch.nn.GELU("tanh"), torch.nn.LeakyReLU(0.7), torch.nn.Softmin(0))
    explanation = compare({"first": first, "second": second}, drawn(9))["out"].explanation
    assert explanation.startswith("They are set otherwise: approximate of GELU is 'none' in first and 'tanh' in second")


def test_a_factor_is_known_beside_an_epsilon() -> None:
    def scaled(x: Any) -> Any:
        return (x - x.mean(-1, keepdim=True)) / (((x - x.mean(-1, keepdim=True)) ** 2).sum(-1, keepdim=True) / 5 + 1e-6).sqrt()

    def usual(x: Any) -> Any:
        return torch.nn.functional.layer_norm(x, (6,), eps=1e-6)

    explanation = compare({"usual": usual, "ours": scaled}, drawn(4, 6))["out"].explanation
    assert explanation == "ours gives 0.912871 times as much: sqrt(5/6), and 6 is the number of columns of x"


@pytest.mark.parametrize(
    ("functions", "words"),
    [
        ((coupled, decoupled), "With decoupled_weight_decay=True in torch.optim.Adam first agrees with second"),
        ((plain_momentum, nesterov), "With nesterov=True in torch.optim.SGD first agrees with second"),
    ],
)
def test_the_setting_of_an_optimizer_is_named(functions: tuple[Any, Any], words: str) -> None:
    report = compare({"first": functions[0], "second": functions[1]}, drawn(5), gradients=False)
    assert report["out"].explanation == words
