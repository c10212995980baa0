"""A function of PyTorch is called without a graph where that changes nothing, and with one where it does."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import pytest

from gradwitness import check_function

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

from gradwitness.subjects.tensors.torch import BACKEND  # noqa: E402  needs PyTorch

CALLS = 4


def tanh(x: Any) -> Any:
    return torch.tanh(x)


def other_numbers(x: Any) -> Any:
    return torch.tanh(x) if x.requires_grad else torch.tanh(x) * (1 + 2.0**-50)


def differentiates(x: Any) -> Any:
    (slope,) = torch.autograd.grad(torch.sin(x).sum(), x, create_graph=True)
    return slope


def hooks(x: Any) -> Any:
    x.register_hook(lambda gradient: gradient)
    return torch.tanh(x)


def warns(x: Any) -> Any:
    if not x.requires_grad:
        warnings.warn("None of the inputs have requires_grad=True", stacklevel=1)
    return torch.tanh(x)


def counts() -> Callable[[Any], Any]:
    calls = []

    def counting(x: Any) -> Any:
        calls.append(x)
        return torch.tanh(x) + len(calls)

    return counting


NEED_ONE = {"other numbers": other_numbers, "differentiates": differentiates, "hooks": hooks, "warns": warns, "counts": counts()}


def graphs(function: Callable[[Any], Any]) -> list[bool]:
    """Whether there was a graph in each of some calls: of what was returned."""
    evaluator = BACKEND.evaluator(function, lambda leaves: [function(*leaves)])
    inputs = [torch.linspace(-1, 1, 5, dtype=torch.float64)]
    return [evaluator(inputs)[0].requires_grad for _ in range(CALLS)]


def test_a_plain_function_needs_none() -> None:
    assert graphs(tanh) == [True, *[False] * (CALLS - 1)]


def test_nan_is_the_same_as_nan() -> None:
    assert graphs(lambda x: torch.sqrt(x)) == [True, *[False] * (CALLS - 1)]


@pytest.mark.parametrize("what", NEED_ONE)
def test_it_is_kept_for_those_who_need_it(what: str) -> None:
    assert graphs(NEED_ONE[what]) == [True] * CALLS


def test_it_is_kept_for_what_is_compiled() -> None:
    compiled = torch.compile(tanh, backend="eager")
    assert graphs(lambda x: compiled(x)) == [True] * CALLS


def test_it_comes_back_where_a_function_fails_without_one_later() -> None:
    def function(x: Any) -> Any:
        if x[0] > 0:
            x.register_hook(lambda gradient: gradient)
        return torch.tanh(x)

    evaluator = BACKEND.evaluator(function, lambda leaves: [function(*leaves)])
    found = [evaluator([torch.full((2,), value)])[0].requires_grad for value in (-1.0, -1.0, 1.0, -1.0)]
    assert found == [True, False, True, True]


@pytest.mark.parametrize("what", ["other numbers", "differentiates", "hooks", "warns"])
def test_each_is_judged_by_what_it_returns_with_a_graph(what: str) -> None:
    report = check_function(NEED_ONE[what], (torch.linspace(-1, 1, 5, dtype=torch.float64),))
    assert report.ok, str(report)
