"""Parameters whose axis holds several things in another order: heads interleaved with q, k and v, blocks, pairs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import permutations

import numpy as np

from gradwitness.arrays import Array
from gradwitness.comparing.rearranged import Other

BLOCKS = (2, 3)
"""Parts of an axis whose order is tried."""
LONGEST = 4096
"""Length of an axis that is put into another order."""


def of_axes(own: Mapping[str, Array], inputs: Mapping[str, Array], lengths: Sequence[int]) -> Iterator[Other]:
    """Axes put into another order, of all parameters of a layer at once, and of each input that is a matrix.

    lengths   of the axes that the functions split theirs into
    """
    layers: dict[str, dict[str, Array]] = {}
    for name, array in own.items():
        layers.setdefault(name.rpartition(".")[0] or name.rpartition("/")[0], {})[name] = array
    groups = [*layers.values(), *({name: array} for name, array in inputs.items() if array.ndim == 2)]
    for group in groups:
        sizes = {(axis, array.shape[axis]) for array in group.values() if array.ndim > 1 for axis in (0, array.ndim - 1)}
        for axis, length in sorted(sizes):
            for words, order in _orders(length, lengths) if length <= LONGEST else ():
                arrays = {
                    name: turned for name, array in group.items() if (turned := _put(array, axis, length, order)) is not None
                }
                yield Other(f"with axis {axis} of {' and '.join(arrays)} {words}", arrays)


def _put(array: Array, axis: int, length: int, order: Array) -> Array | None:
    """A vector has one axis; a matrix the one that is meant."""
    own = 0 if array.ndim == 1 else axis
    return np.take(array, order, axis=own) if array.ndim and own < array.ndim and array.shape[own] == length else None


def _orders(length: int, lengths: Sequence[int]) -> Iterator[tuple[str, Array]]:
    """Orders of an axis in words, and the place in the old order of each element."""
    every = np.arange(length)
    known = sorted({each for each in (*lengths, *BLOCKS) if 1 < each < length})
    for parts in (parts for parts in BLOCKS if length % parts == 0 and length > parts):
        for order in list(permutations(range(parts)))[1:]:
            blocks = np.split(every, parts)
            yield f"in the order of its {parts} parts {', '.join(map(str, order))}", np.concatenate([blocks[i] for i in order])
    for outer in (1, *known):
        for a in known:
            for b in (b for b in known if length % (outer * a * b) == 0):
                shape = (outer, a, b, length // (outer * a * b))
                told = tuple(each for each in shape if each > 1)
                place = 1 if outer > 1 else 0
                words = f"read as {told}, and axes {place} and {place + 1} of these exchanged"
                yield words, every.reshape(shape).swapaxes(1, 2).ravel()
    for groups in known:
        for width in (width for width in known if length % (groups * width) == 0 and length // (groups * width) > BLOCKS[1]):
            heads = every.reshape(groups, length // (groups * width), width)
            blocks = [heads[:, :-2], heads[:, -2:-1], heads[:, -1:]]
            grouped = np.concatenate([block.ravel() for block in blocks])
            words = f"put from {groups} groups of q, k and v, with heads of {width}, to all q, all k, all v"
            yield words, grouped
            yield f"put from all q, all k, all v to {groups} groups of q, k and v, with heads of {width}", np.argsort(grouped)
