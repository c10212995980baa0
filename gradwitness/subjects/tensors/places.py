"""Tensors that a function holds, in closures, globals and objects, exchanged for others while it runs.

A module computes with the entries of its dicts, a lambda with the cells of its closure. Whoever wants to know what they compute
from other values puts other tensors there. On leaving, the very tensors that were there are there again, unchanged.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from gradwitness.subjects.reach import names_in, reached


@dataclass(frozen=True)
class Place:
    """A place that holds a tensor: an entry of a dict or a list, or the cell of a closure."""

    container: Any
    key: Any
    tensor: Any

    def put(self, value: Any) -> None:
        """Let the place hold something else."""
        if isinstance(self.container, types.CellType):
            self.container.cell_contents = value
        else:
            self.container[self.key] = value


def places(function: Any, holds: Callable[[Any], bool]) -> list[Place]:
    """Every place that can be reached from a function."""
    return [place for thing in reached(function) for place in _of(thing) if holds(place.tensor)]


@contextmanager
def exchanged(held: list[Place], new: Mapping[int, Any]) -> Iterator[None]:
    """Each place holds what `new` has under the id of its tensor; what was there is put back also after an exception."""
    try:
        for place in held:
            if id(place.tensor) in new:
                place.put(new[id(place.tensor)])
        yield
    finally:
        for place in held:
            place.put(place.tensor)


def _of(thing: Any) -> Iterator[Place]:
    if isinstance(thing, types.CellType):
        try:
            yield Place(thing, None, thing.cell_contents)
        except ValueError:  # a cell that nothing was put into yet
            return
    elif isinstance(thing, types.FunctionType):
        globals_ = thing.__globals__
        yield from (Place(globals_, name, globals_[name]) for name in names_in(thing.__code__) if name in globals_)
    elif isinstance(thing, dict):
        yield from (Place(thing, key, value) for key, value in thing.items())
    elif isinstance(thing, list):
        yield from (Place(thing, number, value) for number, value in enumerate(thing))
    elif isinstance(getattr(thing, "__dict__", None), dict):
        yield from (Place(vars(thing), key, value) for key, value in vars(thing).items())
