"""A function of PyTorch, called many times and not differentiated: without a graph where that changes nothing.

To record a graph and to free it takes a third of the time of a small function.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

from gradwitness.subjects.reach import reached

Run = Callable[[Sequence[Any]], list[Any]]


class Evaluator:
    """Calls of a function. The first one is made in both ways.

    function              what is called, to see whether it is compiled
    recording, plainly    the call with a graph, and without

    A graph is kept for good by a function that returns other numbers without one (a module may take another kernel), that fails
    or warns (it differentiates inside, or hangs hooks on its inputs), and that is compiled: it would be compiled once more.
    """

    def __init__(self, function: Any, recording: Run, plainly: Run) -> None:
        self._recording, self._plainly = recording, plainly
        self._tried, self._graph = False, any(map(_compiled, reached(function)))

    def __call__(self, inputs: Sequence[Any]) -> list[Any]:
        """What the function returns."""
        if self._graph:
            return self._recording(inputs)
        if not self._tried:
            self._tried = True
            outs = [out.clone() for out in self._recording(inputs)]
            self._graph = not self._same(inputs, outs)
            return outs
        try:
            return self._plainly(inputs)
        except Exception:  # whatever a function raises that needs a graph at these inputs; with one it may be right
            self._graph = True
            return self._recording(inputs)

    def _same(self, inputs: Sequence[Any], outs: Sequence[Any]) -> bool:
        """Whether the same comes without a graph, and nothing is said."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                others = self._plainly(inputs)
            return len(outs) == len(others) and all(map(_equal, outs, others))
        except Exception:  # likewise, and tensors of a layout that cannot be compared
            return False


def _equal(one: Any, other: Any) -> bool:
    if one.dtype != other.dtype or one.shape != other.shape:
        return False
    return bool(((one == other) | (one.isnan() & other.isnan())).all())


def _compiled(thing: Any) -> bool:
    held = getattr(thing, "__dict__", {})
    return type(thing).__module__.startswith("torch._dynamo") or "_torchdynamo_orig_callable" in held
