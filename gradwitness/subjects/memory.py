"""What one object of a user was, and how it is put back: arrays, lists, dicts, sets, objects, classes, cells, generators.

A `Memory` says whether its object changed (to the last bit, and by identity for what it holds), and puts it back. Nothing is
written where nothing changed.
"""

from __future__ import annotations

import collections
import functools
import random
import types
from collections.abc import Callable
from operator import is_
from typing import Any

import numpy as np

from gradwitness.subjects.generators import Memory, of_numpy, of_python

LARGEST = 2**30
"""Bytes of an array beyond which no copy of it is kept."""


def remember(thing: Any) -> Memory | None:
    """The memory of an object; None for one that cannot change, or is not ours to change."""
    for kinds, make in _WAYS:
        if isinstance(thing, kinds):
            return make(thing)
    return attributes(thing)


def array(given: np.ndarray[Any, Any]) -> Memory | None:
    """The elements of an array, bit for bit, its shape, and whether it can be written. None for more than LARGEST bytes."""
    writeable = given.flags.writeable
    if given.nbytes > LARGEST or (not writeable and given.base is not None):
        return None
    values = given.copy()

    def changed() -> bool:
        return given.shape != values.shape or given.flags.writeable != writeable or not _same_bits(given, values)

    def put_back() -> None:
        if not given.flags.writeable:
            given.flags.writeable = True
        if given.shape != values.shape:
            given.resize(values.shape, refcheck=False)
        np.copyto(given, values)
        given.flags.writeable = writeable

    return Memory(changed, put_back, max(given.size, given.nbytes // 8))


def _same_bits(first: np.ndarray[Any, Any], second: np.ndarray[Any, Any]) -> bool:
    if first.dtype.hasobject:
        return all(map(is_, first.ravel().tolist(), second.ravel().tolist()))
    if first.dtype.kind == "f" and first.dtype.itemsize in (2, 4, 8):
        whole = f"u{first.dtype.itemsize}"
        return bool((first.view(whole) == second.view(whole)).all())
    if first.dtype.kind in "biuSUmM":
        return bool(np.array_equal(first, second))
    return first.tobytes() == second.tobytes()


def entries(given: Any) -> Memory:
    """The entries of a dict, their order included."""
    before = dict(given)
    keys, values = list(before), list(before.values())
    kind: Any = collections.OrderedDict if isinstance(given, collections.OrderedDict) else dict
    if not isinstance(given, dict):
        kind = type(given)

    def changed() -> bool:
        return len(given) != len(keys) or not all(map(is_, given, keys)) or not all(map(is_, given.values(), values))

    def put_back() -> None:
        kind.clear(given)
        kind.update(given, before)

    return Memory(changed, put_back, len(keys))


def _items(given: Any) -> Memory:
    before = list(given)

    def changed() -> bool:
        return len(given) != len(before) or not all(map(is_, given, before))

    def put_back() -> None:
        if isinstance(given, list):
            list.__setitem__(given, slice(None), before)
        else:
            given.clear()
            given.extend(before)

    return Memory(changed, put_back, len(before))


def _set(given: set[Any]) -> Memory:
    before = set(given)

    def put_back() -> None:
        given.clear()
        given.update(before)

    return Memory(lambda: given != before, put_back, len(before))


def _bytes(given: bytearray) -> Memory:
    before = bytes(given)
    return Memory(lambda: given != before, lambda: given.__setitem__(slice(None), before), len(before) // 8)


MISSING = object()


def names(given: Any, which: tuple[str, ...]) -> Memory | None:
    """Some attributes of an object: slots, or what a class has. One that was missing is taken away again."""
    before = {name: getattr(given, name, MISSING) for name in which}

    def changed() -> bool:
        return any(getattr(given, name, MISSING) is not value for name, value in before.items())

    def put_back() -> None:
        for name, value in before.items():
            if value is not MISSING:
                setattr(given, name, value)
            elif hasattr(given, name):
                delattr(given, name)

    return Memory(changed, put_back, len(before)) if which else None


def class_attributes(given: type) -> Memory | None:
    """What a class itself holds, methods included."""
    before = dict(vars(given))
    own = [name for name in before if not name.startswith("__")]

    def changed() -> bool:
        now = vars(given)
        return len(now) != len(before) or any(now.get(name, MISSING) is not before[name] for name in own)

    def put_back() -> None:
        for name in [name for name in vars(given) if name not in before]:
            delattr(given, name)
        for name in own:
            if vars(given).get(name, MISSING) is not before[name]:
                setattr(given, name, before[name])

    return Memory(changed, put_back, len(own))


def global_names(given: types.FunctionType, which: frozenset[str]) -> Memory | None:
    """The globals that a function binds anew."""
    scope = given.__globals__
    before = {name: scope.get(name, MISSING) for name in which}

    def changed() -> bool:
        return any(scope.get(name, MISSING) is not value for name, value in before.items())

    def put_back() -> None:
        for name, value in before.items():
            if value is MISSING:
                scope.pop(name, None)
            else:
                scope[name] = value

    return Memory(changed, put_back, len(before)) if which else None


def attributes(given: Any) -> Memory | None:
    """An object's own attributes, in its dict and its slots; those that were added are taken away."""
    held = getattr(given, "__dict__", None)
    slots = slots_of(given)
    parts = [part for part in (entries(held) if isinstance(held, dict) else None, names(given, slots)) if part is not None]
    if not parts:
        return None

    def put_back() -> None:
        for part in parts:
            part.put_back()

    return Memory(lambda: any(part.changed() for part in parts), put_back, sum(part.size for part in parts))


def slots_of(given: Any) -> tuple[str, ...]:
    """The names of an object's slots."""
    found: list[str] = []
    for base in type(given).__mro__:
        slots = vars(base).get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else tuple(slots):
            mangled = f"_{base.__name__.lstrip('_')}{name}" if name.startswith("__") and not name.endswith("__") else name
            if isinstance(vars(base).get(mangled), types.MemberDescriptorType):
                found.append(mangled)
    return tuple(found)


def _cell(given: types.CellType) -> Memory:
    def content() -> Any:
        try:
            return given.cell_contents
        except ValueError:  # a variable that has no value yet
            return MISSING

    before = content()

    def put_back() -> None:
        if before is MISSING:
            del given.cell_contents
        else:
            given.cell_contents = before

    return Memory(lambda: content() is not before, put_back, 1)


def _cached(given: Any) -> Memory:
    """A function with functools.cache: emptied where a call of ours put something in, for our numbers are in another dtype."""
    size = given.cache_info().currsize
    return Memory(lambda: given.cache_info().currsize != size, given.cache_clear, 1)


LRU = type(functools.lru_cache(lambda: None))

_WAYS: tuple[tuple[Any, Callable[[Any], Memory | None]], ...] = (
    (np.ndarray, array),
    ((np.random.Generator, np.random.RandomState, np.random.BitGenerator), of_numpy),
    (random.Random, of_python),
    ((list, collections.deque), _items),
    (dict, entries),
    (set, _set),
    (bytearray, _bytes),
    (types.CellType, _cell),
    (LRU, _cached),
)
"""Kind of object -> what remembers it. Attributes of an object that is one of these as well are added by State."""
