"""What is known of the operations of a function, by its graph."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

import tensorflow as tf

from gradwitness.rounding.tensorflow.exact import narrowed
from gradwitness.rounding.tensorflow.operations import VECTORS
from gradwitness.subjects.tensors.backend import Operations, Run

COMPLEX = {"Eig": "Tout", "SelfAdjointEigV2": "T", "Svd": "T"}
"""Operations whose vectors have arbitrary phases where they are complex -> the attribute that says so."""
SAMPLERS = ("RandomGamma", "StatelessRandomGammaV2", "StatelessRandomGammaV3")
"""Operations of random numbers whose gradient is implicit."""
RULE = b"CustomGradient"
"""How the gradient is called that tf.custom_gradient gives to a node."""
RANDOM = ("Random", "Multinomial", "Rng", "TruncatedNormal")
"""In the names of operations that draw numbers."""


def operations(run: Run, inputs: Sequence[Any]) -> Operations:
    """Of a function at these inputs. Raises whatever code does that cannot be traced."""
    nodes = list(_nodes(run, inputs))
    return Operations(
        narrowed=narrowed(nodes),
        phases=any(node.op in COMPLEX and tf.as_dtype(node.attr[COMPLEX[node.op]].type).is_complex for node in nodes),
        implicit=any(node.op in SAMPLERS for node in nodes),
        picks=any(node.op in VECTORS or any(word in node.op for word in RANDOM) for node in nodes),
        unseen=any(node.attr["_gradient_op_type"].s.startswith(RULE) for node in nodes if "_gradient_op_type" in node.attr),
    )


def drawing() -> str:
    """The name of an operation in this graph that draws random numbers; empty where there is none."""
    graph = tf.compat.v1.get_default_graph().as_graph_def()
    nodes = [*graph.node, *(node for function in graph.library.function for node in function.node_def)]
    return next((node.op for node in nodes if any(word in node.op for word in RANDOM)), "")


def _nodes(run: Run, inputs: Sequence[Any]) -> Iterator[Any]:
    """The operations of a function, traced."""
    graph = tf.function(lambda *leaves: run(leaves), autograph=False).get_concrete_function(*inputs).graph.as_graph_def()
    return chain(graph.node, *(function.node_def for function in graph.library.function))
