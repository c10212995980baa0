"""Equal values, and ways to move them: apart, in an order, so that each may win; or together, so that none does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from gradwitness.arrays import Array
from gradwitness.judging.directions import Direction

SHIFTS = 6
"""Orders of the values that tie, in each direction."""
ALONE = 2
"""Ties that are brought apart each alone: a diagonal, while what is beside it stays 0, keeps the basis of its eigenvectors."""
SIGNED = 8
"""Orders of the values that tie by how far a direction moves them: up or down, for each tie by chance."""

Moves = list[Array]
"""One array for each argument: by how much its elements move, at a distance of 1."""


class Ties:
    """Which elements of some arrays tie. All arrays stand in one row; group and count have an entry for each element.

    scales   sizes of the elements; zero for those that do not move
    reach    how far points nearby move an element, as a share of its size: what is nearer than that ties as well
    group    the number of the tie that an element is in, and count: how many are in it
    place    its place among them
    """

    def __init__(self, arrays: Sequence[Array], scales: Sequence[Array], rng: np.random.Generator, reach: float) -> None:
        self.scales, self.rng = list(scales), rng
        values, self._sizes = [np.concatenate([np.ravel(each) for each in row]) for row in (arrays, scales)]
        self.group = groups(values, reach * self._sizes)
        self._groups = int(self.group.max(initial=-1)) + 1
        self.count = np.bincount(self.group)[self.group]
        self.place = np.zeros(len(values), np.int64)
        if len(values):
            self._order = np.argsort(self.group, kind="stable")
            first = np.flatnonzero(np.r_[True, np.diff(self.group[self._order]) != 0])
            self.place[self._order] = np.arange(len(values)) - np.repeat(first, np.diff(np.r_[first, len(values)]))

    @property
    def most(self) -> int:
        """The size of the largest tie."""
        return int(self.count.max(initial=1))

    def apart(self) -> Iterator[Moves]:
        """Moves that bring equal values apart: each of a few comes to each rank, up and down."""
        for shift in range(min(self.most, SHIFTS) if self.most > 1 else 0):
            for sign in (1.0, -1.0):
                yield self.ranked(sign, self.place + shift)
        tied = np.flatnonzero(np.bincount(self.group) > 1)[:ALONE]
        for group in tied if len(tied) > 1 else ():
            for shift in range(min(int(np.count_nonzero(self.group == group)), SHIFTS)):
                yield self.ranked(1.0, self.place + shift, self.group == group)

    def along(self, direction: Direction) -> Iterator[Moves]:
        """Moves that order what ties by how far a direction moves it."""
        way = np.concatenate([np.ravel(part) for part in direction.parts])
        for _ in range(SIGNED):
            signs = self.rng.choice([-1.0, 1.0], size=len(self.count))[self.group]
            place = np.zeros_like(self.place)
            place[np.lexsort((signs * way, self.group))] = self.place[self._order]
            yield self.ranked(1.0, place)

    def ranked(self, sign: float, place: Array, moved: Array | bool = True) -> Moves:
        """Moves by the rank of each value among those that it ties with; moved: which of them."""
        ranks = np.where((self.count > 1) & moved, 2 * (place % self.count + 0.5) / self.count - 1, 0)
        return self.shaped(sign * ranks)

    def together(self, numbers: Iterable[int]) -> Iterator[Direction]:
        """Directions that move what ties together, in all arrays: each may be one winner of a tie, and all of them none.

        One for everything, and one for each tie of some elements.
        """
        moves = self._moves(np.ones(len(self.group), bool), np.ones(self._groups, bool))
        yield Direction(tuple(self.split(moves)), "all elements")
        for group in dict.fromkeys(self.group[number] for number in numbers):
            yield Direction(tuple(self.split(np.where(self.group == group, moves, 0))), "what ties")

    def across(self, arrays: Iterable[int]) -> Direction | None:
        """A direction that moves equal values of several arrays together, as those of a maximum of two; None where none are."""
        of = np.repeat(np.arange(len(self.scales)), [scale.size for scale in self.scales])
        can = np.isin(of, list(arrays)) & (self._sizes > 0)
        held = np.unique(np.stack([self.group[can], of[can]]), axis=1)[0]  # a group once for each array that has it
        moves = self._moves(can, np.bincount(held, minlength=self._groups) > 1)
        return Direction(tuple(self.split(moves)), "what ties") if moves.any() else None

    def _moves(self, can: Array, chosen: Array) -> Array:
        """A random way for each of the chosen ties; those of their elements that can move go it together."""
        sizes = np.zeros(self._groups, self._sizes.dtype)
        np.maximum.at(sizes, self.group[can], self._sizes[can])
        ways = self.rng.choice([-1.0, 1.0], size=self._groups) * self.rng.uniform(0.5, 1, size=self._groups)
        return np.where(can & (self._sizes > 0), (sizes * ways * chosen)[self.group], 0)

    def shaped(self, row: Array) -> Moves:
        """Shares of the elements' sizes, in one row, as moves of the arrays."""
        return [scale * part for part, scale in zip(self.split(row), self.scales, strict=True)]

    def split(self, row: Array) -> list[Array]:
        """All arrays in one row, in their shapes."""
        rows = np.split(row, np.cumsum([scale.size for scale in self.scales])[:-1])
        return [part.reshape(scale.shape) for part, scale in zip(rows, self.scales, strict=True)]


def groups(values: Array, reach: Array) -> Array:
    """The number of the tie that each value is in: values tie that are equal, or apart by less than points nearby move them.

    A value that lies among them would stay in the middle of all orders that they are put in.
    """
    unique, which = np.unique(values, return_inverse=True)
    which = np.ravel(which)
    furthest = np.zeros(len(unique), reach.dtype)
    np.maximum.at(furthest, which, reach)
    first = np.arange(len(unique))
    with np.errstate(invalid="ignore"):
        for i in np.flatnonzero(np.diff(unique) <= 2 * furthest[:-1]) + 1:
            start = first[i - 1]
            if unique[i] - unique[start] <= 2 * furthest[start]:
                first[i] = start
    return np.ravel(np.unique(first[which], return_inverse=True)[1])
