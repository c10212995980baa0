"""A graph with float64 values, each operation rounded at random as the dtypes of its results may round it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import tensorflow as tf
from tensorflow.python.framework import op_def_library, tensor_util
from tensorflow.python.framework.function_def_to_graph import function_def_to_graph

from gradwitness.rounding.framework import NotWatched, operand, result
from gradwitness.rounding.tensorflow.composed import COMPOSED
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
    for op in _in_order(graph):
        if any(tensor.name not in values for tensor in op.outputs) or not op.outputs:
            results = _operation(op, [values[tensor.name] for tensor in op.inputs], noise)
            values.update(zip((tensor.name for tensor in op.outputs), results, strict=True))
    return [values[tensor.name] for tensor in wanted]


def _given(value: Any) -> Any:
    return Variable(value) if value.dtype == tf.resource else wide(value)


def _in_order(graph: Any) -> Iterator[Any]:
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


def _operation(op: Any, operands: Values, noise: Noise) -> list[Any]:  # noqa: PLR0911  one return for each kind
    if op.type in FOREIGN:
        raise NotWatched(f"the function calls {op.type}, which runs Python code or draws other random numbers at each call")
    if op.type in VARIABLES:
        return VARIABLES[op.type](op, operands, noise)
    if op.type in _ENTERED:
        return _ENTERED[op.type](op, operands, noise)
    if (function := op.graph._get_function(op.type)) is not None:  # a Defun is called by its name
        graph = _graph_of(op, function)
        return evaluate(graph, operands, graph.outputs, noise)
    if (id(op.graph), op.name) in noise.finer:
        return [noise.constant(noise.finer[id(op.graph), op.name], width(op.outputs[0].dtype))]
    if op.type == "Const":
        return [wide(tf.constant(tensor_util.MakeNdarray(op.get_attr("value"))))]
    if op.type in NATIVE:
        return _native(op, operands)
    claimed = [width(tensor.dtype) if is_floating(tensor.dtype) else None for tensor in op.outputs]
    return _rounded(op, operands, noise, claimed)


def _rounded(op: Any, operands: Values, noise: Noise, claimed: Sequence[Width | None]) -> list[Any]:
    def compute(operands: Values) -> list[Any]:
        if op.type in COMPOSED:
            error = max(w.unit if op.type in ADD_NARROWLY else w.accumulation for w in claimed if w)
            return COMPOSED[op.type](operands, op.get_attr, lambda value: noise.round(value, error))
        results = _bind(op, operands, _wide_dtype)
        return aligned(tf.experimental.numpy, VECTORS[op.type], results, _native(op, operands)) if of_vectors else results

    of_vectors = op.type in VECTORS and max(width(tensor.dtype).unit for tensor in op.inputs) > DOUBLE.unit
    of_complex = op.type in OF_COMPLEX and operands[0].dtype.is_complex
    if (op.type in EXACT and not of_complex) or not any(claimed) or (op.type == "Cast" and not _narrows(op)):
        return compute(operands)
    if op.type in ONCE or of_complex:
        same = operands if op.type in PASSES else ()
        return [_round(noise, value, w, 1, same) for value, w in zip(compute(operands), claimed, strict=True)]
    if op.type in SCATTERS:
        return [_scatter(noise, compute, operands, SCATTERS[op.type], claimed[0])]
    return _kernel(noise, op, compute, operands, claimed)


def _native(op: Any, operands: Values) -> list[Any]:
    """What an operation returns in the dtypes that its operands claim, in float64."""
    narrow = [tf.cast(v, t.dtype) if is_floating(t.dtype) else v for v, t in zip(operands, op.inputs, strict=True)]
    return [wide(value) for value in _bind(op, narrow, lambda value: value)]


def _kernel(noise: Noise, op: Any, compute: Callable[[Values], list[Any]], operands: Values, claimed: Any) -> list[Any]:
    """A kernel that rounds inside: its operands are perturbed as well as its results, by as much as its length warrants."""
    if op.type in STORED and (kept := claimed[STORED[op.type]]):
        claimed = [w and replace(w, accumulation=kept.unit) for w in claimed]
    accumulation = min((w for w in claimed if w), key=lambda w: w.accumulation)
    floats = [value for value in operands if is_floating(value.dtype)]
    real = [value for value in floats if not value.dtype.is_complex]
    if op.type in CONTRACTIONS or op.type in REDUCTIONS:
        n = (CONTRACTIONS.get(op.type) or REDUCTIONS[op.type])(operands, op.get_attr, _size)
    else:
        n = max((_size(tensor) for tensor in op.inputs if is_floating(tensor.dtype)), default=1) // max(1, _size(op.outputs[0]))
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
    exact = whole(value, 1 / width.unit)
    for x in operands:
        exact = tf.logical_or(exact, tf.equal(value, x))
    return noise.round(value, result(width, terms), width.absolute, exact)


def _scatter(noise: Noise, compute: Any, operands: Values, values: int, width: Width | None) -> Any:
    """Values that are added to the elements that an index names, one after the other, in the dtype that stores them."""
    if width is None:
        return compute(operands)[0]

    def with_values(tensor: Any) -> Any:
        return compute([*operands[:values], tensor, *operands[values + 1 :]])[0]

    terms = operands[values]
    count = tf.abs(with_values(tf.ones_like(terms)) - with_values(tf.zeros_like(terms)))
    most = tf.sqrt(tf.maximum(tf.reduce_max(count, keepdims=False) / 6, 1))
    value = with_values(noise.round(terms, width.unit * most))
    scale = tf.where(count > 0.5, tf.maximum(tf.sqrt(count / 3), 1), tf.zeros_like(count))
    return noise.round(value, width.unit * scale, width.absolute)


def _bind(op: Any, operands: Values, dtype: Callable[[Any], Any]) -> list[Any]:
    """The operation on other operands. Its attributes are the same, but for floating dtypes."""
    signature, remaining, kwargs = op.op_def, list(operands), {}
    inferred = set()
    for argument in signature.input_arg:
        inferred |= {argument.type_attr, argument.number_attr, argument.type_list_attr}
        if argument.number_attr:
            taken = op.get_attr(argument.number_attr)
        else:
            taken = len(op.get_attr(argument.type_list_attr)) if argument.type_list_attr else None
        kwargs[argument.name] = remaining.pop(0) if taken is None else [remaining.pop(0) for _ in range(taken)]
    for attribute in signature.attr:
        if attribute.name not in inferred:
            kwargs[attribute.name] = dtype(op.get_attr(attribute.name))
    results = op_def_library.apply_op(op.type, **kwargs)
    return [] if results is None or isinstance(results, tf.Operation) else tf.nest.flatten(results)


def _wide_dtype(value: Any) -> Any:
    """An attribute that is a floating dtype, or a list with some, becomes float64; any other stays as it is."""
    if isinstance(value, list):
        return [_wide_dtype(each) for each in value]
    if not isinstance(value, tf.DType) or not is_floating(value):
        return value
    return tf.complex128 if value.is_complex else tf.float64


def _narrows(op: Any) -> bool:
    (source,), (target,) = op.inputs, op.outputs
    return is_floating(source.dtype) and width(source.dtype).unit < width(target.dtype).unit


def _size(tensor: Any) -> int:
    """The number of elements, as far as the shape is known."""
    shape = tensor.shape
    size = 1
    for dimension in shape.as_list() if shape.rank is not None else []:
        size *= dimension or 1
    return size


def _inner(op: Any, attribute: str) -> Any:
    """The graph of a function that an operation calls."""
    return _graph_of(op, op.graph._get_function(op.get_attr(attribute).name))


def _graph_of(op: Any, function: Any) -> Any:
    if hasattr(function, "graph"):
        return function.graph
    with op.graph.as_default():  # a Defun has no graph, and calls others that are known here
        return function_def_to_graph(function.definition)


def _call(op: Any, operands: Values, noise: Noise) -> list[Any]:
    graph = _inner(op, "f")
    return evaluate(graph, operands, graph.outputs, noise)


def _if(op: Any, operands: Values, noise: Noise) -> list[Any]:
    chosen, *others = operands
    graphs = [_inner(op, "then_branch"), _inner(op, "else_branch")]
    if len(chosen.shape):
        raise NotWatched(f"{op.name} decides by a tensor that is no scalar")
    yes, no = (lambda graph=graph: evaluate(graph, others, graph.outputs, noise) for graph in graphs)
    results = tf.cond(tf.cast(chosen, tf.bool), yes, no)
    return results if isinstance(results, list) else [results]


def _while(op: Any, operands: Values, noise: Noise) -> list[Any]:
    condition, body = _inner(op, "cond"), _inner(op, "body")
    moving = [i for i, value in enumerate(operands) if not isinstance(value, Variable)]

    def all_values(state: Values) -> list[Any]:
        values = list(operands)
        for i, value in zip(moving, state, strict=True):
            values[i] = value
        return values

    def goes_on(i: Any, *state: Any) -> Any:
        return tf.reshape(evaluate(condition, all_values(state), condition.outputs, noise.inside(i))[0], [])

    def step(i: Any, *state: Any) -> Any:
        results = evaluate(body, all_values(state), body.outputs, noise.inside(i))
        return [i + 1, *(results[j] for j in moving)]

    first = [operands[i] for i in moving]
    shapes = [body.inputs[i].shape for i in moving]
    invariants = [tf.TensorShape([]), *(_common(value, shape) for value, shape in zip(first, shapes, strict=True))]
    _, *last = tf.while_loop(goes_on, step, [tf.constant(0, tf.int64), *first], shape_invariants=invariants)
    return all_values(last)


def _common(value: Any, shape: Any) -> Any:
    """The shape of a loop's variable: of a list of tensors, which has none of its own, that of the value."""
    return value.shape if value.dtype == tf.variant else shape


_ENTERED: Mapping[str, Callable[[Any, Values, Noise], list[Any]]] = {
    "PartitionedCall": _call,
    "StatefulPartitionedCall": _call,
    "If": _if,
    "StatelessIf": _if,
    "While": _while,
    "StatelessWhile": _while,
}


def graphs_in(op: Any) -> list[Any]:
    """The graphs of the functions that an operation enters, as far as they are kept."""
    names = [a.name for a in op.op_def.attr if a.name in ("f", "then_branch", "else_branch", "cond", "body")]
    functions = [op.graph._get_function(op.get_attr(name).name) for name in names if op.type in _ENTERED]
    return [function.graph for function in functions if hasattr(function, "graph")]


def largest_tensor(graph: Any) -> int:
    """The number of elements of the largest tensor in a graph and in the functions that it calls."""
    largest = 1
    for op in graph.get_operations():
        largest = max([largest, *map(_size, op.outputs)])
        for attribute in ("f", "then_branch", "else_branch", "cond", "body"):
            if op.type in _ENTERED and any(each.name == attribute for each in op.op_def.attr):
                largest = max(largest, largest_tensor(_inner(op, attribute)))
    return largest
