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
import types
from collections.abc import Iterator
from typing import Any

import numpy as np

from gradwitness.subjects.generators import Memory
from gradwitness.subjects.memory import array, attributes, class_attributes, global_names, remember
from gradwitness.subjects.reach import codes_of, of_a_library, reached

BUDGET = 20_000
"""Entries that are looked at between two evaluations; of a larger state what has changed before, and the smallest of the rest."""
EACH = 40
"""What it costs to look at one object, in entries of a list."""
LOOKS = 4
"""Times that everything is looked at before that. `finish` looks at everything in any case."""
ELSEWHERE = ("jax", "tensorflow", "keras", "cupy")
"""Arrays that cannot be changed in place, or are on another device."""


class State:
    """The state of everything that some callables and values reach."""

    def __init__(self, *roots: Any) -> None:
        two_generators = (np.random.mtrand._rand, random._inst)
        self._kept = list(reached(*roots, *two_generators))  # keeps every object alive, so that no id is used twice
        self._memories = [memory for thing in self._kept for memory in _memories(thing)]
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
        found = [global_names(thing, _bound(thing.__code__)), attributes(thing)] if not of_a_library(thing) else []
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


@functools.lru_cache(maxsize=1024)
def _bound(code: types.CodeType) -> frozenset[str]:
    """The globals that it binds: `global count; count = count + 1`."""
    return frozenset(
        step.argval
        for each in codes_of(code)
        for step in dis.get_instructions(each)
        if step.opname in ("STORE_GLOBAL", "DELETE_GLOBAL")
    )
