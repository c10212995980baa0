"""The arguments of `check_function`: each that cannot be used is told by name, with what came, what was wanted and the cure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

import numpy as np

from gradwitness.frameworks import spec_of
from gradwitness.rounding.widths import width
from gradwitness.subjects.arguments import kind
from gradwitness.subjects.errors import BadCall
from gradwitness.subjects.tensors.backend import Backend
from gradwitness.subjects.tensors.function import Differentiated
from gradwitness.subjects.tensors.handed import framework_of, handed
from gradwitness.subjects.tensors.origins import load, origin
from gradwitness.subjects.tensors.tree import Path, branches, written
from gradwitness.subjects.tensors.whose import NUMPY, belonging

ORDERS = (1, 2)
DENSE = "Hand over its values, and build it inside the function"
TAKE_ARRAYS = ("jax", "tensorflow")
"""Frameworks whose functions take arrays of NumPy."""
MADE = "Make it on the CPU, outside of a graph"


def function_of(function: Any) -> None:
    """Something that can be called, and no class."""
    if isinstance(function, type) and any(base.__module__ == "torch.autograd.function" for base in function.__mro__):
        raise BadCall("function", f"the class {function.__name__}", "what calls it", f"Hand over {function.__name__}.apply")
    if isinstance(function, type):
        raise BadCall("function", f"the class {function.__name__}", "an object of it", f"For instance {function.__name__}(...)")
    if not callable(function):
        raise BadCall("function", kind(function), "a function, a module or a layer", "It is called with the inputs")


def numbers_of(order: Any, repeats: Any, seed: Any) -> None:
    """order, repeats and seed."""
    if order not in ORDERS or isinstance(order, (bool, str)):
        raise BadCall("order", repr(order), "1, or 2 for second derivatives, forward mode and vmap")
    for name, value, least in (("repeats", repeats, 1), ("seed", seed, 0)):
        if not isinstance(value, (int, np.integer)) or isinstance(value, bool) or value < least:
            raise BadCall(name, repr(value), f"a whole number of at least {least}")


def names_of(name: str, asked: Any) -> None:
    """wrt and outputs: names or positions."""
    each = [asked] if asked is None or isinstance(asked, (str, int)) else asked
    if not isinstance(each, Collection) or not all(one is None or isinstance(one, (str, int)) for one in each):
        raise BadCall(name, repr(asked), "a name, a position, or a list of them")
    if not each:
        raise BadCall(name, "empty", "at least one name or position", f"Leave {name} out for all of them")


def counted(wrt: Any, subject: Differentiated) -> Any:
    """wrt for another function, whose arguments may have other names: inputs that come by position are counted."""
    if wrt is None or subject.by_name:
        return wrt
    names = subject.arguments
    return [names.index(one) if one in names else one for one in ([wrt] if isinstance(wrt, (str, int)) else wrt)]


def dtypes_of(asked: Any) -> list[str] | None:
    """The names of dtypes; they may come as dtypes of a framework."""
    if asked is None:
        return None
    each = list(asked) if isinstance(asked, (list, tuple, set, frozenset)) else [asked]
    names = []
    for one in each:
        try:
            names.append(width(one).name)
        except (ValueError, TypeError) as error:
            raise BadCall("dtypes", repr(one), 'names of floating dtypes, for instance "float32" or "bfloat16"') from error
    if not names:
        raise BadCall("dtypes", "empty", "at least one name of a dtype", "Leave it out for the dtypes of the inputs")
    return list(dict.fromkeys(names))


def modes_of(asked: Any, backend: Backend) -> list[str]:
    """Modes that the framework has."""
    there = spec_of(backend.name).modes
    each = [asked] if isinstance(asked, str) else asked
    if not isinstance(each, Sequence) or not each or not all(mode in there for mode in each):
        raise BadCall("modes", repr(asked), f"some of {', '.join(map(repr, there))}, as {backend.title} has them")
    return list(dict.fromkeys(each))


def as_tensors(function: Any, inputs: Any, kwargs: Any) -> tuple[Any, Any]:
    """Inputs and keyword arguments with arrays of floats as tensors, for a function of JAX or TensorFlow: those take arrays.

    A function is theirs by the tensors that are handed over with the arrays, else by what it says of itself.
    """
    given, own = {"inputs": inputs, "kwargs": kwargs}, NUMPY
    arrays = [value for _, value in _flat(given, ()) if _is_floats(value)]
    if not arrays:
        return inputs, kwargs
    with suppress(BadCall):  # tensors of two frameworks, a function that names two: that is told by whoever needs to know
        framework = framework_of(given)
        if framework == NUMPY:
            framework = own = belonging("", function, NUMPY)[0]
        if framework in TAKE_ARRAYS:
            with load(framework).reproducible():  # JAX has float64 there
                given = handed(given, framework, _is_floats)
    if own not in (NUMPY, *TAKE_ARRAYS):
        raise BadCall("inputs", f"without tensors ({kind(arrays[0])})", f"tensors of {load(own).title}", load(own).cure)
    return given["inputs"], given["kwargs"]


def _is_floats(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype.kind in "fc"


def values_of(backend: Backend, inputs: Any, kwargs: Any) -> None:
    """Tensors with values, and no arrays of NumPy among them."""
    if kwargs is not None and not isinstance(kwargs, Mapping):
        raise BadCall("kwargs", kind(kwargs), "a dict of what the function takes by keyword")
    for path, value in (*_flat(inputs, ("inputs",)), *_flat(kwargs or {}, ("kwargs",))):
        name = written(path)
        if isinstance(value, np.ndarray) and value.dtype.kind in "fc":
            raise BadCall(name, kind(value), f"a tensor of {backend.title}, as the others are", backend.cure)
        if backend.holds(value) and (without := backend.without_values(value)):
            raise BadCall(name, f"a tensor {without}", "a dense tensor with values", _cure(without))
        if origin(value) == backend.name and not backend.holds(value) and hasattr(type(value), "dtype"):
            raise BadCall(name, kind(value), f"a dense tensor of {backend.title}", DENSE)


def _cure(without: str) -> str:
    return DENSE if without.startswith(("of layout", "that is nested", "that is quantised")) else MADE


def _flat(value: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    found = list(branches(value))
    if not found:
        yield path, value
    for key, branch in found:
        yield from _flat(branch, (*path, key))
