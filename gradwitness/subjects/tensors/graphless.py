"""A function of PyTorch, called many times and not differentiated: without a graph where that changes nothing.

To record a graph and to free it takes a third of the time of a small function.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import torch

from gradwitness.subjects.reach import reached

Run = Callable[[Sequence[Any]], list[Any]]


class Evaluator:
    """Calls of a function. The first one is made in both ways.

    A graph is kept for good by a function that returns other numbers without one (a module may take another kernel), that fails
    or warns (it differentiates inside, or hangs hooks on its inputs), and that is compiled: it would be compiled once more.
    """

    def __init__(self, function: Any, run: Run) -> None:
        self._run = run
        self._tried, self._graph = False, any(map(_compiled, reached(function)))

    def __call__(self, inputs: Sequence[torch.Tensor]) -> list[Any]:
        """What the function returns."""
        if self._graph:
            return self._with_graph(inputs)
        if not self._tried:
            self._tried = True
            outs = [out.clone() for out in self._with_graph(inputs)]
            self._graph = not self._same(inputs, outs)
            return outs
        try:
            return self._without(inputs)
        except Exception:  # whatever a function raises that needs a graph at these inputs; with one it may be right
            self._graph = True
            return self._with_graph(inputs)

    def _same(self, inputs: Sequence[torch.Tensor], outs: Sequence[torch.Tensor]) -> bool:
        """Whether the same comes without a graph, and nothing is said."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                others = self._without(inputs)
        except Exception:
            return False
        return len(outs) == len(others) and all(map(_equal, outs, others))

    def _with_graph(self, inputs: Sequence[torch.Tensor]) -> list[Any]:
        with torch.enable_grad():
            return self._run([value.detach().requires_grad_() for value in inputs])

    def _without(self, inputs: Sequence[torch.Tensor]) -> list[Any]:
        """Gradients are on, for functions that differentiate something of their own."""
        with torch.enable_grad():
            return self._run([value.detach() for value in inputs])


def _equal(one: torch.Tensor, other: torch.Tensor) -> bool:
    if one.layout != torch.strided or other.layout != torch.strided or one.dtype != other.dtype or one.shape != other.shape:
        return False
    return bool(((one == other) | (one.isnan() & other.isnan())).all())


def _compiled(thing: Any) -> bool:
    held = getattr(thing, "__dict__", {})
    return type(thing).__module__.startswith("torch._dynamo") or "_torchdynamo_orig_callable" in held
