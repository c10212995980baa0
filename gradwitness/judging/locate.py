"""Which elements are wrong, where a gradient disagrees along some direction.

The direction is cut in halves until single elements are left: between arrays first, then within them. One half is measured; what
it does not explain of an excess is the other's. The block with the largest excess for each of its elements, in units of its error
bar, is cut first. A half along which nothing disagrees is right: random weights make it unlikely that two wrong elements cancel.
Single elements are measured in any case: no right one is listed.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field

import numpy as np

from gradwitness.arrays import Array
from gradwitness.judging.black_box import BlackBox
from gradwitness.judging.directions import Direction
from gradwitness.judging.measured import Measured

EVALUATIONS = 100
FULL = 18
"""Of them, those that a measurement takes, mostly, where a quick one is not exact enough."""
RUNGS = 3


@dataclass(frozen=True)
class Wrong:
    """A wrong element: which array, where in it, the numerical derivative and its error bar."""

    which: int
    index: tuple[int, ...]
    truth: np.longdouble
    bar: np.longdouble


@dataclass(frozen=True)
class Located:
    """The wrong elements that were found, and blocks of elements, as positions in the arrays laid in one row.

    unsearched   blocks that disagree and were not cut further: at least one element of each is wrong
    together     tied elements at a kink: each of them may be right, together they are wrong
    """

    wrong: list[Wrong]
    unsearched: list[Array] = field(default_factory=list)
    together: list[Array] = field(default_factory=list)


class Search:
    """The search along one direction."""

    def __init__(self, box: BlackBox, measured: Measured, evaluations: int) -> None:
        self.box = box
        self.shapes = [part.shape for part in measured.direction.parts]
        self.flat = np.concatenate([np.ravel(part) for part in measured.direction.parts])
        self.ends = np.cumsum([int(np.prod(shape)) for shape in self.shapes])
        self._start = box.point.evaluations
        self.reached, self.reach = measured.reached, measured.slope.reach
        self.step, self.levels = box.plan(measured)
        self.cost = 2 * self.levels or FULL
        self._evaluations = self.left = evaluations

    def measure(self, block: Array) -> Measured:
        """The excess of some elements alone."""
        direction = Direction(self.parts(block), "")
        if self.levels:
            found = self.box.quickly(direction, self.step, self.levels, self.reached)
        else:
            found = self.box.along(direction, self.reach, RUNGS, self.reached)
        self.left = self._evaluations - (self.box.point.evaluations - self._start)
        return found

    def spans(self, block: Array) -> int:
        """Over how many arrays a block spans."""
        return len(np.unique(np.searchsorted(self.ends, block, side="right")))

    def ties(self, block: Array) -> list[Array]:
        """The groups of equal values in a block that disagree."""
        values = np.concatenate([np.ravel(array) for array in self.box.point.arrays])[block]
        which = np.searchsorted(self.ends, block, side="right")
        _, group = np.unique(np.stack([which, values]), axis=1, return_inverse=True)
        groups = [block[group.ravel() == g] for g in np.flatnonzero(np.bincount(group.ravel()) > 1)]
        return [tied for tied in groups if self.left >= self.cost and not self.measure(tied).agrees]

    def parts(self, block: Array) -> tuple[Array, ...]:
        """Arrays of the direction's shapes with the elements of a block alone."""
        kept = np.zeros_like(self.flat)
        kept[block] = self.flat[block]
        return tuple(row.reshape(shape) for row, shape in zip(np.split(kept, self.ends[:-1]), self.shapes, strict=True))

    def halves(self, block: Array) -> tuple[Array, Array]:
        """A block in two: between arrays where it spans several, else in the middle."""
        which = np.searchsorted(self.ends, block, side="right")
        arrays = np.unique(which)
        cut = int(np.searchsorted(which, arrays[len(arrays) // 2])) if len(arrays) > 1 else len(block) // 2
        return block[:cut], block[cut:]

    def element(self, number: int, found: Measured) -> Wrong:
        """A wrong element and its truth."""
        which = int(np.searchsorted(self.ends, number, side="right"))
        first = int(self.ends[which - 1]) if which else 0
        index = tuple(int(i) for i in np.unravel_index(number - first, self.shapes[which]))
        weight = np.longdouble(self.flat[number])
        claim = np.longdouble(self.box.claims[which][index])
        return Wrong(which, index, claim + found.excess / weight, abs(found.room / weight))


@dataclass(frozen=True)
class _Block:
    """Elements that disagree: their excess and its room, measured, or what the rest of a larger block left to them."""

    numbers: Array
    excess: np.longdouble
    room: np.longdouble

    @property
    def disagrees(self) -> bool:
        return bool(abs(self.excess) > self.room)


def locate(box: BlackBox, measured: Measured, evaluations: int = EVALUATIONS) -> Located:
    """The wrong elements among those that a direction moves, from a bounded number of evaluations."""
    search = Search(box, measured, evaluations)
    wrong: list[Wrong] = []
    together: list[Array] = []
    lost: list[Array] = []
    queue: list[tuple[float, int, _Block]] = []

    def put(block: _Block) -> bool:
        """Whether a block, or what is left to it, disagrees. Single elements are measured in any case."""
        if len(block.numbers) > 1:
            if block.disagrees:
                spans = search.spans(block.numbers)
                rank = -float(abs(block.excess) / block.room) / len(block.numbers) if spans == 1 else -np.inf
                heapq.heappush(queue, (rank, int(block.numbers[0]), block))
            return block.disagrees
        found = search.measure(block.numbers)
        if not found.agrees and found.tells:
            wrong.append(search.element(int(block.numbers[0]), found))
        return not found.agrees

    everything = np.flatnonzero(search.flat)
    if len(everything) * search.cost <= search.left:
        for number in everything:
            put(_Block(everything[everything == number], measured.excess, measured.room))
        tied = [] if wrong else search.ties(everything)
        return Located(wrong, [] if wrong or tied else [everything], tied)
    put(_Block(everything, measured.excess, measured.room))
    while queue and search.left >= 3 * search.cost:
        _, _, block = heapq.heappop(queue)
        first, second = search.halves(block.numbers)
        one = search.measure(first)
        rest = _Block(second, block.excess - one.excess, block.room + one.room)
        if one.half > 0 or (one.agrees and not rest.disagrees):  # at a kink slopes do not add up; error bars do
            other = search.measure(second)
            rest = _Block(second, other.excess, other.room)
        found = [put(half) for half in (_Block(first, one.excess, one.room), rest)]
        if not any(found):
            tied = search.ties(block.numbers) if one.half > 0 else []
            together += tied
            lost += [] if tied else [block.numbers]
    return Located(wrong, lost + [block.numbers for _, _, block in queue], together)
