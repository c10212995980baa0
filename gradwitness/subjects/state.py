"""What a user's functions can change between two calls, remembered and put back bit for bit.

Functions keep things: the object of a bound method, its class, the cells of a closure, defaults, the arguments of a partial,
globals that they name or bind. `State` follows them to every array, list, dict, set, object and random generator that can be
reached, and `restore` makes all of them what they were. Modules, and what libraries define, are left alone.

What a call of ours puts into a functools.cache is removed by emptying it: the entries that were there are computed again.
"""

from __future__ import annotations

import dis
import functools
import random
import sys
import types
from collections.abc import Iterator
from typing import Any

import numpy as np

from gradwitness.subjects.memory import LRU, Memory, array, attributes, class_attributes, global_names, remember, slots_of

LARGEST = 50_000
"""Objects that are followed at most."""
BUDGET = 20_000
"""Entries that are looked at between two evaluations; of a larger state what has changed before, and the smallest of the rest."""
EACH = 40
"""What it costs to look at one object, in entries of a list."""
LOOKS = 4
"""Times that everything is looked at before that. `finish` looks at everything in any case."""
ATOMS = (str, bytes, int, float, complex, bool, type(None), types.ModuleType, np.dtype, np.generic, range, slice, np.ufunc)
LIBRARIES = ("numpy", "scipy", "gradwitness", "builtins", "math")
ELSEWHERE = ("jax", "tensorflow", "keras", "cupy")
"""Arrays that cannot be changed in place, or are on another device."""


class State:
    """The state of everything that some callables and values reach."""

    def __init__(self, *roots: Any) -> None:
        self._memories: list[Memory] = []
        self._seen: dict[int, Any] = {}  # keeps every object alive, so that no id is used twice
        waiting = [*roots, np.random.mtrand._rand, random._inst]  # the two global generators
        while waiting and len(self._seen) < LARGEST:
            thing = waiting.pop()
            if isinstance(thing, ATOMS) or id(thing) in self._seen or (isinstance(thing, type) and _of_a_library(thing)):
                continue
            self._seen[id(thing)] = thing
            self._memories += _memories(thing)
            waiting += _reached(thing)
        self._watched = self._memories
        self._large = sum(memory.size + EACH for memory in self._memories) > BUDGET
        self._changed: set[int] = set()
        self._looks = 0

    def restore(self) -> None:
        """Make everything what it was, between two evaluations."""
        self._looks += 1
        for i, memory in enumerate(self._watched):
            if memory.changed():
                self._changed.add(i)
                memory.put_back()
        if self._large and self._looks == LOOKS:
            self._watched = self._affordable()

    def _affordable(self) -> list[Memory]:
        """What has changed before, and the smallest of the rest."""
        chosen = [self._memories[i] for i in self._changed]
        spent = 0
        for _, i in sorted((memory.size, i) for i, memory in enumerate(self._memories) if i not in self._changed):
            spent += self._memories[i].size + EACH
            if spent > BUDGET:
                break
            chosen.append(self._memories[i])
        return chosen

    def finish(self) -> None:
        """Make everything what it was, once and for all."""
        self._watched, self._looks = self._memories, LOOKS  # the next look is none of the first
        self.restore()


def _memories(thing: Any) -> Iterator[Memory]:
    """What is to be remembered about one object."""
    if isinstance(thing, type):
        found = [class_attributes(thing)]
    elif isinstance(thing, types.FunctionType):
        found = [global_names(thing, _bound(thing.__code__)), attributes(thing)] if not _of_a_library(thing) else []
    else:
        found = [remember(thing)]
        if isinstance(thing, (list, dict, set, np.ndarray)) and hasattr(thing, "__dict__"):
            found.append(attributes(thing))
        if (held := _array_of(thing)) is not None:
            found.append(array(held))
    yield from (memory for memory in found if memory is not None)


def _array_of(thing: Any) -> np.ndarray[Any, Any] | None:
    """The memory behind an object that is no array but shows one, as data frames do."""
    if isinstance(thing, np.ndarray) or not hasattr(type(thing), "__array__") or type(thing).__module__.startswith(ELSEWHERE):
        return None
    try:
        seen = np.asarray(thing)
    except Exception:  # whatever a stranger's __array__ raises: then there is no array to look at
        return None
    return seen if seen.base is not None else None


def _reached(thing: Any) -> Iterator[Any]:
    """What an object holds."""
    if isinstance(thing, types.MethodType):
        yield from (thing.__self__, thing.__func__)
    elif isinstance(thing, functools.partial):
        yield from (thing.func, *thing.args, *thing.keywords.values())
    elif isinstance(thing, types.FunctionType):
        yield from thing.__dict__.values()
        if not _of_a_library(thing):
            yield from (*(thing.__closure__ or ()), *(thing.__defaults__ or ()), *(thing.__kwdefaults__ or {}).values())
            yield from (thing.__globals__[name] for name in _named(thing.__code__) if name in thing.__globals__)
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


def _of_a_library(thing: Any) -> bool:
    """Whether a function or class is not the user's: of NumPy, the standard library, or what is installed."""
    module = getattr(thing, "__module__", None) or ""
    top = module.partition(".")[0]
    if top in LIBRARIES or top in sys.stdlib_module_names:
        return True
    file = getattr(sys.modules.get(module), "__file__", None) or ""
    return "site-packages" in file or "dist-packages" in file


def _named(code: types.CodeType) -> set[str]:
    """The globals that a function's code names, its inner functions included."""
    return set().union(*(each.co_names for each in _codes(code)))


@functools.lru_cache(maxsize=1024)
def _bound(code: types.CodeType) -> frozenset[str]:
    """The globals that it binds: `global count; count = count + 1`."""
    return frozenset(
        step.argval
        for each in _codes(code)
        for step in dis.get_instructions(each)
        if step.opname in ("STORE_GLOBAL", "DELETE_GLOBAL")
    )


def _codes(code: types.CodeType) -> Iterator[types.CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _codes(constant)
