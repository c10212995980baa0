"""The verdict about each gradient of a function at a point: a few directions, and, where one disagrees, a search.

First everything moves at once, each element by its own scale and ties together. Then come even directions: one for the arrays
that contribute most, and more of them for elements that are so small that an error of SEEN of their own size would have been
missed. Each direction says how large an error of each element it would have shown: the least of that is the element's sight.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from gradwitness.arrays import Array
from gradwitness.judging.black_box import BlackBox
from gradwitness.judging.conclusion import APART, BUDGET, MEMBERS, RUNGS, Conclusion
from gradwitness.judging.directions import Direction, even, joint, likely
from gradwitness.judging.judgement import Judgement
from gradwitness.judging.measured import Measured
from gradwitness.judging.outputs import FIRST_STEP, FLOAT32, STILL
from gradwitness.judging.point import Point
from gradwitness.judging.second_look import SecondLook

SEEN = 1e-7
"""Of an element's own size: directions are added until an error of this size would be seen, where rounding allows."""
ONE_DIRECTION = 24
"""Evaluations of such a direction, at most as a rule."""
AGAIN = 1.5
"""By how much bars may be wider where something disagrees and is measured a second time, with all noise that can be found.

Measured with errors planted in the 88 functions of trust/user_code at 12 draws of each kind: 1.05 in the median, 1.7 at the 99th
percentile. Sight allows for it."""


class Judge:
    """Judges the gradients of a point.

    claims, spreads   as in BlackBox; zeros for gradients that are not judged
    usable            which are judged
    movable           masks of the elements that may be moved; None for all
    unattributed      whether something is wrong of which nobody knows in which of several gradients
    """

    def __init__(
        self,
        point: Point,
        claims: Sequence[Array],
        spreads: Sequence[Array],
        usable: Sequence[bool],
        detour: bool,
        movable: Sequence[Array] | None = None,
    ) -> None:
        self.point, self.claims = point, list(claims)
        masks = [np.full(s.shape, u) for s, u in zip(point.scales, usable, strict=True)]
        self.movable = masks if movable is None else [mask & part for mask, part in zip(masks, movable, strict=True)]
        self.scales = [np.where(mask, s, 0) for s, mask in zip(point.scales, self.movable, strict=True)]
        self._started = 0 if movable is None else point.evaluations
        self.rng = np.random.default_rng((point.seed, 2))
        self.whole = joint(self.scales, point.arrays, self.rng)
        self._spreads, self._detour, self._looked = spreads, detour, False
        self._begin()

    def _begin(self) -> None:
        with np.errstate(all="ignore"):
            self.box = BlackBox(self.point, self.claims, self._spreads, self.whole, self._detour)
        self.seen = [np.full(array.shape, np.inf) for array in self.point.arrays]
        self.measured: list[Measured] = []
        self.largest = 0.0  # of what the claims contribute along any direction
        self.confirmed = self.unattributed = self.parted = False
        self.more = self.point.evaluations if self._looked else self._started  # evaluations beyond BUDGET, for second looks

    @np.errstate(all="ignore")  # inf and nan are looked at where they arise: a step that leaves the domain
    def judgements(self) -> list[Judgement]:
        """One for each array."""
        try:
            return self._judged()
        except _CoarserError:
            self._begin()
            return self._judged()

    def _judged(self) -> list[Judgement]:
        self._measure(self.whole)
        remaining = list(self.movable)
        while (direction := even(self.claims, self.scales, remaining, self.rng)) is not None:
            reached = self.box.reached(direction)
            if self._measure(direction, reached):
                self._measure_parts(direction, reached)
            if self.point.evaluations + ONE_DIRECTION > BUDGET + self.more:
                break
            remaining = self._remaining(remaining, direction)
        conclusion = Conclusion(self.box, self.measured, self.scales, self.rng, self.sight, self.note, BUDGET + self.more)
        judgements = conclusion.judgements()
        self.unattributed = conclusion.unattributed
        return judgements

    def _measure(self, direction: Direction, reached: Array | None = None) -> bool:
        """Measure along a direction. Returns whether its parts would tell more."""
        if not self.measured:
            found = self.box.along(direction)
            self.box.reach = (found.slope.reach if found.tells else 0.0) or self.box.reach
        else:
            step = FIRST_STEP if reached is not None else None  # what the largest elements bend, others may not
            found = self.box.along(direction, step, RUNGS, reached)
        if found.tells and 0 < found.slope.reach < STILL * FLOAT32:  # float32 inside stands still over such steps
            if SecondLook(self.box).may_be_stairs(found):
                self._look()
            found = SecondLook(self.box).over_stairs(found)
        if not found.agrees and not self.confirmed:
            self._look()
            found = SecondLook(self.box).again(found)
            self.confirmed = not found.agrees
            self.more += APART if self.confirmed else 0
        if found.slope.kind != "smooth":
            self._look()
        if found.slope.kind in ("jump", "undefined"):
            found = SecondLook(self.box).jump(found)
        several = _arrays(direction) > 1
        if found.tells or not several or direction is self.whole:
            self.measured.append(found)
            self.note(found)
        self.largest = max(self.largest, self._size(direction))
        kinked = bool(found.tells and found.half > SEEN * self.largest)
        if not self.parted and (kinked or not found.tells):
            self.parted, self.more = True, self.more + APART
        return kinked or (several and not found.tells)

    def _size(self, direction: Direction) -> float:
        """What the claims contribute along a direction, whatever their signs. A kink that is small against it hides little."""
        pairs = zip(self.claims, direction.parts, strict=True)
        return float(sum(np.sum(np.abs(claim * part)) for claim, part in pairs))

    def _measure_parts(self, whole: Direction, reached: Array | None) -> None:
        """Parts of a direction that tells little, the arrays first: a kink of one element hides errors of all others, and what
        leaves the domain together, as the arguments of x**y do, may not alone. Parts that tell little are parted again.
        """
        waiting = [whole]
        while waiting:
            waiting.sort(key=_arrays)
            direction = waiting.pop()
            several = _arrays(direction) > 1
            for part in _parts(direction, self.point.arrays, self.claims, self.scales, self.rng):
                left = BUDGET + self.more - 4 * MEMBERS - self.point.evaluations  # less those for single elements at a kink
                if several or left >= ONE_DIRECTION:
                    waiting += [part] if self._measure(part, reached) else []

    def _look(self) -> None:
        """Look, once, for a narrow dtype inside: what disagrees may be its steps. Where there is one, all begins anew."""
        if not self._looked:
            self._looked = True
            if self.point.narrowest() is not None:
                raise _CoarserError

    def note(self, found: Measured) -> None:
        """How small an error of each element a measurement would have shown."""
        if found.tells:
            bound = float(found.room + abs(found.excess))
            for seen, part in zip(self.seen, found.direction.parts, strict=True):
                with np.errstate(divide="ignore"):
                    np.minimum(seen, bound / np.abs(np.asarray(part, np.float64)), out=seen)

    def _remaining(self, before: Sequence[Array], direction: Direction) -> list[Array]:
        """Arrays that no even direction took yet; of the others, elements of which an error of SEEN of their own would be missed.

        What an even direction took is taken once more only if it is smaller than the rest.
        """
        left = []
        for mask, seen, claim, part in zip(before, self.seen, self.claims, direction.parts, strict=True):
            size = np.abs(np.asarray(claim, np.float64))
            small = (size > 0) & (size < np.max(size, where=part != 0, initial=0) * SEEN**0.5) & (seen > SEEN * size)
            left.append(mask & small if np.any(part) else mask)
        return left

    def sight(self, which: int) -> float:
        """Of one gradient; see Judgement."""
        largest = float(np.max(np.abs(self.claims[which]), initial=0))
        seen = np.max(self.seen[which], where=self.scales[which] > 0, initial=0)  # of those that can be moved
        return AGAIN * float(seen) / largest if largest > 0 else float("nan")


def _arrays(direction: Direction) -> int:
    """How many arrays it moves."""
    return sum(bool(np.any(part)) for part in direction.parts)


def _parts(
    direction: Direction, arrays: Sequence[Array], claims: Sequence[Array], scales: Sequence[Array], rng: np.random.Generator
) -> Iterator[Direction]:
    """A direction in parts: some of its arrays and the others; of one array what is neither zero nor tied, or else its halves."""
    moved = [which for which, part in enumerate(direction.parts) if np.any(part)]
    if len(moved) > 1:
        for some in (moved[: len(moved) // 2], moved[len(moved) // 2 :]):
            yield direction.within([np.full(array.shape, which in some) for which, array in enumerate(arrays)])
        return
    masks = [part != 0 for part in direction.parts]
    mask, alone = masks[moved[0]], ~likely(arrays[moved[0]])
    numbers = np.flatnonzero(mask)
    halves = [np.isin(np.arange(mask.size), half).reshape(mask.shape) for half in np.array_split(numbers, 2)]
    for chosen in [mask & alone] if (mask & ~alone).any() else halves if len(numbers) > 1 else []:
        masks[moved[0]] = chosen
        if (part := even(claims, scales, masks, rng)) is not None:
            yield part


class _CoarserError(Exception):
    """Forward computes in a dtype that is coarser than was thought."""
