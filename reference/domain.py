"""The domain of an op, declared: every shape, option and value that its forward is meant for.

A module of an op has a function

    def domain(pick: Pick) -> Arguments:
        n, inputs, outputs = pick.size(), pick.size(), pick.size()
        return (pick.floats(n, inputs), pick.floats(inputs, outputs), pick.floats(outputs)), {}

that asks `pick` for whatever it needs to know and returns the positional arguments of forward and the keyword ones. Who picks is
another's business: a property-based test lets Hypothesis do it, which finds a small example where something is wrong.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, TypeVar

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]
Arguments = tuple[tuple[Any, ...], Mapping[str, Any]]
T = TypeVar("T")

GRAIN = 2.0**-6
"""Values are multiples of it: exact in every dtype of 16 bits and more, and never closer to a kink without being on it."""


class Pick(Protocol):
    """Whoever chooses a point of a domain. Smaller and simpler answers come first where an example is shrunk."""

    def size(self, low: int = 1, high: int = 4) -> int:
        """The length of an axis, low <= length <= high."""

    def one_of(self, *options: T) -> T:
        """One of the options: a flag, a reduction, an axis, a rate."""

    def floats(self, *shape: int, low: float = -4.0, high: float = 4.0, besides: tuple[float, ...] = ()) -> Array:
        """Multiples of GRAIN in [low, high], float64, none of them in `besides`, where a function has its kinks."""

    def distinct(self, *shape: int) -> Array:
        """Different multiples of GRAIN in [-4, 4], float64: no ties, for what takes a largest one."""

    def integers(self, *shape: int, low: int, high: int) -> Array:
        """Integers, low <= i < high: labels, tokens."""

    def booleans(self, *shape: int) -> Array:
        """A mask."""


def any_shape(pick: Pick, least: int = 1, most: int = 3) -> tuple[int, ...]:
    """The shape of an argument, or of a part of its axes, of no fixed rank: least to most axes, each 1 to 3 long."""
    return tuple(pick.size(1, 3) for _ in range(pick.size(least, most)))


def classes_along_an_axis(pick: Pick) -> Arguments:
    """x of any shape, and an axis of it with two classes or more: over a single one there is nothing to differentiate."""
    shape = list(any_shape(pick))
    axis = pick.one_of(*range(-len(shape), len(shape)))
    shape[axis] = pick.size(2, 4)
    return (pick.floats(*shape),), {"axis": axis}
