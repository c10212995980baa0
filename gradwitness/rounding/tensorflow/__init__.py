"""Monte Carlo arithmetic for TensorFlow: what rounding alone can do to any function that tf.function can trace.

    measure(function, arguments, dtype, seed=0) -> [Measured(truth, spread, projection) of each floating tensor that it returns]

The function is traced once, in the dtype under test, to a graph, whose every tensor has a dtype. A second graph is built that
carries out the same operations on float64 values; each rounds at random by as much as the dtype of its result does. Functions,
loops and branches are entered.

    interpreter.py   the graph with float64 values
    operations.py    how each operation rounds: never, once, or as a sum of n terms
    composed.py      operations that have no float64 kernel, written with others
    constants.py     the numbers of the source
    noise.py         `Noise`, the random roundings

The truth and every run are calls of that one graph, with other random numbers. These are NumPy's; no generator of the caller's is
used. Variables are never written to: a moving average is updated in its shadow. The last graphs are kept: for a function that is
checked again, at another point, none is built (structure.py tells whether it is the same).

Constants of the graph are numbers of the source in float64 (constants.py): eps = 1e-8, which TensorFlow makes 0 in float16, is
1e-8 in the truth.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import tensorflow as tf

from gradwitness.arrays import Array
from gradwitness.rounding.arithmetic import SAMPLES, Measured, from_runs
from gradwitness.rounding.framework import FEW, ITERATIONS, MAGNIFIED, TIMES, UNENDING, NotWatched
from gradwitness.rounding.same import Same, Unlike
from gradwitness.rounding.tensorflow.constants import Finer, finer, in_float64
from gradwitness.rounding.tensorflow.graphs import graphs_in, largest_tensor
from gradwitness.rounding.tensorflow.interpreter import evaluate
from gradwitness.rounding.tensorflow.noise import Noise, pool, wide
from gradwitness.rounding.tensorflow.structure import structure
from gradwitness.rounding.tensorflow.tracing import traced, unoptimized
from gradwitness.rounding.widths import width

__all__ = ["NotWatched", "measure"]


def measure(
    function: Callable[..., Any],
    arguments: Sequence[Any],
    dtype: Any,
    *,
    seed: int = 0,
    samples: int = SAMPLES,
    source: tuple[Callable[..., Any], Sequence[Any]] | None = None,
) -> list[Measured]:
    """Truth and spread of each floating tensor that function(*arguments) returns, in the order of its leaves.

    function    what it returns may be nested tuples, lists and dicts
    arguments   tensors, or trees of them
    dtype       the dtype under test
    source      the same function and its arguments in float64, which tell the numbers of its source; as they are if not given

    Raises arithmetic.Unstable if rounding alone makes a finite result inf or nan, and NotWatched where the function cannot be
    traced or calls code that is not TensorFlow's.
    """
    magnified = MAGNIFIED if width(dtype).name == "float64" else 1.0
    found = traced(function, arguments)
    graph = found.graph
    in_64_bits, given = source or (function, in_float64(arguments))
    constants = finer(traced, in_64_bits, given, graph, graphs_in)
    leaves = [leaf for leaf in tf.nest.flatten(list(arguments), expand_composites=True) if tf.is_tensor(leaf)]

    run = _program(found, constants)
    largest = largest_tensor(graph)

    def results(noise: Array, most: int) -> tuple[list[Array], int]:
        with unoptimized():
            returned, taken = run(tf.constant(noise), tf.constant(most, tf.int64), leaves)
        if taken >= most:
            raise NotWatched(UNENDING)
        return [tensor.numpy() for tensor in returned], int(taken)

    truths, taken = results(np.zeros_like(pool(seed, 0, magnified, largest)), ITERATIONS)
    most = max(FEW, TIMES * taken)
    runs = (results(pool(seed, sample, magnified, largest), most)[0] for sample in range(samples))
    return from_runs(truths, runs, magnified=magnified, sliced=True)


def _program(found: Any, constants: Finer) -> Callable[..., Any]:
    """The graph of a run. A function that does the same as an earlier one is not built again; one that holds tensors is."""
    if not found.captured_inputs:
        try:
            return _kept(Same((found.graph, constants), structure(found.graph, constants)))
        except Unlike:
            pass
    return _built(found.graph, constants, found.captured_inputs)


@lru_cache(64)
def _kept(same: Same) -> Callable[..., Any]:
    return _built(*same.what)


def _built(graph: Any, constants: Finer, captured: Sequence[Any] = ()) -> Callable[..., Any]:
    floats = [out for out in graph.outputs if out.dtype.is_floating or out.dtype.is_complex]

    @tf.function(autograph=False)
    def run(pool: Any, most: Any, values: Sequence[Any]) -> tuple[list[Any], Any]:
        noise = Noise(pool, finer=constants, most=most)
        noise.counts = []
        returned = evaluate(graph, [*map(wide, values), *captured], floats, noise)
        return returned, tf.reduce_max(tf.stack([tf.constant(0, tf.int64), *noise.counts]))

    built: Callable[..., Any] = run
    return built
