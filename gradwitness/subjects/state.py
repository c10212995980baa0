"""What a user's functions can change between two calls, remembered and put back bit for bit.

Functions keep things: the object of a bound method, the cells of a closure, defaults, the arguments of a partial, globals that
they name. `State` follows them to every array, list, dict, set, object and random generator that can be reached, and `restore`
makes all of them what they were. Modules, classes and the code of libraries are left alone.
"""

from __future__ import annotations

import functools
import random
import types
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

LARGEST = 20_000
"""Objects that are followed at most."""
ATOMS = (str, bytes, int, float, complex, bool, type(None), type, types.ModuleType, np.dtype, np.generic, range, slice)
LIBRARIES = ("numpy", "scipy", "gradwitness", "builtins", "math")


class State:
    """The state of everything that some callables and values reach."""

    def __init__(self, *roots: Any) -> None:
        self._undo: list[Callable[[], None]] = []
        self._seen: dict[int, Any] = {}  # keeps every object alive, so that no id is used twice
        waiting = list(roots)
        while waiting and len(self._seen) < LARGEST:
            thing = waiting.pop()
            if isinstance(thing, ATOMS) or id(thing) in self._seen:
                continue
            self._seen[id(thing)] = thing
            if (undo := _undo(thing)) is not None:
                self._undo.append(undo)
            waiting += _reached(thing)
        numpy_state, python_state = np.random.get_state(), random.getstate()  # noqa: NPY002 - what users' code draws from
        self._undo.append(lambda: np.random.set_state(numpy_state))  # noqa: NPY002
        self._undo.append(lambda: random.setstate(python_state))

    def restore(self) -> None:
        """Make everything what it was."""
        for undo in self._undo:
            undo()


def _undo(thing: Any) -> Callable[[], None] | None:
    """What puts one object back; None for what cannot change."""
    for kinds, make in _WAYS:
        if isinstance(thing, kinds):
            return make(thing)
    if isinstance(getattr(thing, "__dict__", None), dict) and not isinstance(thing, types.FunctionType):
        return _entries(thing.__dict__)
    return None


def _generator(generator: Any) -> Callable[[], None]:
    bits = generator.bit_generator if isinstance(generator, np.random.Generator) else generator._bit_generator
    before = bits.state
    return lambda: setattr(bits, "state", before)


def _python_generator(generator: random.Random) -> Callable[[], None]:
    before = generator.getstate()
    return lambda: generator.setstate(before)


def _items(items: list[Any]) -> Callable[[], None]:
    before = list(items)
    return lambda: items.__setitem__(slice(None), before)


def _entries(entries: Any) -> Callable[[], None]:
    before = entries.copy()

    def put_back() -> None:
        entries.clear()
        entries.update(before)

    return put_back


def _array(array: np.ndarray[Any, Any]) -> Callable[[], None] | None:
    if not array.flags.writeable:
        return None
    values = array.copy()

    def put_back() -> None:
        array[...] = values

    return put_back


def _cell(cell: types.CellType) -> Callable[[], None] | None:
    try:
        content = cell.cell_contents
    except ValueError:  # a variable that has no value yet
        return None

    def put_back() -> None:
        cell.cell_contents = content

    return put_back


_WAYS: tuple[tuple[Any, Callable[[Any], Callable[[], None] | None]], ...] = (
    (np.ndarray, _array),
    ((np.random.Generator, np.random.RandomState), _generator),
    (random.Random, _python_generator),
    (list, _items),
    ((dict, set), _entries),
    (types.CellType, _cell),
)
"""Kind of object -> what remembers its state."""


def _reached(thing: Any) -> Iterator[Any]:
    """What an object holds."""
    if isinstance(thing, types.MethodType):
        yield from (thing.__self__, thing.__func__)
    elif isinstance(thing, functools.partial):
        yield from (thing.func, *thing.args, *thing.keywords.values())
    elif isinstance(thing, types.FunctionType):
        if (thing.__module__ or "").partition(".")[0] not in LIBRARIES:
            yield from (*(thing.__closure__ or ()), *(thing.__defaults__ or ()), *(thing.__kwdefaults__ or {}).values())
            yield from (thing.__globals__[name] for name in _named(thing.__code__) if name in thing.__globals__)
    elif isinstance(thing, types.CellType):
        try:
            yield thing.cell_contents
        except ValueError:
            return
    elif isinstance(thing, dict):
        yield from thing.values()
    elif isinstance(thing, (list, tuple, set, frozenset)):
        yield from thing
    elif isinstance(thing, np.ndarray):
        yield from thing.ravel().tolist() if thing.dtype == object else ()
    elif type(thing).__module__.partition(".")[0] not in LIBRARIES:
        yield from getattr(thing, "__dict__", {}).values()
        if callable(thing):
            yield from (method for name in ("__call__",) if isinstance(method := getattr(type(thing), name), types.FunctionType))


def _named(code: types.CodeType) -> set[str]:
    """The globals that a function's code names, its inner functions included."""
    names = set(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            names |= _named(constant)
    return names
