"""Variables of the caller's, which are read and never written to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from gradwitness.rounding.framework import NotWatched
from gradwitness.rounding.tensorflow.noise import Noise, is_floating, wide
from gradwitness.rounding.widths import width


class Variable:
    """A variable: its handle, and its value once the function has written to it."""

    def __init__(self, handle: Any) -> None:
        self.handle = handle
        self.written: Any = None
        self.dtype = tf.resource

    def value(self, dtype: Any) -> Any:
        """The value, in float64 if it is floating."""
        return wide(tf.raw_ops.ReadVariableOp(resource=self.handle, dtype=dtype)) if self.written is None else self.written


def _read(op: Any, operands: Any, _noise: Noise) -> list[Any]:
    return [operands[0].value(op.get_attr("dtype"))]


def _gather(op: Any, operands: Any, _noise: Noise) -> list[Any]:
    variable, indices = operands
    value = variable.value(op.get_attr("dtype"))
    return [tf.gather(value, indices) if op.type == "ResourceGather" else tf.gather_nd(value, indices)]


def _assign(change: Callable[[Any, Any], Any] | None) -> Callable[[Any, Any, Noise], list[Any]]:
    def write(op: Any, operands: Any, noise: Noise) -> list[Any]:
        variable, value = operands
        dtype = op.get_attr("dtype")
        if change is not None:
            value = change(variable.value(dtype), value)
            if is_floating(dtype):
                value = noise.round(value, width(dtype).unit, width(dtype).absolute)
        variable.written = value
        return []

    return write


def _not_followed(op: Any, _operands: Any, _noise: Noise) -> list[Any]:
    raise NotWatched(f"the function calls {op.type}, which writes to a variable in a way that is not followed")


VARIABLES: dict[str, Callable[[Any, Any, Noise], list[Any]]] = {
    "ReadVariableOp": _read,
    "ResourceGather": _gather,
    "ResourceGatherNd": _gather,
    "AssignVariableOp": _assign(None),
    "AssignAddVariableOp": _assign(lambda old, value: old + value),
    "AssignSubVariableOp": _assign(lambda old, value: old - value),
    "VarHandleOp": _not_followed,
    "ResourceScatterAdd": _not_followed,
    "ResourceScatterUpdate": _not_followed,
}
"""Operations on variables."""
