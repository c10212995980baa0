"""The same inputs as tensors of each framework, or as NumPy arrays."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from gradwitness.arrays import Array
from gradwitness.frameworks import load as framework_module
from gradwitness.subjects.errors import BadCall
from gradwitness.subjects.tensors.backend import Backend
from gradwitness.subjects.tensors.origins import load, origin
from gradwitness.subjects.tensors.tree import branches, replaced, tensors
from gradwitness.subjects.tensors.whose import NUMPY

FLOATS = ("float64", "float32", "float16", "bfloat16")
"""Dtypes in which functions can be asked to run."""


def known(dtype: str | None) -> str | None:
    """A dtype by its name. Raises BadCall for one that is none of floats."""
    if dtype is not None and dtype not in FLOATS:
        raise BadCall("dtype", repr(dtype), f"one of {', '.join(FLOATS)}")
    return dtype


def framework_of(inputs: Any) -> str:
    """The framework that the tensors in inputs belong to; "numpy" where there are only arrays. Raises BadCall for two."""
    found = set(_origins(inputs))
    if len(found) > 1:
        raise BadCall("inputs", f"with tensors of {' and '.join(sorted(found))}", "tensors of one framework, or NumPy arrays")
    return next(iter(found), NUMPY)


def handed(inputs: Any, framework: str, which: Callable[[Any], bool] | None = None) -> Any:
    """The inputs for a function of a framework: tensors of it stay as they are, others and arrays become its own.

    which   those that do; all if not given
    """
    new = {path: _as(value, framework) for path, value in tensors({"": inputs}, which or _holds)}
    return replaced({"": inputs}, new)[""]


def plain(array: Any) -> Array:
    """An array as backends give it: complex numbers as pairs of real ones."""
    values = np.asarray(array)
    return np.stack([values.real, values.imag], -1) if values.dtype.kind == "c" else values


def _as(value: Any, framework: str) -> Any:
    source = origin(value)
    if source == framework:
        return value
    if not source and value.dtype.kind in "fc" and value.dtype.name not in (*FLOATS, "complex64", "complex128"):
        raise BadCall("inputs", f"with an array of {value.dtype}", f"arrays of {', '.join(FLOATS)}", "Convert: x.astype(float)")
    array, dtype = (load(source).array(value), load(source).dtype(value)) if source else (plain(value), value.dtype.name)
    if framework == NUMPY:
        if dtype.startswith("complex"):
            return (array[..., 0] + 1j * array[..., 1]).astype(dtype)
        return array
    backend = load(framework)
    return backend.tensor(array, _example(framework), dtype)


def _example(framework: str) -> Any:
    """Any tensor, on the CPU; of JAX one that is bound to no device."""
    if framework == "jax":
        import jax.numpy as jnp

        return jnp.zeros(())
    return framework_module(framework).from_numpy(np.zeros((), np.float32))


def backend_or_none(framework: str) -> Backend | None:
    """The backend of a framework; None for NumPy."""
    return None if framework == NUMPY else load(framework)


def _holds(value: Any) -> bool:
    return isinstance(value, (np.ndarray, np.generic)) or _is_tensor(value)


def _is_tensor(value: Any) -> bool:
    return bool(origin(value)) and hasattr(value, "shape") and hasattr(value, "dtype")


def _origins(value: Any) -> Iterator[str]:
    if _is_tensor(value):
        yield origin(value)
    else:
        for _, branch in branches(value):
            yield from _origins(branch)
