"""The verdict about each gradient of a function at a point: a few directions, and, where one disagrees, a search.

First everything moves at once, each element by its own scale and ties together. Then come even directions: one for the arrays
that contribute most, and more of them for elements that are so small that an error of SEEN of their own size would have been
missed. Each direction says how large an error of each element it would have shown: the least of that is the element's sight.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from gradwitness.arrays import Array
from gradwitness.judging.black_box import FIRST_STEP, BlackBox, Measured
from gradwitness.judging.directions import Direction, even, joint
from gradwitness.judging.locate import EVALUATIONS, Located, Wrong, locate
from gradwitness.judging.point import Point

SEEN = 1e-7
"""Of an element's own size: directions are added until an error of this size would be seen, where rounding allows."""
BUDGET = 130
"""Evaluations for a function that is right; probes and the user's own dtype take 20 more."""
RUNGS = 4
"""Of the ladder of a direction after the first."""
ONE_DIRECTION = 24
"""Evaluations of such a direction, at most as a rule."""
APART = 150
"""Evaluations after which arrays that are wrong together are no longer told apart."""
MEMBERS = 8
"""Elements of a gradient that are looked at alone where it has a kink."""
AGAIN = 1.5
"""By how much bars may be wider where something disagrees and is measured a second time, with all noise that can be found.

Measured with errors planted in the 88 functions of trust/user_code at 12 draws of each kind: 1.05 in the median, 1.7 at the 99th
percentile. Sight allows for it."""
WEAK = 0.25
"""Of the largest element: a gradient of which larger errors would not be seen cannot be called right."""


@dataclass
class Judgement:
    """About one gradient.

    wrong      its wrong elements that were found
    blocks     how many more parts of it disagree that were not searched to the end
    together   elements of which each may be right and all together are wrong: tied ones, at a kink
    still      whether nothing moved: forward returned the same value wherever this array was moved
    sight      the smallest error of any one element that would have been seen, relative to the largest element of the gradient
    """

    verdict: Literal["right", "wrong", "kink", "jump", "undefined", "cannot tell"] = "right"
    wrong: list[Wrong] = field(default_factory=list)
    blocks: int = 0
    sight: float = np.nan
    together: list[tuple[int, ...]] = field(default_factory=list)
    still: bool = False


class Judge:
    """Judges the gradients of a point.

    claims, spreads   as in BlackBox; zeros for gradients that are not judged
    usable            which are judged
    unattributed      whether something is wrong of which nobody knows in which of several gradients
    """

    def __init__(
        self, point: Point, claims: Sequence[Array], spreads: Sequence[Array], usable: Sequence[bool], detour: bool
    ) -> None:
        self.point, self.claims, self.usable = point, list(claims), list(usable)
        self.scales = [s if u else np.zeros_like(s) for s, u in zip(point.scales, usable, strict=True)]
        self.rng = np.random.default_rng((point.seed, 2))
        self.whole = joint(self.scales, point.arrays, self.rng)
        self._spreads, self._detour, self._looked = spreads, detour, False
        self._begin()

    def _begin(self) -> None:
        with np.errstate(all="ignore"):
            self.box = BlackBox(self.point, self.claims, self._spreads, self.whole, self._detour)
        self.seen = [np.full(array.shape, np.inf) for array in self.point.arrays]
        self.measured: list[Measured] = []
        self.confirmed = self.unattributed = False
        self.more = self.point.evaluations if self._looked else 0  # evaluations beyond BUDGET, for second looks

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
        remaining = [np.full(a.shape, u) for a, u in zip(self.point.arrays, self.usable, strict=True)]
        while (direction := even(self.claims, self.scales, remaining, self.rng)) is not None:
            self._measure(direction, self.box.reached(direction))
            if self.point.evaluations + ONE_DIRECTION > BUDGET + self.more:
                break
            remaining = self._remaining(remaining, direction)
        return self._concluded()

    def _measure(self, direction: Direction, reached: Array | None = None) -> None:
        if not self.measured:
            found = self.box.along(direction)
            self.box.reach = found.slope.reach or self.box.reach
        else:
            step = FIRST_STEP if reached is not None else None  # what the largest elements bend, others may not
            found = self.box.along(direction, step, RUNGS, reached)
        if not found.agrees and not self.confirmed:
            self._look()
            before = self.point.evaluations
            found = self.box.again(found)
            self.confirmed = not found.agrees
            self.more += (self.point.evaluations - before if found.tells else 0) + (APART if self.confirmed else 0)
        if found.slope.kind in ("jump", "undefined"):
            self._look()
            found = self.box.jump_again(found)
        self.measured.append(found)
        self._note(found)

    def _look(self) -> None:
        """Look, once, for a narrow dtype inside: what disagrees may be its steps. Where there is one, all begins anew."""
        if not self._looked:
            self._looked = True
            if self.point.narrowest() is not None:
                raise _CoarserError

    def _note(self, found: Measured) -> None:
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
        return AGAIN * float(np.max(self.seen[which], initial=0)) / largest if largest > 0 else float("nan")

    # What the measurements say.

    def _concluded(self) -> list[Judgement]:
        found = [Judgement() for _ in self.claims]
        self._kinds(found)
        disagreeing = [m for m in self.measured if not m.agrees]
        blamed = self._blamed([m for m in disagreeing if m.direction.balanced] or disagreeing, found)
        left = EVALUATIONS
        for number, (which, one) in enumerate(blamed):
            before = self.point.evaluations
            found[which].verdict = "wrong"
            if not self._explained(one, found):
                self._enter(found, which, locate(self.box, one, left // (len(blamed) - number)))
            left -= self.point.evaluations - before
        if not disagreeing and any(judgement.verdict == "kink" for judgement in found):
            self._members(found)
        for which, judgement in enumerate(found):
            judgement.sight = self.sight(which)
            judgement.still = all(m.still for m in self.measured if np.any(m.direction.parts[which]))
            if judgement.verdict == "right" and not judgement.sight <= WEAK and np.any(self.claims[which]):
                judgement.verdict = "cannot tell"
        return found

    def _kinds(self, found: list[Judgement]) -> None:
        """Kinks, jumps and slopes that are not there, attributed to the arrays that have them."""
        for one in self.measured:
            moved = self._moved(one.direction)
            if one.slope.kind == "smooth" and one.tells:
                continue
            for which in moved:
                kind = (one if len(moved) == 1 else self._alone(one.direction, which)).slope.kind
                if kind != "smooth":
                    found[which].verdict = kind
            return

    def _members(self, found: list[Judgement]) -> None:
        """Some elements that may lie at a kink, each alone: zeros, and ties. Moved with others, one of them may hide."""
        for which, judgement in enumerate(found):
            array = self.point.arrays[which]
            _, inverse, count = np.unique(array, return_inverse=True, return_counts=True)
            candidates = np.flatnonzero(np.ravel((array == 0) | (count[inverse].reshape(array.shape) > 1)))
            for number in self.rng.permutation(candidates)[:MEMBERS] if judgement.verdict == "kink" else ():
                if self.point.evaluations + 4 > BUDGET:
                    return
                index = tuple(int(i) for i in np.unravel_index(int(number), array.shape))
                parts = [np.zeros_like(a) for a in self.point.arrays]
                parts[which][index] = self.scales[which][index]
                one = self.box.quickly(Direction(tuple(parts), "one element"), self.box.reach * 2.0**-6)
                if not one.agrees:
                    judgement.verdict = "wrong"
                    weight = np.longdouble(parts[which][index])
                    truth = np.longdouble(self.claims[which][index]) + one.excess / weight
                    judgement.wrong.append(Wrong(which, index, truth, one.room / weight))

    def _alone(self, direction: Direction, which: int) -> Measured:
        alone = [np.full(array.shape, i == which) for i, array in enumerate(self.point.arrays)]
        return self.box.along(direction.within(alone), rungs=RUNGS)

    def _moved(self, direction: Direction) -> list[int]:
        return [which for which, part in enumerate(direction.parts) if np.any(part)]

    def _explained(self, one: Measured, found: Sequence[Judgement]) -> bool:
        """Whether the wrong elements that are known explain what disagrees along a direction."""
        excess, room = one.excess, one.room
        for which, judgement in enumerate(found):
            for element in judgement.wrong:
                weight = np.longdouble(one.direction.parts[which][element.index])
                excess -= weight * (element.truth - self.claims[which][element.index])
                room += abs(weight) * element.bar
        return bool(abs(excess) <= room)

    def _blamed(self, disagreeing: Sequence[Measured], found: list[Judgement]) -> list[tuple[int, Measured]]:
        """The gradients that disagree along some directions, each with a direction that moves its array alone."""
        blamed = []
        start = self.point.evaluations
        waiting = [(one, self._moved(one.direction)) for one in sorted(disagreeing, key=_ratio)]
        while waiting:
            one, arrays = waiting.pop()
            if one.agrees:
                continue
            if len(arrays) == 1:
                blamed.append((arrays[0], one))
            elif self.point.evaluations - start > APART:
                self.unattributed = True
                for which in arrays:
                    found[which].verdict = "cannot tell"
            else:
                half = len(arrays) // 2
                waiting += [(self._part(one, part), part) for part in (arrays[half:], arrays[:half])]
        return blamed

    def _part(self, one: Measured, arrays: Sequence[int]) -> Measured:
        """A direction for some arrays alone."""
        masks = [np.full(array.shape, i in arrays) for i, array in enumerate(self.point.arrays)]
        part = self.box.along(one.direction.within(masks), one.slope.reach, RUNGS, one.reached)
        self._note(part)
        return part

    def _enter(self, found: list[Judgement], which: int, located: Located) -> None:
        judgement = found[which]
        judgement.wrong += located.wrong
        judgement.blocks += len(located.unsearched)
        start = sum(claim.size for claim in self.claims[:which])
        for number in (int(n) for block in located.together for n in block):
            index = np.unravel_index(number - start, self.claims[which].shape)
            judgement.together.append(tuple(int(i) for i in index))


class _CoarserError(Exception):
    """Forward computes in a dtype that is coarser than was thought."""


def _ratio(one: Measured) -> float:
    return float(abs(one.excess) / one.room)
