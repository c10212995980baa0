"""Functions that are traced because calls of them take long: differences take a hundred, and Keras sets up a layer at each."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from gradwitness.rounding.tensorflow.graphs import graphs_in
from gradwitness.rounding.tensorflow.tracing import unoptimized
from gradwitness.subjects.tensors.backend import Run

SLOW, TWICE = 5e-3, 2
"""Seconds of a call that takes long, and how many of them there are before a function is traced."""


class Evaluator:
    """A function that is traced once two calls of it took long; as it is where its graph is another function.

    A graph that keeps no state and returns the same to the bit is the function: its code has nothing else to see.
    """

    def __init__(self, run: Run) -> None:
        self._run, self._slow = run, 0
        self._graph: Callable[..., Any] | None = None

    def __call__(self, inputs: Sequence[Any]) -> list[Any]:
        if self._graph is not None and not tf.config.functions_run_eagerly():
            return _on(self._graph, inputs)
        start = time.perf_counter()
        found = self._run(inputs)
        if time.perf_counter() - start > SLOW:
            self._slow += 1
            if self._slow == TWICE:
                self._graph = _traced(self._run, inputs, found)
        return found


def _on(graph: Callable[..., Any], inputs: Sequence[Any]) -> list[Any]:
    with unoptimized():
        return list(graph(*inputs))


def _traced(run: Run, inputs: Sequence[Any], outs: Sequence[Any]) -> Callable[..., Any] | None:
    """A graph that returns these outs for these inputs; None if there is none."""
    try:
        graph = tf.function(lambda *leaves: run(leaves), autograph=False).get_concrete_function(*inputs)
        if any(op.op_def.is_stateful for op in _operations(graph.graph)) or graph.graph.variables:
            return None
        same = all(map(_is_same, _on(graph, inputs), outs))
    except Exception:  # it looks at values, which a graph cannot
        return None
    return graph if same else None


def _operations(graph: Any) -> Iterator[Any]:
    """Those of a graph, and of the functions that it calls."""
    for op in graph.get_operations():
        yield op
        for inner in graphs_in(op):
            yield from _operations(inner)


def _is_same(one: Any, other: Any) -> bool:
    return one.dtype == other.dtype and bool(np.array_equal(one.numpy(), other.numpy(), equal_nan=one.dtype.is_floating))
