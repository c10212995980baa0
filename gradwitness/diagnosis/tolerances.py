"""Forwards that end at a tolerance, as solvers do. What their values leave looks like a small error of the gradient.

The gradient that the implicit function theorem gives is that of the solution. Differences see what forward returns, which is off
by as much as its tolerance allows, and its slope with it. The two are told apart by another tolerance: with a tighter one in the
user's own code, what disagrees falls as the tolerance does. A mistake stays.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from types import CodeType
from typing import NamedTuple

import numpy as np

from gradwitness.diagnosis.case import Case, Measurement
from gradwitness.diagnosis.edits.editing import Editing, retraced, untraced
from gradwitness.diagnosis.edits.endings import Ending, endings
from gradwitness.diagnosis.edits.source import Source, swapped
from gradwitness.diagnosis.evidence import box_of
from gradwitness.diagnosis.measuring import measure
from gradwitness.diagnosis.tighter import Tighter
from gradwitness.judging.gradients import gradients
from gradwitness.judging.point import Point
from gradwitness.subjects.errors import BadCall, UserError

TIGHTER, MUCH_TIGHTER = (2.0**-10, 2.0**-4), 2.0**-24
"""Times the tolerance. The second is for tolerances near the last digit: with a thousandth of those a loop would not end. The
last is for solvers that do almost the same with the first: each of their steps doubles the digits, or the last one finds the
solution. So do conjugate gradients, though not where the matrix is moved and not symmetric any more.
"""
SHARE, UNSEEN = 2.0**-2, 2.0**-9
"""Of a disagreement, and of the largest element: what may be left then, at most."""
LARGEST = 2.0**-3
"""Of the largest element: a gradient that is off by more is wrong, whatever forward leaves."""
NEAR = 2.0**6
"""Times what a gradient is off: so far the values of forward may move, and never by more than LARGEST."""
FAINT, FLAT = 2.0**-30, 1.0
"""Of the largest element: an error that a gradient is judged wrong by, and that the measurements of a case do not show; and one
where forward returned the same for small steps, as a search does that compares values and ends where they are about the same.
"""
MOST = 8
"""Places that are tried."""
Left = Callable[[Point], Mapping[int, float]]
"""The share of each disagreement that is left where the code has other tolerances."""


class Told(NamedTuple):
    """What falls with a tolerance: the solver in words, by how much it is tightened, and the share that is left of each."""

    words: str
    times: float
    left: Mapping[int, float]

    def said(self, which: int, amount: float) -> str:
        """Of a gradient in words, where so much of the largest element disagrees."""
        if amount in (FAINT, FLAT):
            steps = ", and returns the same for inputs that are near" if amount == FLAT else ""
            return f"A solver ends at a tolerance, {self.words}{steps}. With 1/{1 / self.times:.0f} of it the gradient agrees"
        return (
            f"A solver ends at a tolerance, {self.words}. What that leaves is all that differs, {amount:.1g} of the largest "
            f"element: of that at most {self.falls(which)}. Smaller errors stay hidden"
        )

    def falls(self, which: int) -> str:
        """What is left of what disagreed."""
        return f"{self.left[which]:.1g} is left with 1/{1 / self.times:.0f} of the tolerance"


def left_by_tolerance(
    tolerances: Callable[[], Tolerances], cases: Mapping[int, Case], faint: Collection[int] = ()
) -> dict[int, tuple[str, float]]:
    """What is said of gradients that are off by what a tolerance of forward leaves, and how much that is of the largest element.

    Those that are off by something else are left out. About 100 evaluations for each gradient that is off by little.

    tolerances   of the code; asked for where a gradient may be one of these
    faint        gradients that are wrong, though by less than the measurements of a case show
    """
    seen = {which: case.off for which, case in cases.items() if 0 < case.off <= LARGEST}
    unshown = dict.fromkeys(faint, FAINT) | {which: FLAT for which, case in cases.items() if is_flat(case)}
    amounts = unshown | seen
    sights = dict(amounts)
    if not amounts:
        return {}
    known = tolerances()

    def left(other: Point) -> Mapping[int, float]:
        box = box_of(other)
        shares = {which: _share(cases[which].measurements, measure(box, which, cases[which].wrong)) for which in seen}
        judged = {finding.about: finding for finding in gradients(other)} if unshown.keys() - seen.keys() else {}
        for which in unshown.keys() - seen.keys():
            finding = judged.get(f"d{other.function.leaves[which].name}")
            if finding is not None and finding.verdict == "right":
                shares[which], sights[which] = 0.0, max(finding.sight, unshown[which] if which in faint else 0.0)
        return shares

    told = known.told(left, amounts)
    return {which: (told.said(which, amounts[which]), sights[which]) for which in told.left} if told else {}


def is_flat(case: Case) -> bool:
    """Whether forward returned the same for small steps, where there is a gradient."""
    return case.fits and bool(case.wrong) and all(abs(truth) <= bar for truth, bar in case.elements.values())


class Tolerances:
    """The tolerances in the user's code at a point."""

    def __init__(self, point: Point, cases: Mapping[int, Case]) -> None:
        self._point = point
        with untraced(point.function), np.errstate(all="ignore"):
            self._editing = Editing(point, cases)
        found = [each for source, run in self._editing.sources for each in endings(source, run.lines, run.values)]
        self._places = list({id(place.node): place for place in found}.values())[:MOST]
        self._same = False

    def told(self, left: Left, amounts: Mapping[int, float]) -> Told | None:
        """Which of them decide about some of what disagrees; None if they decide about nothing.

        amounts   by which it disagrees, as shares: what forward returns moves by about as much
        """
        best: Told | None = None
        waiting = [*TIGHTER, MUCH_TIGHTER] if self._places else []
        while waiting and (best is None or len(best.left) < len(amounts)):
            told = self._tried(left, amounts, waiting.pop(0))
            if told and (best is None or len(told.left) > len(best.left)):
                best = told
            waiting = [MUCH_TIGHTER] if self._same and waiting else waiting
        return best

    def _tried(self, left: Left, amounts: Mapping[int, float], times: float) -> Told | None:
        """All places at once; then each alone, to name the one that matters, if there is one."""
        found = self._left(self._places, left, amounts, times)
        if not found:
            return None
        for place in self._places if len(self._places) > 1 else ():
            if found.keys() <= self._left([place], left, amounts, times).keys():
                return Told(_words([place]), times, found)
        return Told(_words(self._places), times, found)

    def _left(self, places: Sequence[Ending], left: Left, amounts: Mapping[int, float], times: float) -> Mapping[int, float]:
        """Which share is left of what falls with other tolerances; nothing where the code raises."""
        self._same = False
        errors = suppress(UserError, BadCall, ArithmeticError, TimeoutError)
        with self._tighter(places, times) as other, errors, np.errstate(all="ignore"):
            if other is not None:
                self._same = np.array_equal(other.flat, self._point.flat)
                if _is_near(other, self._point, max(amounts.values())):
                    return {which: share for which, share in left(other).items() if share <= min(SHARE, UNSEEN / amounts[which])}
        return {}

    @contextmanager
    def sharper(self) -> Iterator[tuple[Point, str] | None]:
        """The point with the tightest tolerances that change what forward returns, and in words; None if none does."""
        for times in (MUCH_TIGHTER, *TIGHTER):
            ending = [place for place in self._places if place.ends(times)]
            for places in [ending, *([place] for place in ending[1:] and ending)]:  # one may be handed on as another
                with self._tighter(places, times) as other:
                    if (
                        other is not None
                        and not np.array_equal(other.flat, self._point.flat)
                        and _is_near(other, self._point, FLAT)
                    ):
                        yield other, f"Seen with a solver's tolerance times {times:.1g}, {_words(places)}"
                        return
        yield None

    @contextmanager
    def _tighter(self, places: Sequence[Ending], times: float) -> Iterator[Point | None]:
        """The point of the code with other tolerances, as long as it is asked; None where it raises, or would not end."""
        point, other = self._point, None
        if hasattr(point.function, "backend"):  # a compiled loop cannot be broken off
            places = [place for place in places if place.ends(times)]
        with ExitStack() as stack:
            with suppress(UserError, BadCall, ArithmeticError, TimeoutError), np.errstate(all="ignore"):
                codes = _edited(self._editing, places, times) if places else {}
                for source, code in codes.items():
                    stack.enter_context(swapped(source, code))
                if codes:
                    stack.enter_context(retraced(point.function))
                    other = Tighter(point.function, point.seed, point.state, point.dtype)
            try:
                yield other
            finally:
                point.evaluations += other.evaluations if other else 0


def _is_near(other: Point, point: Point, share: float) -> bool:
    """Whether forward returns almost the same: a solution that is nearer, and not another function."""
    if other.flat.shape != point.flat.shape:
        return False
    largest = float(np.max(np.abs(point.flat), initial=0))
    return bool(np.max(np.abs(other.flat - point.flat), initial=0) <= min(NEAR * share, LARGEST) * largest)


def _share(before: Sequence[Measurement], after: Sequence[Measurement]) -> float:
    """The most that is left of the largest excess: along the direction that shows it best as it is, along others less its bar."""
    pairs = [(one, other) for one in before for other in after if np.array_equal(one.direction, other.direction)]
    pairs = sorted((pair for pair in pairs if abs(pair[0].excess) > pair[0].bar), key=lambda p: p[0].bar / abs(p[0].excess))
    if not pairs:
        return float("inf")
    sizes = [float(np.max(np.abs(one.direction))) for one, _ in pairs]
    largest = max(abs(one.excess) / size for (one, _), size in zip(pairs, sizes, strict=True))
    seen = [abs(other.excess) - (other.bar if number else 0) for number, (_, other) in enumerate(pairs)]
    return max(each / size for each, size in zip(seen, sizes, strict=True)) / largest


def _edited(editing: Editing, places: Sequence[Ending], times: float) -> dict[Source, CodeType]:
    """The code of each definition, with its tolerances times a number; those of functions that it makes are part of it."""
    codes = {}
    for definition in dict.fromkeys(place.source.definition for place in places):
        own = [place for place in places if place.source.definition is definition]
        source = own[0].source
        edits = [place.edit(times) for place in own]
        for edit in edits[1:]:
            edit.apply()
        try:
            code = editing.code(source, edits[0])
        finally:
            for edit in edits[1:]:
                edit.undo()
        if code is not None:
            codes[source] = code
    return codes


def _words(places: Sequence[Ending]) -> str:
    line = ast.unparse(places[0].site.statement).splitlines()[0]
    more = f" (and {len(places) - 1} more)" if len(places) > 1 else ""
    return f"{places[0].words}{more}: {line}"
