"""The domain of an op: every shape, option and value that its forward accepts.

A module of an op has a function

    def domain(pick: Pick) -> Arguments:
        n, inputs, outputs = pick.size(), pick.size(), pick.size()
        return (pick.floats(n, inputs), pick.floats(inputs, outputs), pick.floats(outputs)), {}

that returns the positional and the keyword arguments of forward. It asks `pick` for every number and option. The caller supplies
`pick`; the property-based tests use Hypothesis, which shrinks a failure to a small example.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, TypeVar

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]
Arguments = tuple[tuple[Any, ...], Mapping[str, Any]]
T = TypeVar("T")

GRAIN = 2.0**-6
"""All values are multiples of it. They are exact in every dtype of 16 bits or more, and lie on a kink or well away."""


class Pick(Protocol):
    """Chooses a point of a domain. Where an example is shrunk, smaller and simpler answers come first."""

    def size(self, low: int = 1, high: int = 4) -> int:
        """The length of an axis, low <= length <= high."""

    def one_of(self, *options: T) -> T:
        """One of the options: a flag, a reduction, an axis, a rate."""

    def floats(self, *shape: int, low: float = -4.0, high: float = 4.0, besides: tuple[float, ...] = ()) -> Array:
        """Multiples of GRAIN in [low, high], float64. None of them is in `besides`, which names the kinks of a function."""

    def distinct(self, *shape: int) -> Array:
        """Different multiples of GRAIN in [-4, 4], float64: no ties, for functions that select the largest."""

    def integers(self, *shape: int, low: int, high: int) -> Array:
        """Integers, low <= i < high: labels, tokens."""

    def booleans(self, *shape: int) -> Array:
        """A mask."""


def any_shape(pick: Pick, least: int = 1, most: int = 3) -> tuple[int, ...]:
    """A shape of least to most axes, each 1 to 3 long: for an argument, or some of its axes, of no fixed rank."""
    return tuple(pick.size(1, 3) for _ in range(pick.size(least, most)))


def classes_along_an_axis(pick: Pick) -> Arguments:
    """x of any shape, and one of its axes, with two classes or more: with one class the gradient is zero."""
    shape = list(any_shape(pick))
    axis = pick.one_of(*range(-len(shape), len(shape)))
    shape[axis] = pick.size(2, 4)
    return (pick.floats(*shape),), {"axis": axis}
