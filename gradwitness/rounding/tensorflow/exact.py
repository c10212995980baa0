"""Functions that cast to a narrower dtype inside, as `softmax(tf.cast(x, tf.float32))` does, without the rounding of that."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import tensorflow as tf

from gradwitness.rounding.exact import Exact, Silent, Vjp
from gradwitness.rounding.tensorflow.interpreter import evaluate
from gradwitness.rounding.tensorflow.noise import is_floating, wide
from gradwitness.rounding.tensorflow.tracing import traced
from gradwitness.rounding.widths import width

SILENT: Any = Silent()
"""In place of the framework's Noise."""


def exact(vjp: Vjp, dtypes: Sequence[str]) -> Exact:
    """How functions run so. vjp is how they are differentiated, dtypes what they claim."""
    return Exact(vjp, _program, tf.zeros_like, wide, tf.cast, dtypes, tf.config.functions_run_eagerly)


def _program(function: Callable[..., Any], arguments: Sequence[Any]) -> Callable[..., list[Any]]:
    """A function of the leaves of its arguments, with every operation in float64."""
    found = traced(function, arguments)

    @tf.function(autograph=False)
    def run(*values: Any) -> list[Any]:
        return evaluate(found.graph, [*map(wide, values), *found.captured_inputs], found.graph.outputs, SILENT)

    program = run.get_concrete_function(*map(wide, tf.nest.flatten(list(arguments))))  # a graph also where functions run eagerly
    return lambda *values: list(program(*values))


def narrowed(nodes: Iterable[Any]) -> str:
    """The narrowest dtype that something is cast to in the operations of a function; empty if nothing is."""
    names = set()
    for node in nodes:
        if node.op == "Cast":
            source, target = (tf.as_dtype(node.attr[key].type) for key in ("SrcT", "DstT"))
            if is_floating(source) and is_floating(target) and width(source).unit < width(target).unit:
                names.add(target.name)
    return max(names, key=lambda name: width(name).unit, default="")
