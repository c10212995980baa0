"""Everything that a function holds: closures, defaults, globals that it names, the attributes of its object."""

from __future__ import annotations

import functools
import sys
import types
from collections.abc import Iterator
from typing import Any

import numpy as np

from gradwitness.subjects.memory import LRU, slots_of

LARGEST = 50_000
"""Objects that are followed at most."""
ATOMS = (str, bytes, int, float, complex, bool, type(None), types.ModuleType, np.dtype, np.generic, range, slice, np.ufunc)
LIBRARIES = ("numpy", "scipy", "gradwitness", "builtins", "math")


def reached(*roots: Any) -> Iterator[Any]:
    """Every object that can be reached from some roots, each once, without the classes that libraries define."""
    waiting = list(roots)
    seen: dict[int, Any] = {}  # what is seen is kept alive, so that no id is used twice
    while waiting and len(seen) < LARGEST:
        thing = waiting.pop()
        if isinstance(thing, ATOMS) or id(thing) in seen or (isinstance(thing, type) and of_a_library(thing)):
            continue
        seen[id(thing)] = thing
        yield thing
        waiting += held_by(thing)


def held_by(thing: Any) -> Iterator[Any]:
    """What an object holds."""
    if isinstance(thing, types.MethodType):
        yield from (thing.__self__, thing.__func__)
    elif isinstance(thing, functools.partial):
        yield from (thing.func, *thing.args, *thing.keywords.values())
    elif isinstance(thing, types.FunctionType):
        yield from thing.__dict__.values()
        if not of_a_library(thing):
            yield from (*(thing.__closure__ or ()), *(thing.__defaults__ or ()), *(thing.__kwdefaults__ or {}).values())
            yield from (thing.__globals__[name] for name in names_in(thing.__code__) if name in thing.__globals__)
    elif isinstance(thing, LRU):
        yield thing.__wrapped__
    elif isinstance(thing, (staticmethod, classmethod)):
        yield thing.__func__
    elif isinstance(thing, property):
        yield from (thing.fget, thing.fset, thing.fdel)
    elif isinstance(thing, type):
        yield from vars(thing).values()
        yield from thing.__bases__
    elif isinstance(thing, types.CellType):
        try:
            yield thing.cell_contents
        except ValueError:
            return
    else:
        yield from _held(thing)


def _held(thing: Any) -> Iterator[Any]:
    """What a container or an object of a class holds."""
    if isinstance(thing, dict):
        yield from thing.values()
    elif isinstance(thing, np.ndarray):
        yield from thing.ravel().tolist() if thing.dtype == object else ()
    elif isinstance(thing, (list, tuple, set, frozenset)):
        yield from thing
    if type(thing).__module__.partition(".")[0] not in LIBRARIES:
        yield type(thing)
        yield from getattr(thing, "__dict__", {}).values()
        yield from (getattr(thing, name) for name in slots_of(thing) if hasattr(thing, name))


def of_a_library(thing: Any) -> bool:
    """Whether a function or class is not the user's: of NumPy, the standard library, or what is installed."""
    module = getattr(thing, "__module__", None) or ""
    top = module.partition(".")[0]
    if top in LIBRARIES or top in sys.stdlib_module_names:
        return True
    file = getattr(sys.modules.get(module), "__file__", None) or ""
    return "site-packages" in file or "dist-packages" in file


def names_in(code: types.CodeType) -> set[str]:
    """The globals that a function's code names, its inner functions included."""
    return set().union(*(each.co_names for each in codes_of(code)))


def codes_of(code: types.CodeType) -> Iterator[types.CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from codes_of(constant)


def rule_of(function: Any) -> tuple[Any, ...]:
    """The function. Behind it, if it is `apply` of a rule of PyTorch, the forward and backward of that rule."""
    owner = getattr(function, "__self__", None)
    methods = [getattr(owner, name, None) for name in ("forward", "backward")] if isinstance(owner, type) else []
    return (function, *filter(callable, methods))
