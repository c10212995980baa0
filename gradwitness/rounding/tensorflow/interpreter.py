"""A graph with float64 values, each operation rounded at random as the dtypes of its results may round it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import reduce
from typing import Any

import tensorflow as tf
from tensorflow.python.framework import tensor_util

from gradwitness.rounding.framework import NotWatched, operand, result
from gradwitness.rounding.tensorflow.binding import bind, narrows, native, wide_dtype
from gradwitness.rounding.tensorflow.composed import COMPOSED
from gradwitness.rounding.tensorflow.graphs import CALLS, IFS, WHILES, graph_of, in_order, inner, returned, size_of
from gradwitness.rounding.tensorflow.noise import Noise, is_floating, whole, wide
from gradwitness.rounding.tensorflow.operations import (
    ADD_NARROWLY,
    CONTRACTIONS,
    EXACT,
    FOREIGN,
    NATIVE,
    OF_COMPLEX,
    ONCE,
    PASSES,
    REDUCTIONS,
    SCATTERS,
    STORED,
    VECTORS,
)
from gradwitness.rounding.tensorflow.variables import VARIABLES, Variable
from gradwitness.rounding.vectors import aligned
from gradwitness.rounding.widths import DOUBLE, Width, width

Values = Sequence[Any]


def evaluate(graph: Any, inputs: Values, wanted: Values, noise: Noise) -> list[Any]:
    """The values of tensors of a graph, floating ones in float64.

    inputs   the values of graph.inputs; floating ones may be in the dtype that they claim
    """
    values: dict[str, Any] = {}
    for tensor, value in zip(graph.inputs, inputs, strict=True):
        values[tensor.name] = value if isinstance(value, Variable) else _given(value)
    for op in in_order(graph):
        if any(tensor.name not in values for tensor in op.outputs) or not op.outputs:
            results = _operation(op, [values[tensor.name] for tensor in op.inputs], noise)
            values.update(zip((tensor.name for tensor in op.outputs), results, strict=True))
    return [values[tensor.name] for tensor in wanted]


def _given(value: Any) -> Any:
    return Variable(value) if value.dtype == tf.resource else wide(value)


def _operation(op: Any, operands: Values, noise: Noise) -> list[Any]:  # noqa: PLR0911  one return for each kind
    if op.type in FOREIGN:
        raise NotWatched(f"the function calls {op.type}, which runs Python code or draws other random numbers at each call")
    if op.type in VARIABLES:
        return VARIABLES[op.type](op, operands, noise)
    if op.type in _ENTERED:
        return _ENTERED[op.type](op, operands, noise)
    if (function := op.graph._get_function(op.type)) is not None:  # a Defun is called by its name
        graph = graph_of(op, function)
        return evaluate(graph, operands, returned(op, graph), noise)
    if (id(op.graph), op.name) in noise.finer:
        return [noise.constant(noise.finer[id(op.graph), op.name], width(op.outputs[0].dtype))]
    if op.type == "Const":
        return [wide(tf.constant(tensor_util.MakeNdarray(op.get_attr("value"))))]
    if op.type in NATIVE:
        return native(op, operands)
    claimed = [width(tensor.dtype) if is_floating(tensor.dtype) else None for tensor in op.outputs]
    return _rounded(op, operands, noise, claimed)


def _rounded(op: Any, operands: Values, noise: Noise, claimed: Sequence[Width | None]) -> list[Any]:
    def compute(operands: Values) -> list[Any]:
        if op.type in COMPOSED:
            error = max(w.unit if op.type in ADD_NARROWLY else w.accumulation for w in claimed if w)
            return COMPOSED[op.type](operands, op.get_attr, lambda value: noise.round(value, error))
        results = bind(op, operands, wide_dtype)
        return aligned(tf.experimental.numpy, VECTORS[op.type], results, native(op, operands)) if of_vectors else results

    of_vectors = op.type in VECTORS and max(width(tensor.dtype).unit for tensor in op.inputs) > DOUBLE.unit
    of_complex = op.type in OF_COMPLEX and operands[0].dtype.is_complex
    if (op.type in EXACT and not of_complex) or not any(claimed) or (op.type == "Cast" and not narrows(op)):
        return compute(operands)
    if op.type in ONCE or of_complex:
        same = operands if op.type in PASSES else ()
        return [_round(noise, value, w, 1, same) for value, w in zip(compute(operands), claimed, strict=True)]
    if op.type in SCATTERS:
        return [_scatter(noise, compute, operands, SCATTERS[op.type], claimed[0])]
    return _kernel(noise, op, compute, operands, claimed)


def _kernel(noise: Noise, op: Any, compute: Callable[[Values], list[Any]], operands: Values, claimed: Any) -> list[Any]:
    """A kernel that rounds inside: its operands are perturbed as well as its results, by as much as its length warrants."""
    if op.type in STORED and (kept := claimed[STORED[op.type]]):
        claimed = [w and replace(w, accumulation=kept.unit) for w in claimed]
    accumulation = min((w for w in claimed if w), key=lambda w: w.accumulation)
    floats = [value for value in operands if is_floating(value.dtype)]
    real = [value for value in floats if not value.dtype.is_complex]
    if op.type in CONTRACTIONS or op.type in REDUCTIONS:
        n = (CONTRACTIONS.get(op.type) or REDUCTIONS[op.type])(operands, op.get_attr, size_of)
    else:
        n = max((size_of(tensor) for tensor in op.inputs if is_floating(tensor.dtype)), default=1) // max(
            1, size_of(op.outputs[0])
        )
    exact = tf.reduce_all([tf.reduce_all(whole(value, 2.0**24)) for value in real] or [False])
    error = operand(accumulation, n, 2 if op.type in CONTRACTIONS else 1)
    results = compute([noise.round(value, error, 0.0, exact) if is_floating(value.dtype) else value for value in operands])
    return [_round(noise, value, w, n) for value, w in zip(results, claimed, strict=True)]


def _round(noise: Noise, value: Any, width: Width | None, terms: float = 1, operands: Values = ()) -> Any:
    """A result, rounded. Where it equals an operand (x + 0, 1 * x) or is a whole number, it is exact."""
    if width is None:
        return value
    if value.dtype.is_complex:
        return noise.round(value, result(width, terms), width.absolute)
    same = [tf.equal(value, x) for x in operands]
    exact = reduce(tf.logical_or, same) if same else None
    return noise.round(value, result(width, terms), width.absolute, exact, 1 / width.unit)


def _scatter(noise: Noise, compute: Any, operands: Values, values: int, width: Width | None) -> Any:
    """Values that are added to the elements that an index names, one after the other, in the dtype that stores them.

    Whole numbers, as counts are, stay whole: they are compared and divided by.
    """
    if width is None:
        return compute(operands)[0]

    def with_values(tensor: Any) -> Any:
        return compute([*operands[:values], tensor, *operands[values + 1 :]])[0]

    terms = operands[values]
    count = tf.abs(with_values(tf.ones_like(terms)) - with_values(tf.zeros_like(terms)))
    most = tf.sqrt(tf.maximum(tf.reduce_max(count, keepdims=False) / 6, 1))
    counted = None if terms.dtype.is_complex else tf.reduce_all(whole(terms, 1 / width.unit))
    value = with_values(noise.round(terms, width.unit * most, 0.0, counted))
    scale = tf.where(count > 0.5, tf.maximum(tf.sqrt(count / 3), 1), tf.zeros_like(count))
    return noise.round(value, width.unit * scale, width.absolute, None, 1 / width.unit)


def _call(op: Any, operands: Values, noise: Noise) -> list[Any]:
    graph = inner(op, "f")
    return evaluate(graph, operands, returned(op, graph), noise)


def _if(op: Any, operands: Values, noise: Noise) -> list[Any]:
    chosen, *others = operands
    graphs = [inner(op, "then_branch"), inner(op, "else_branch")]
    if len(chosen.shape):
        raise NotWatched(f"{op.name} decides by a tensor that is no scalar")
    inside = noise.uncounted()
    yes, no = (lambda graph=graph: evaluate(graph, others, returned(op, graph), inside) for graph in graphs)
    results = tf.cond(tf.cast(chosen, tf.bool), yes, no)
    return results if isinstance(results, list) else [results]


def _while(op: Any, operands: Values, noise: Noise) -> list[Any]:
    condition, body = inner(op, "cond"), inner(op, "body")
    moving = [i for i, value in enumerate(operands) if not isinstance(value, Variable)]

    def all_values(state: Values) -> list[Any]:
        values = list(operands)
        for i, value in zip(moving, state, strict=True):
            values[i] = value
        return values

    def goes_on(i: Any, *state: Any) -> Any:
        wants = tf.reshape(evaluate(condition, all_values(state), condition.outputs, noise.inside(i))[0], [])
        return wants if noise.most is None else tf.logical_and(wants, i < noise.most)

    def step(i: Any, *state: Any) -> Any:
        results = evaluate(body, all_values(state), body.outputs, noise.inside(i))
        return [i + 1, *(results[j] for j in moving)]

    first = [operands[i] for i in moving]
    shapes = [body.inputs[i].shape for i in moving]
    invariants = [tf.TensorShape([]), *(_common(value, shape) for value, shape in zip(first, shapes, strict=True))]
    taken, *last = tf.while_loop(goes_on, step, [tf.constant(0, tf.int64), *first], shape_invariants=invariants)
    if noise.counts is not None:
        noise.counts.append(taken)
    if noise.most is not None:
        cut = taken >= noise.most
        last = [tf.where(cut, value * float("nan"), value) if is_floating(value.dtype) else value for value in last]
    return all_values(last)


def _common(value: Any, shape: Any) -> Any:
    """The shape of a loop's variable: of a list of tensors, which has none of its own, that of the value."""
    return value.shape if value.dtype == tf.variant else shape


_ENTERED: Mapping[str, Callable[[Any, Values, Noise], list[Any]]] = {
    **dict.fromkeys(CALLS, _call),
    **dict.fromkeys(IFS, _if),
    **dict.fromkeys(WHILES, _while),
}
