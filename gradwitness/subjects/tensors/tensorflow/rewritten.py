"""Functions of TensorFlow with other results of some operations: they are traced, and each operation is replaced meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.python.framework import op_callbacks

from gradwitness.subjects.tensors.backend import Calling, Inside, Rewrite
from gradwitness.subjects.tensors.precision import Precision

NAMES = {
    "Add": "add",
    "AddV2": "add",
    "RealDiv": "divide",
    "Maximum": "maximum",
    "Sqrt": "sqrt",
    "Rsqrt": "rsqrt",
    "Pow": "power",
    "Reshape": "reshape",
}
PASSED = ("Identity", "BroadcastTo", "Cast", "StopGradient", "ExpandDims")
"""Operations that keep the values."""
POWERS = {0.5: "sqrt", -0.5: "rsqrt"}


def rewritten(calling: Calling, rewrite: Callable[[], Rewrite]) -> Calling:
    """See `backend.Functions`."""

    def call(
        parameters: Mapping[str, Any], args: tuple[Any, ...], kwargs: Mapping[str, Any], precision: Precision
    ) -> tuple[Any, Inside]:
        insides: list[Inside] = []
        own = rewrite()
        busy: list[bool] = []

        def replaced(kind: str, inputs: Any, attrs: Any, outputs: Any, op_name: Any = None, graph: Any = None) -> Any:
            del attrs, op_name
            if busy or graph is None or (kind not in NAMES and kind not in PASSED):
                return None
            busy.append(True)
            try:
                return _replaced(own, kind, [_number(each) for each in inputs], outputs)
            finally:
                busy.pop()

        def run() -> Any:
            out, inside = calling(parameters, args, kwargs, precision)
            insides.append(inside)
            return out

        op_callbacks.add_op_callback(replaced)
        try:
            return tf.function(run, autograph=False).get_concrete_function()(), insides[0]
        finally:
            op_callbacks.remove_op_callback(replaced)

    return call


def _replaced(rewrite: Rewrite, kind: str, operands: Sequence[Any], outputs: Sequence[Any]) -> Any:
    if kind in PASSED:
        rewrite.same(operands[0], outputs[0])
        return None
    name = NAMES[kind]
    if name == "power":
        name = POWERS.get(operands[1], "") if isinstance(operands[1], float) else ""
    other = rewrite(name, operands, outputs[0]) if name else outputs[0]
    return None if other is outputs[0] else [other]


def _number(value: Any) -> Any:
    """A number of the code as a number of Python."""
    known = tf.get_static_value(value)
    is_number = known is not None and np.ndim(known) == 0 and np.issubdtype(np.asarray(known).dtype, np.floating)
    return float(known) if is_number else value
