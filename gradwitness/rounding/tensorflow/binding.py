"""An operation of a graph on other operands: in float64, or in the dtypes that it claims."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf
from tensorflow.python.framework import op_def_library

from gradwitness.rounding.tensorflow.noise import is_floating, wide
from gradwitness.rounding.widths import width


def bind(op: Any, operands: Sequence[Any], dtype: Callable[[Any], Any]) -> list[Any]:
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


def wide_dtype(value: Any) -> Any:
    """An attribute that is a floating dtype, or a list with some, becomes float64; any other stays as it is."""
    if isinstance(value, list):
        return [wide_dtype(each) for each in value]
    if not isinstance(value, tf.DType) or not is_floating(value):
        return value
    return tf.complex128 if value.is_complex else tf.float64


def native(op: Any, operands: Sequence[Any]) -> list[Any]:
    """What an operation returns in the dtypes that its operands claim, in float64."""
    narrow = [tf.cast(v, t.dtype) if is_floating(t.dtype) else v for v, t in zip(operands, op.inputs, strict=True)]
    return [wide(value) for value in bind(op, narrow, lambda value: value)]


def narrows(op: Any) -> bool:
    """Whether a cast loses digits."""
    (source,), (target,) = op.inputs, op.outputs
    return is_floating(source.dtype) and width(source.dtype).unit < width(target.dtype).unit
