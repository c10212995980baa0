"""GradientTape, and ForwardAccumulator."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf

from gradwitness.rounding.exact import Exact
from gradwitness.rounding.tensorflow.exact import exact
from gradwitness.subjects.tensors.backend import Operations, Pull, Run, Vjp
from gradwitness.subjects.tensors.tensorflow.operations import operations
from gradwitness.subjects.tensors.tensorflow.traced import Evaluator

TOO_FEW = "A rule returns one gradient for each tensor that comes by position, in their order, and None for one that has none"
TOO_MANY = (
    "Arguments that come by keyword are not differentiated by a custom gradient, nor are variables of a module, for which "
    "tensors stand in here: hand them to it by position"
)


class Differentiation:
    """See `backend.Differentiation`."""

    def evaluator(self, _: Any, run: Run) -> Run:
        """Without a tape. See traced.py."""
        return Evaluator(run)

    def differentiator(self, vjp: Vjp) -> Vjp:
        """As it is: nothing is traced."""
        return vjp

    def looping(self, vjp: Vjp) -> Vjp:
        """As it is."""
        return vjp

    def vjp(self, run: Run, inputs: Sequence[Any]) -> tuple[list[Any], Pull]:
        """The tape is kept, so that the pull can be asked again."""
        leaves = [tf.identity(value) for value in inputs]  # a tape knows tensors by identity
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(leaves)
            outs = run(leaves)

        def pull(douts: Sequence[Any]) -> list[Any]:
            pairs = [(out, tf.cast(dout, out.dtype)) for out, dout in zip(outs, douts, strict=True) if dout is not None]
            try:
                found = tape.gradient([out for out, _ in pairs], leaves, output_gradients=[dout for _, dout in pairs])
            except ValueError as error:
                counted = re.search(r"custom_gradient function expected to return (\d+).*returned (\d+)", str(error))
                if counted is None:
                    raise
                cure = TOO_FEW if int(counted[2]) < int(counted[1]) else TOO_MANY
                raise ValueError(f"{error} {cure}") from error
            return [None if gradient is None else tf.convert_to_tensor(gradient) for gradient in found]

        return outs, pull

    def second(self, run: Run, inputs: Sequence[Any], cotangents: Sequence[Any]) -> tuple[list[Any], Pull]:
        """A tape around a tape."""

        def gradients(inputs_and_cotangents: Sequence[Any]) -> list[Any]:
            leaves, douts = inputs_and_cotangents[: len(inputs)], list(inputs_and_cotangents[len(inputs) :])
            with tf.GradientTape() as tape:
                tape.watch(leaves)
                outs = run(leaves)
            zero = tf.UnconnectedGradients.ZERO
            given = [tf.cast(dout, out.dtype) for dout, out in zip(douts, outs, strict=True)]
            found = tape.gradient(outs, leaves, output_gradients=given, unconnected_gradients=zero)
            return [tf.convert_to_tensor(gradient) for gradient in found]

        return self.vjp(gradients, [*inputs, *cotangents])

    def jvp(self, run: Run, inputs: Sequence[Any], tangents: Sequence[Any]) -> list[Any]:
        """ForwardAccumulator."""
        leaves = [tf.identity(value) for value in inputs]
        with tf.autodiff.ForwardAccumulator(leaves, list(tangents)) as accumulator:
            outs = run(leaves)
        return [tf.zeros_like(out) if t is None else t for out, t in zip(outs, map(accumulator.jvp, outs), strict=True)]

    def vmapped(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """tf.vectorized_map takes one argument."""
        return lambda *batch: tf.vectorized_map(lambda each: function(*each), batch)

    def operations(self, run: Run, inputs: Sequence[Any]) -> Operations:
        """By its graph, if there is one."""
        return operations(run, inputs)

    def exact(self, dtypes: Sequence[str] = ()) -> Exact:
        """By its graph, in float64."""
        return exact(self.vjp, dtypes)
