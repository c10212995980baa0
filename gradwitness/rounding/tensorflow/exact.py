"""Functions that cast to a narrower dtype inside, as `softmax(tf.cast(x, tf.float32))` does, without the rounding of that."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import tensorflow as tf

from gradwitness.rounding.tensorflow.interpreter import evaluate
from gradwitness.rounding.tensorflow.noise import Noise, is_floating, wide
from gradwitness.rounding.tensorflow.tracing import traced
from gradwitness.rounding.widths import width

Run = Callable[[Sequence[Any]], list[Any]]
Vjp = Callable[[Run, Sequence[Any]], tuple[list[Any], Callable[[Sequence[Any]], list[Any]]]]


class Silent(Noise):
    """Nothing rounds."""

    def __init__(self) -> None:
        super().__init__(None)

    def inside(self, iteration: Any) -> Noise:  # noqa: ARG002  as the others have it
        """The same."""
        return self

    def round(self, value: Any, *_: Any) -> Any:
        """The value."""
        return value


class Exact:
    """Every operation is carried out in float64, whatever dtype the graph gives its result.

    vjp   how a function is differentiated
    """

    def __init__(self, vjp: Vjp) -> None:
        self._vjp = vjp

    def run(self, run: Run) -> Run:
        """What run returns, in float64. It is traced once."""
        programs: list[Callable[..., list[Any]]] = []

        def exactly(inputs: Sequence[Any]) -> list[Any]:
            if not programs:
                programs.append(_program(lambda *leaves: run(leaves), inputs))
            return programs[0](*inputs)

        return exactly

    def vjp(self, run: Run, inputs: Sequence[Any]) -> tuple[list[Any], Callable[[Sequence[Any]], list[Any]]]:
        """What run returns for these inputs, and its pull, in float64."""
        outs = self.run(run)(inputs)

        def differentiated(leaves: Sequence[Any], douts: Sequence[Any]) -> list[Any]:
            found, pull = self._vjp(run, leaves)
            gradients = pull([tf.cast(dout, out.dtype) for dout, out in zip(douts, found, strict=True)])
            return [tf.zeros_like(leaf) if g is None else g for g, leaf in zip(gradients, leaves, strict=True)]

        def pull(douts: Sequence[Any]) -> list[Any]:
            given = [tf.zeros_like(out) if dout is None else wide(dout) for out, dout in zip(outs, douts, strict=True)]
            return _program(differentiated, [list(inputs), given])(*inputs, *given)

        return outs, pull


def _program(function: Callable[..., Any], arguments: Sequence[Any]) -> Callable[..., list[Any]]:
    """A function of the leaves of its arguments, with every operation in float64."""
    found = traced(function, arguments)

    @tf.function(autograph=False)
    def run(*values: Any) -> list[Any]:
        return evaluate(found.graph, [*map(wide, values), *found.captured_inputs], found.graph.outputs, Silent())

    program = run.get_concrete_function(*tf.nest.flatten(list(arguments)))  # a graph also where functions run eagerly
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
