"""Arrays that a function keeps from outside, in its closure, its globals or the modules that it holds, as a port may have them.

A function that merely holds a module shows no parameters: `lambda x: module(x.permute(0, 3, 1, 2))`. What it computes from others
is asked all the same: they are put where it finds them.
"""

from __future__ import annotations

import types
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradwitness.arrays import Array
from gradwitness.comparing.code import Change, functions_of, held
from gradwitness.comparing.rearranged import flattened, of_parameters
from gradwitness.comparing.sides import Side, Tensors
from gradwitness.comparing.trial import CALLING, Trial
from gradwitness.subjects.reach import reached
from gradwitness.subjects.tensors.places import Place, places

MANY = 16
"""Arrays of one function that are tried."""


@dataclass(frozen=True)
class Kept:
    """An array that a function keeps, and all places where it finds it."""

    name: str
    array: Array
    places: tuple[Place, ...]

    def changes(self, side: Side, array: Array) -> tuple[Change, ...]:
        """Another array there; and a call that looks for what is there anew."""
        cells = [isinstance(place.container, types.CellType) for place in self.places]
        where = [
            (place.container, "cell_contents" if cell else place.key) for place, cell in zip(self.places, cells, strict=True)
        ]
        tensor = self.places[0].tensor
        if not isinstance(side, Tensors):
            return tuple((container, key, array.astype(tensor.dtype)) for container, key in where)
        subject = side.subject
        plain = isinstance(tensor, np.ndarray)
        value = array.astype(tensor.dtype) if plain else subject.backend.tensor(array, tensor, subject.backend.dtype(tensor))

        def anew(*given: Any) -> Any:
            return subject.backend.calling(subject.function)(*given)

        return *((container, key, value) for container, key in where), (subject, CALLING, anew)


def kept_otherwise(side: Side, images: Sequence[tuple[int, ...]]) -> Iterator[Trial]:
    """Each of them turned round, transposed, without its axis, left out.

    images   shapes of arrays of four axes, whose channels may lie otherwise in a matrix behind them
    """
    kept = arrays_of(side)
    shapes = [*images, *(each.array.shape for each in kept)]
    for each in kept:
        name, array = each.name, each.array
        if array.ndim == 2 and array.shape[0] == array.shape[1]:
            yield Trial(f"with {name} transposed", each.changes(side, array.T))
        for other in (*of_parameters({name: array}), *flattened({name: array}, shapes)):
            yield Trial(other.words, each.changes(side, other.arrays[name]))


def arrays_of(side: Side) -> list[Kept]:
    """The arrays of floats that a function keeps, without the parameters that it shows."""
    backend = side.subject.backend if isinstance(side, Tensors) else None

    def holds(value: Any) -> bool:
        return isinstance(value, np.ndarray) or (backend is not None and backend.holds(value))

    shown = {id(value) for value in backend.parameters(side.function).values()} if backend else set()
    found: dict[int, list[Place]] = {}
    for place in places(side.function, holds):
        if id(place.tensor) not in shown and not (isinstance(place.key, str) and place.key.startswith("_")):
            found.setdefault(id(place.tensor), []).append(place)
    names = _Names(side.function)
    kept: list[Kept] = []
    for those in found.values():
        tensor = those[0].tensor
        dtype = backend.dtype(tensor) if backend and not isinstance(tensor, np.ndarray) else tensor.dtype.name
        if not dtype.startswith(("float", "bfloat")) or not len(tensor.shape) or len(kept) == MANY:
            continue
        array = backend.array(tensor) if backend and not isinstance(tensor, np.ndarray) else tensor
        kept.append(Kept(names.of(those[0]), np.array(array), tuple(those)))
    return kept


class _Names:
    """What a user calls the arrays of a function."""

    def __init__(self, function: Any) -> None:
        self._outside = {id(where[0]): name for own in functions_of(function) for name, where, _ in held(own)}
        self._inside: dict[int, tuple[int, Any]] = {}
        for thing in reached(function):
            items = thing.items() if isinstance(thing, dict) else enumerate(thing) if isinstance(thing, list) else ()
            self._inside |= {id(value): (id(thing), key) for key, value in items if isinstance(value, (dict, list))}

    def of(self, place: Place) -> str:
        """The name of a variable, or the keys by which it is found."""
        if isinstance(place.container, types.CellType):
            return self._outside.get(id(place.container), "an array")
        keys, container = [place.key], id(place.container)
        while container in self._inside and len(keys) < MANY:
            container, key = self._inside[container]
            keys.insert(0, key)
        said = [str(key) for key in keys if not str(key).startswith("_")]
        return ".".join(said) if any(isinstance(key, str) for key in keys) else f"array {place.key} of a list"
