"""Smaller shapes and rounder values that still show what is wrong."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradwitness.arrays import Array
from gradwitness.reproducing.given import Arrays
from gradwitness.subjects.tensors.tree import Path

TRIALS, SECONDS = 60, 20.0
"""Examinations for one script, and their time, at most."""
FEW = 12
"""Elements beyond which none is tried alone."""


Groups = Iterator[tuple[Any, list[dict[Path, Array]]]]
"""What a group is about, and its candidates, the smallest first."""
Propose = Callable[[dict[Path, Array]], Groups]


@dataclass
class Shrinking:
    """A search for a smaller example.

    shows    whether what is wrong is wrong with these arrays, too
    floats   the paths whose values may be rounded
    """

    shows: Callable[[Arrays], bool]
    floats: list[Path]
    trials: int = 0

    def smallest(self, arrays: Arrays) -> dict[Path, Array]:
        """Shapes first, then values."""
        self._start = time.monotonic()
        best = dict(arrays)
        for propose in (_shorter, self._rounder, self._plainer):
            best = self._improved(best, propose)
        return best

    def _improved(self, best: dict[Path, Array], propose: Propose) -> dict[Path, Array]:
        """Of each group of candidates the first that shows it. Later groups start from it."""
        done: set[Any] = set()
        while True:
            key, group = next(((key, group) for key, group in propose(best) if key not in done), (None, []))
            if key is None:
                return best
            done.add(key)
            best = next((candidate for candidate in group if self._tried(candidate)), best)

    def _tried(self, candidate: dict[Path, Array]) -> bool:
        if self.trials >= TRIALS or time.monotonic() - self._start > SECONDS:
            return False
        self.trials += 1
        return self.shows(candidate)

    def _rounder(self, arrays: dict[Path, Array]) -> Groups:
        """An array of ones, of zeros, of numbers with few digits."""
        for path in self.floats:
            array = arrays[path]
            values = [np.ones_like(array), np.zeros_like(array), *(_digits(array, digits) for digits in (1, 2, 3))]
            yield path, [{**arrays, path: value} for value in values]

    def _plainer(self, arrays: dict[Path, Array]) -> Groups:
        """Elements that are 0 or 1."""
        for path in self.floats:
            for index in np.ndindex(arrays[path].shape) if arrays[path].size <= FEW else ():
                group = []
                for value in (0.0, 1.0):
                    array = np.array(arrays[path])
                    array[index] = value
                    group.append({**arrays, path: array})
                yield (path, index), [] if arrays[path][index] in (0, 1) else group


def _shorter(arrays: dict[Path, Array]) -> Groups:
    """All axes of one length made shorter together: what belongs together has one length."""
    lengths = {length for array in arrays.values() for length in array.shape if length > 1}
    for length in sorted(lengths, reverse=True):
        yield length, [_cut(arrays, length, new) for new in sorted({1, 2, 3, length // 2}) if new < length]


def _cut(arrays: dict[Path, Array], length: int, new: int) -> dict[Path, Array]:
    found = {}
    for path, array in arrays.items():
        cut = array[tuple(slice(new if n == length else None) for n in array.shape)]
        found[path] = _within(cut, length, new) if cut.dtype.kind in "iu" and cut.size else np.asarray(cut)
    return found


def _within(integers: Array, length: int, new: int) -> Array:
    """Integers that fit an axis that was made shorter: indices into it start again at 0, counts and offsets end where it ends."""
    if integers.max() > length or integers.max() < new:
        return np.asarray(integers)
    return np.asarray(np.minimum(integers, new) if integers.max() == length else integers % new)


def _digits(array: Array, digits: int) -> Array:
    """Numbers of so many decimal digits."""
    return np.array([float(f"{value:.{digits - 1}e}") for value in array.ravel()], np.float64).reshape(array.shape)
