"""Which framework some values belong to."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any, cast

from gradwitness.subjects.arguments import kind
from gradwitness.subjects.errors import BadCall
from gradwitness.subjects.tensors.backend import Backend
from gradwitness.subjects.tensors.tree import branches

OBJECTS = "Of an object, such as a ParameterList, hand over the tensors: list(...), dict(...)"
NUMPY = "For NumPy there are check and check_loss"
PACKAGES = {"torch": "torch", "tensorflow": "tensorflow", "keras": "tensorflow", "jax": "jax", "jaxlib": "jax", "flax": "jax"}
"""Package that a type comes from -> framework."""


def origin(value: Any) -> str:
    """The framework that a value's type, or a type that it is derived from, comes from; empty for anything else."""
    names = (base.__module__.partition(".")[0] for base in type(value).__mro__)
    return next((PACKAGES[name] for name in names if name in PACKAGES), "")


def backend_of(inputs: Any, function: Any = None) -> Backend:
    """The framework of the tensors in inputs. Raises BadCall where there are none, or those of two.

    function   what they are for: where it is a module or a layer, the message says how its framework makes tensors
    """
    found = _origins(inputs)
    if len(found) > 1:
        raise BadCall(
            "inputs", f"with tensors of {' and '.join(sorted(found))}", "tensors of one framework", "compare() takes both"
        )
    name = next(iter(found), "")
    if not name:
        raise BadCall(
            "inputs",
            f"without tensors ({_kinds(inputs)})",
            "tensors of PyTorch, TensorFlow or JAX, in tuples, lists, dicts and dataclasses",
            OBJECTS if any(hasattr(value, "__dict__") for value in _each(inputs)) else _cure(function),
        )
    return load(name)


def _cure(function: Any) -> str:
    """How the framework of a module or a layer makes tensors; of other functions nobody knows that they have one."""
    name = origin(function)
    return f"{type(function).__name__} is of {load(name).title}. {load(name).cure}" if name else NUMPY


def load(name: str) -> Backend:
    """The backend of a framework by its name."""
    return cast("Backend", importlib.import_module(f"gradwitness.subjects.tensors.{name}").BACKEND)


def _each(inputs: Any) -> list[Any]:
    """What nested inputs hold, however deep."""
    if not isinstance(inputs, (tuple, list, Mapping)):
        return [inputs]
    return [found for _, value in branches(inputs) for found in _each(value)]


def _kinds(inputs: Any) -> str:
    return ", ".join(dict.fromkeys(map(kind, _each(inputs)))) or "nothing"


def _origins(value: Any) -> set[str]:
    found = origin(value)
    if found and hasattr(type(value), "shape") and hasattr(type(value), "dtype"):  # of some, to ask for the shape is an error
        return {found}
    return set().union(*(_origins(branch) for _, branch in branches(value)))
