"""Arrays of JAX."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from gradwitness.arrays import Array
from gradwitness.subjects.tensors.precision import Precision


class Values:
    """See `backend.Values`."""

    layouts = ()

    def without_values(self, tensor: Any) -> str:
        """Inside of jit arrays are traced."""
        return "that is traced" if isinstance(tensor, jax.core.Tracer) else ""

    def holds(self, value: Any) -> bool:
        """An array of JAX, traced or not."""
        return isinstance(value, jax.Array)

    def marked(self, tensor: Any) -> bool:
        """Arrays of JAX do not say."""
        return False

    def dtype(self, tensor: Any) -> str:
        """As NumPy names it."""
        return str(tensor.dtype)

    def array(self, tensor: Any) -> Array:
        """From any device."""
        values = np.array(tensor)
        if values.dtype.kind == "c":
            return np.stack([values.real, values.imag], -1)
        return values.astype(np.float32) if is_narrow(values) else values

    def tensor(self, array: Array, like: Any, dtype: str) -> Any:
        """Where `like` is: on its devices if it was put there, else wherever it is needed."""
        wanted = jnp.dtype(dtype)
        values = np.array(array)
        if wanted.kind == "c":
            values = values[..., 0] + 1j * values[..., 1]
        return jax.device_put(values.astype(wanted), like.sharding if like.committed else None)

    def zeros(self, tensor: Any) -> Any:
        """Zeros like it."""
        return jnp.zeros_like(tensor)

    def laid_out(self, tensor: Any, layout: str) -> Any:
        """Tensors of JAX have one layout."""
        raise ValueError(f"no layout {layout!r}")


def is_narrow(values: Array) -> bool:
    """Whether these are floats of less than 32 bits."""
    return values.dtype.itemsize < 4 and (values.dtype.kind == "f" or "float" in values.dtype.name)


def rounded(value: Any, precision: Precision) -> Any:
    """Floats, and complex numbers, in a precision; anything else as it is."""
    for dtype in (precision.stored, precision.computed):
        if dtype is not None and hasattr(value, "dtype") and jnp.issubdtype(value.dtype, jnp.inexact):
            complex_ = jnp.issubdtype(value.dtype, jnp.complexfloating)
            value = value.astype(jnp.result_type(dtype, jnp.complex64) if complex_ else dtype)
    return value
