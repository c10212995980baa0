"""Tensors of TensorFlow."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from gradwitness.arrays import Array
from gradwitness.subjects.tensors.precision import Precision


class Values:
    """See `backend.Values`."""

    layouts = ()

    def without_values(self, tensor: Any) -> str:
        """Inside of tf.function tensors are symbols."""
        return "" if isinstance(tensor, tf.Variable) or hasattr(tensor, "numpy") else "of a graph"

    def holds(self, value: Any) -> bool:
        """A tensor or a variable; the handle of a variable is neither."""
        return isinstance(value, (tf.Tensor, tf.Variable)) and value.dtype not in (tf.resource, tf.variant)

    def marked(self, tensor: Any) -> bool:
        """Tensors of TensorFlow do not say."""
        return False

    def dtype(self, tensor: Any) -> str:
        """Its name."""
        return str(tensor.dtype.name)

    def array(self, tensor: Any) -> Array:
        """From any device; of a gradient of a look-up, too, which is sparse."""
        values = np.array(tf.convert_to_tensor(tensor).numpy())
        if values.dtype.kind == "c":
            return np.stack([values.real, values.imag], -1)
        narrow = values.dtype.itemsize < 4 and (values.dtype.kind == "f" or "float" in values.dtype.name)
        return values.astype(np.float32) if narrow else values

    def tensor(self, array: Array, like: Any, dtype: str) -> Any:
        """On the device of `like`."""
        wanted = tf.as_dtype(dtype)
        values = np.array(array)
        if wanted.is_complex:
            values = values[..., 0] + 1j * values[..., 1]
        with tf.device(like.device):
            return tf.identity(tf.constant(values.astype(wanted.as_numpy_dtype)))

    def zeros(self, tensor: Any) -> Any:
        """Zeros like it."""
        return tf.zeros_like(tensor)

    def laid_out(self, tensor: Any, layout: str) -> Any:
        """Tensors of TensorFlow have one layout."""
        raise ValueError(f"no layout {layout!r}")


def rounded(value: Any, precision: Precision) -> Any:
    """A copy: floats, and complex numbers, in a precision; anything else as it is."""
    value = tf.identity(tf.convert_to_tensor(value))
    for dtype in (precision.stored, precision.computed):
        if dtype is not None and (value.dtype.is_floating or value.dtype.is_complex):
            wide = tf.complex128 if dtype == "float64" else tf.complex64
            value = tf.cast(value, wide if value.dtype.is_complex else dtype)
    return value
