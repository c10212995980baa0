"""A graph's operations in order, the graphs inside it, and its largest tensor."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tensorflow.python.framework.function_def_to_graph import function_def_to_graph

INNER = ("f", "then_branch", "else_branch", "cond", "body")
"""The attributes that name a function which an operation enters."""
CALLS, IFS, WHILES = ("PartitionedCall", "StatefulPartitionedCall"), ("If", "StatelessIf"), ("While", "StatelessWhile")
ENTERED = (*CALLS, *IFS, *WHILES)
"""The operations that enter one."""


def in_order(graph: Any) -> Iterator[Any]:
    """The operations of a graph, each after those that it needs. They are not always stored so."""
    done: set[str] = set()
    for last in graph.get_operations():
        stack = [last]
        while stack:
            op = stack[-1]
            needed = [*(tensor.op for tensor in op.inputs), *op.control_inputs]
            missing = [other for other in needed if other.name not in done]
            if op.name in done or not missing:
                stack.pop()
                if op.name not in done:
                    done.add(op.name)
                    yield op
            else:
                stack += missing


def size_of(tensor: Any) -> int:
    """The number of elements, as far as the shape is known."""
    shape = tensor.shape
    size = 1
    for dimension in shape.as_list() if shape.rank is not None else []:
        size *= dimension or 1
    return size


def inner(op: Any, attribute: str) -> Any:
    """The graph of a function that an operation calls."""
    return graph_of(op, op.graph._get_function(op.get_attr(attribute).name))


def graph_of(op: Any, function: Any) -> Any:
    """The graph of a function that the graph of an operation knows."""
    if hasattr(function, "graph"):
        return function.graph
    with op.graph.as_default():  # a Defun has no graph, and calls others that are known here
        return function_def_to_graph(function.definition)


def returned(op: Any, graph: Any) -> list[Any]:
    """What a graph returns to an operation that enters it. Once it was differentiated, it returns what a gradient needs, too."""
    return list(graph.outputs[: len(op.outputs)])


def graphs_in(op: Any) -> list[Any]:
    """The graphs of the functions that an operation enters, as far as they are kept."""
    names = [a.name for a in op.op_def.attr if a.name in INNER]
    functions = [op.graph._get_function(op.get_attr(name).name) for name in names if op.type in ENTERED]
    return [function.graph for function in functions if hasattr(function, "graph")]


def largest_tensor(graph: Any) -> int:
    """The number of elements of the largest tensor in a graph and in the functions that it calls."""
    largest = 1
    for op in graph.get_operations():
        largest = max([largest, *map(size_of, op.outputs)])
        for attribute in INNER:
            if op.type in ENTERED and any(each.name == attribute for each in op.op_def.attr):
                largest = max(largest, largest_tensor(inner(op, attribute)))
    return largest
