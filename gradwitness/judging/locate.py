"""Which elements are wrong, where a gradient disagrees along some direction.

The direction is cut in halves until single elements are left. A half along which nothing disagrees is right:
random weights make it unlikely that two wrong elements cancel.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gradwitness.arrays import Array
from gradwitness.judging.black_box import BlackBox, Measured
from gradwitness.judging.directions import Direction

EVALUATIONS = 100


@dataclass(frozen=True)
class Wrong:
    """A wrong element: which array, where in it, the numerical derivative and its error bar."""

    which: int
    index: tuple[int, ...]
    truth: np.longdouble
    bar: np.longdouble


@dataclass(frozen=True)
class Located:
    """The wrong elements that were found. complete: whether there are no others; unsearched: elements nobody looked at."""

    wrong: list[Wrong]
    complete: bool
    suspects: list[int]


def locate(box: BlackBox, measured: Measured) -> Located:
    """The wrong elements among those that a direction moves, from a bounded number of evaluations."""
    start = box.point.evaluations
    shapes = [part.shape for part in measured.direction.parts]
    flat = _flat(measured.direction.parts)
    waiting = [np.flatnonzero(flat)]
    wrong: list[Wrong] = []
    suspects: list[int] = []
    while waiting:
        if box.point.evaluations - start > EVALUATIONS:
            suspects = [int(i) for block in waiting for i in block]
            break
        block = waiting.pop(0)
        found = box.quickly(Direction(_parts(flat, block, shapes), ""), measured.slope.step)
        if found.agrees:
            continue
        if len(block) == 1:
            which, index = _place(int(block[0]), shapes)
            weight = np.longdouble(flat[block[0]])
            claim = np.longdouble(box.claims[which][index])
            wrong.append(Wrong(which, index, claim + found.excess / weight, abs((found.error + found.slack) / weight)))
        else:
            waiting += np.array_split(block, 2)
    return Located(wrong, not suspects, suspects)


def _flat(parts: Sequence[Array]) -> Array:
    return np.concatenate([np.ravel(part) for part in parts]) if parts else np.zeros(0)


def _parts(flat: Array, block: Array, shapes: Sequence[tuple[int, ...]]) -> tuple[Array, ...]:
    """Arrays of these shapes with the elements of a block alone."""
    kept = np.zeros_like(flat)
    kept[block] = flat[block]
    parts, at = [], 0
    for shape in shapes:
        size = int(np.prod(shape))
        parts.append(kept[at : at + size].reshape(shape))
        at += size
    return tuple(parts)


def _place(number: int, shapes: Sequence[tuple[int, ...]]) -> tuple[int, tuple[int, ...]]:
    """Which array an element belongs to, and its index there."""
    for which, shape in enumerate(shapes):
        size = int(np.prod(shape))
        if number < size:
            return which, tuple(int(i) for i in np.unravel_index(number, shape))
        number -= size
    raise IndexError(number)
