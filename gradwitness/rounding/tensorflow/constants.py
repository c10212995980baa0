"""The constants of a graph as the source has them.

TensorFlow writes a number of the source into the graph in the dtype that it computes in: eps = 1e-8 is 0 in float16, 0.1 is
another number. The same function is traced once more with tensors of float64, where numbers are as they are in the source. Where
both graphs have the same operations in the same order, and a constant of one is that of the other, rounded, the latter is the
truth. That it was rounded is an error like any other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.python.framework import tensor_util

from gradwitness.arrays import Array
from gradwitness.rounding.tensorflow.noise import is_floating, wide

Finer = Mapping[tuple[int, str], Array]
"""(id of a graph, name of an operation) -> its value in float64."""
Inner = Callable[[Any], list[Any]]
"""An operation -> the graphs of the functions that it calls."""


def finer(trace: Callable[..., Any], function: Callable[..., Any], arguments: Sequence[Any], graph: Any, inner: Inner) -> Finer:
    """Those constants of a graph that are rounded numbers of the source of the function.

    trace, function, arguments   how the same function is traced with arguments in float64
    """
    if not any(_may_be_rounded(op) for op in _all(graph, inner)):
        return {}
    try:
        other = trace(function, arguments)
    except Exception:  # it need not run in float64, or not be traced there
        return {}
    found = {}
    for narrow, source in _pairs(graph, other.graph, inner):
        value, exact = (tensor_util.MakeNdarray(op.get_attr("value")) for op in (narrow, source))
        if value.shape == exact.shape:
            with np.errstate(over="ignore"):
                same = np.array_equal(exact.astype(value.dtype), value, equal_nan=True)
            if same and not np.array_equal(value.astype(exact.dtype), exact, equal_nan=True):
                found[id(narrow.graph), narrow.name] = exact
    return found


def in_float64(arguments: Sequence[Any]) -> Any:
    """The same values in float64."""
    return tf.nest.map_structure(lambda leaf: wide(leaf) if tf.is_tensor(leaf) else leaf, list(arguments), expand_composites=True)


def _all(graph: Any, inner: Inner) -> Iterator[Any]:
    for op in graph.get_operations():
        yield op
        for each in inner(op):
            yield from _all(each, inner)


def _may_be_rounded(op: Any) -> bool:
    """Whether it is a constant that may be a rounded one: no small whole number. 0 may be what is left of 1e-8 in 16 bits."""
    if op.type != "Const" or not is_floating(op.outputs[0].dtype):
        return False
    value = tensor_util.MakeNdarray(op.get_attr("value"))
    number = value.astype(np.complex128)
    zeros = (number == 0) & (value.dtype.itemsize < 4)
    return bool(((number != np.round(number)) | zeros | ~(np.abs(number) < 2.0**8)).any())


def _pairs(graph: Any, other: Any, inner: Inner) -> Iterator[tuple[Any, Any]]:
    """Constants of both graphs, one beside the other."""
    here, there = ([op for op in each.get_operations() if op.type != "Cast"] for each in (graph, other))
    if [op.type for op in here] != [op.type for op in there]:
        return
    for one, two in zip(here, there, strict=True):
        if one.type == "Const" and is_floating(one.outputs[0].dtype) and is_floating(two.outputs[0].dtype):
            yield one, two
        for mine, its in zip(inner(one), inner(two), strict=False):
            yield from _pairs(mine, its, inner)
