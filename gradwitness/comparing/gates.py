"""Blocks that lie side by side in weights, in another order: the gates of recurrent layers, queries, keys and values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import permutations

import numpy as np

from gradwitness.arrays import Array
from gradwitness.comparing.trial import Trial

GATES = {"GRU": 3, "LSTM": 4}
"""In the names of layers, and how many gates lie side by side in their parameters."""
NAMED = 3
"""Parameters that are named one by one."""


def gates(own: Mapping[str, Array], kinds: list[str]) -> Iterator[Trial]:
    """The gates of recurrent layers in another order, along the axis on which they lie in all parameters.

    own     the parameters
    kinds   the names of the layers' classes
    """
    for count in (count for word, count in GATES.items() if any(word in kind for kind in kinds)):
        for axis in (-1, 0):
            parts = _most(own, axis, count)
            if len(parts) > 1:
                which = ", ".join(parts) if len(parts) <= NAMED else f"all {len(parts)} parameters"
                yield from _ordered(parts, axis, count, "gates", which)


def blocks(inputs: Mapping[str, Array]) -> Iterator[Trial]:
    """The same of weights that a function is given as inputs: those beside a matrix that is so many squares side by side."""
    for count in dict.fromkeys(GATES.values()):
        for axis in (-1, 0):
            parts = _most(inputs, axis, count)
            if any(_squares(array, axis) == count for array in parts.values()):
                yield from _ordered(parts, axis, count, f"{count} blocks", ", ".join(parts))


def _most(arrays: Mapping[str, Array], axis: int, count: int) -> dict[str, Array]:
    """Those of the length along an axis that most have, if it can be split."""
    sizes = [array.shape[axis] for array in arrays.values() if array.ndim]
    lengths = [size for size in sizes if size and size % count == 0]
    most = max(dict.fromkeys(lengths), key=sizes.count, default=0)
    return {name: array for name, array in arrays.items() if array.ndim and array.shape[axis] == most}


def _squares(array: Array, axis: int) -> int:
    """How many square matrices lie side by side; 0 if it is not made of them."""
    if array.ndim != 2 or not array.shape[1 + axis if axis else 1]:
        return 0
    long, short = array.shape[axis], array.shape[0 if axis else 1]
    return long // short if long % short == 0 else 0


def _ordered(parts: Mapping[str, Array], axis: int, count: int, what: str, which: str) -> Iterator[Trial]:
    """Every order; and 1 - sigmoid in place of a sigmoid, which turns the sign of what it gets."""
    split = {name: np.split(array, count, axis) for name, array in parts.items()}
    for order in permutations(range(count)):
        arrays = {name: np.concatenate([each[i] for i in order], axis) for name, each in split.items()}
        yield Trial(f"with the {what} in {which} in the order {', '.join(map(str, order))}", arrays=arrays)
    for gate in range(count):
        signs = [-1 if i == gate else 1 for i in range(count)]
        arrays = {
            name: np.concatenate([sign * block for sign, block in zip(signs, each, strict=True)], axis)
            for name, each in split.items()
        }
        yield Trial(f"with the sign of block {gate} in {which} turned, which makes 1 - sigmoid of a sigmoid,", arrays=arrays)
