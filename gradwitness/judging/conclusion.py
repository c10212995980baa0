"""What measurements along directions say about each gradient: kinks, which gradient is wrong, and which of its elements."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from gradwitness.arrays import Array
from gradwitness.judging.black_box import BlackBox
from gradwitness.judging.directions import Direction, likely
from gradwitness.judging.inside import Inside
from gradwitness.judging.judgement import Judgement
from gradwitness.judging.locate import EVALUATIONS, Located, Wrong, locate
from gradwitness.judging.measured import Measured
from gradwitness.judging.nearby import Nearby
from gradwitness.judging.outputs import FLOAT32
from gradwitness.judging.second_look import SecondLook

BUDGET = 130
"""Evaluations for a function that is right; probes and the user's own dtype take 20 more."""
RUNGS = 4
"""Of the ladder of a direction after the first."""
APART = 150
"""Evaluations after which arrays that are wrong together are no longer told apart."""
EACH = 30
"""Of them for each array, and for the search in it, where there are so many that this is more: a recurrent cell has ten."""
MEMBERS = 8
"""Elements of a gradient that are looked at alone where it has a kink."""
SEVERAL, NEARBY, CLOSE, VARIES = 2, 6, 2.0**-10, 8
"""Outputs that bend; gradients nearby that are asked for, and how near, as a share of an element's own size; and how much further
off than they are from each other a member of the set that they span may be."""
DIGITS = 2.0**-20
"""Of what the elements contribute along a direction: what float32 rounds. It has 24 bits."""
WEAK = 0.25
"""Of the largest element: a gradient of which larger errors would not be seen cannot be called right."""


class Conclusion:
    """The conclusion from measurements.

    scales         first steps for each element; zero for arrays that are not judged
    sight          array number -> its sight
    note           is told of each further measurement
    budget         evaluations after which single elements are no longer looked at
    unattributed   whether something is wrong of which nobody knows in which of several gradients
    """

    def __init__(
        self,
        box: BlackBox,
        measured: Sequence[Measured],
        scales: Sequence[Array],
        rng: np.random.Generator,
        sight: Callable[[int], float],
        note: Callable[[Measured], None],
        budget: int = BUDGET,
    ) -> None:
        self.box, self.point, self.claims = box, box.point, box.claims
        self.measured, self.scales, self.rng, self.sight = measured, scales, rng, sight
        self.note, self.budget = note, budget
        self.unattributed = False

    def judgements(self) -> list[Judgement]:
        """One for each array."""
        found = [Judgement() for _ in self.claims]
        self._kinds(found)
        disagreeing = [m for m in self.measured if not m.agrees and not self._is_limit(m)]
        blamed = self._blamed([m for m in disagreeing if m.direction.balanced] or disagreeing, found)
        left = max(EVALUATIONS, EACH * len(blamed))
        for number, (which, one) in enumerate(blamed):
            before = self.point.evaluations
            found[which].verdict = "wrong"
            if not self._explained(one, found):
                self._enter(found, which, locate(self.box, one, left // (len(blamed) - number)))
            left -= self.point.evaluations - before
        if not disagreeing and any(judgement.verdict == "kink" for judgement in found):
            self._members(found)
        self._tied(found, disagreeing)
        self._inside(found, disagreeing)
        self._across(found)
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
            if len(moved) > 1:
                return

    def _members(self, found: list[Judgement]) -> None:
        """Some elements that may lie at a kink, each alone: zeros, and ties. Moved with others, one of them may hide."""
        for which, judgement in enumerate(found):
            array = self.point.arrays[which]
            candidates = np.flatnonzero(likely(array))
            for number in self.rng.permutation(candidates)[:MEMBERS] if judgement.verdict == "kink" else ():
                if self.point.evaluations + 4 > self.budget:
                    return
                index = tuple(int(i) for i in np.unravel_index(int(number), array.shape))
                parts = [np.zeros_like(a) for a in self.point.arrays]
                parts[which][index] = self.scales[which][index]
                one = self.box.quickly(Direction(tuple(parts), "one element"), self.box.reach * 2.0**-6)
                if not one.agrees and not self._is_limit(one):
                    judgement.verdict = "wrong"
                    weight = np.longdouble(parts[which][index])
                    truth = np.longdouble(self.claims[which][index]) + one.excess / weight
                    judgement.wrong.append(Wrong(which, index, truth, one.room / weight))

    def _across(self, found: list[Judgement]) -> None:
        """Values of several arrays that tie, as in the maximum of two: moved together, for each may get the whole, or none."""
        kinked = [which for which, judgement in enumerate(found) if judgement.verdict == "kink"]
        if len(kinked) < 2 or self.box.noise.grain > FLOAT32 or any(judgement.verdict == "wrong" for judgement in found):
            return
        nearby = self._nearby(found)
        direction = nearby.ties.across(kinked)
        if direction is None:
            return
        one = SecondLook(self.box).again(self.box.along(direction))
        if not nearby.fits(one) and not Inside(self.box, self.scales, self.rng).explains([], [one]):
            for which in kinked:
                moved = [tuple(int(i) for i in index) for index in np.argwhere(direction.parts[which])]
                if moved:
                    found[which].verdict, found[which].together = "wrong", moved

    def _tied(self, found: list[Judgement], disagreeing: Sequence[Measured]) -> None:
        """What looks wrong and is a member of the gradient all the same: limits of the gradients nearby, as where values tie."""
        odd = [judgement for judgement in found if judgement.verdict == "wrong"]
        if not odd or self.unattributed or any(judgement.together for judgement in odd):
            return
        wrong = [element for judgement in odd for element in judgement.wrong]
        nearby = self._nearby(found)
        if nearby.are_members(wrong) or (not wrong and all(map(nearby.is_limit, disagreeing))):
            for judgement in odd:
                judgement.verdict, judgement.wrong, judgement.blocks, judgement.nearby = "kink", [], 0, True

    def _nearby(self, found: Sequence[Judgement]) -> Nearby:
        jumps = any(judgement.verdict == "jump" for judgement in found)
        return Nearby(self.box, list(self.scales), self.rng, jumps)

    def _inside(self, found: list[Judgement], disagreeing: Sequence[Measured]) -> None:
        """What looks wrong, and is the sum of members of several parts that are at kinks."""
        odd = [judgement for judgement in found if judgement.verdict == "wrong"]
        wrong = [element for judgement in odd for element in judgement.wrong]
        if odd and not self.unattributed and Inside(self.box, self.scales, self.rng).explains(wrong, disagreeing):
            for judgement in odd:
                judgement.verdict, judgement.inside = "kink", True
                judgement.wrong, judgement.together, judgement.blocks = [], [], 0

    def _is_limit(self, one: Measured) -> bool:
        """Whether a claim beyond its one-sided derivatives may be a member of the gradient all the same.

        Where one output bends, the set of gradients lies between the slopes of both sides. Where several do, as eigenvalues that
        coincide, it may be wider: it is spanned by the gradients nearby, of which some are asked for.
        """
        if one.half == 0 or self.box.bends(one) < SEVERAL:
            return False
        near = []
        for _ in range(NEARBY):
            move = [scale * self.rng.choice([-1.0, 1.0], size=scale.shape) for scale in self.scales]
            gradients = self.point.gradients(self.point.moved(CLOSE, move))
            near.append(
                one.direction.of(
                    [np.zeros_like(p) if g is None else g for g, p in zip(gradients, one.direction.parts, strict=True)]
                )
            )
        return bool(VARIES * (max(near) - min(near)) >= abs(one.excess))

    def _alone(self, direction: Direction, which: int) -> Measured:
        alone = [np.full(array.shape, i == which) for i, array in enumerate(self.point.arrays)]
        found = self.box.along(direction.within(alone), rungs=RUNGS)
        return SecondLook(self.box).jump(found) if found.slope.kind == "jump" else found

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
        most = self.point.evaluations + max(APART, EACH * len(self.claims))
        waiting = [(one, self._moved(one.direction)) for one in sorted(disagreeing, key=_ratio)]
        while waiting:
            one, arrays = waiting.pop()
            if one.agrees:
                continue
            if len(arrays) == 1:
                blamed.append((arrays[0], one))
            elif self.point.evaluations > most:
                self.unattributed = True
                for which in arrays:
                    found[which].verdict = "cannot tell"
            else:
                half = len(arrays) // 2
                waiting += [(self._part(one, part), part) for part in (arrays[half:], arrays[:half])]
        sure = [(which, one) for which, one in blamed if not self._is_rounding(one)] if len(blamed) > 1 else blamed
        return sure or blamed

    def _is_rounding(self, one: Measured) -> bool:
        """Whether a gradient is off by the rounding of a buffer of float32 alone, beside others that are wrong.

        The look at what disagreed along all of them has seen the larger mistake.
        """
        size = sum(float(np.abs(claim * part).sum()) for claim, part in zip(self.claims, one.direction.parts, strict=True))
        if one.slope.kind != "smooth" or abs(one.excess) > DIGITS * size:
            return False
        return SecondLook(self.box).again(one).agrees

    def _part(self, one: Measured, arrays: Sequence[int]) -> Measured:
        """A direction for some arrays alone."""
        masks = [np.full(array.shape, i in arrays) for i, array in enumerate(self.point.arrays)]
        part = self.box.along(one.direction.within(masks), one.slope.reach, RUNGS, one.reached)
        self.note(part)
        return part

    def _enter(self, found: list[Judgement], which: int, located: Located) -> None:
        judgement = found[which]
        surest = sorted([*judgement.wrong, *located.wrong], key=lambda element: element.bar)  # several directions find the same
        known = {element.index: element for element in reversed(surest)}
        judgement.wrong = [known[index] for index in sorted(known)]
        judgement.blocks += len(located.unsearched)
        start = sum(claim.size for claim in self.claims[:which])
        for number in (int(n) for block in located.together for n in block):
            index = np.unravel_index(number - start, self.claims[which].shape)
            judgement.together.append(tuple(int(i) for i in index))


def _ratio(one: Measured) -> float:
    return float(abs(one.excess) / one.room)
