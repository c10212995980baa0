"""Forwards that end at a tolerance, as solvers do. What their values leave looks like a small error of the gradient.

The gradient that the implicit function theorem gives is that of the solution. Differences see what forward returns, which is off
by as much as its tolerance allows, and its slope with it. The two are told apart by another tolerance: with a tighter one in the
user's own code, what disagrees falls as the tolerance does. A mistake stays.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from types import CodeType
from typing import NamedTuple

import numpy as np

from gradwitness.diagnosis.case import Case, Measurement
from gradwitness.diagnosis.edits.editing import Editing, retraced, untraced
from gradwitness.diagnosis.edits.endings import Ending, endings
from gradwitness.diagnosis.edits.source import Source, swapped
from gradwitness.diagnosis.evidence import box_of
from gradwitness.diagnosis.measuring import measure
from gradwitness.judging.point import Point
from gradwitness.subjects.errors import BadCall, UserError

TIGHTER, MUCH_TIGHTER = (2.0**-10, 2.0**-4), 2.0**-24
"""Times the tolerance. The second is for tolerances near the last digit: with a thousandth of those a loop would not end. The
last is for solvers that do the same with the first: each of their steps doubles the digits.
"""
SHARE = 2.0**-2
"""Of a disagreement: what may be left of it then, at most."""
LARGEST = 2.0**-7
"""Of the largest element: a gradient that is off by more is wrong, whatever forward leaves."""
NEAR = 2.0**6
"""Times what a gradient is off: so far the values of forward may move."""
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
        return (
            f"A solver ends at a tolerance, {self.words}. What that leaves is all that differs, {amount:.1g} of the largest "
            f"element: of that at most {self.falls(which)}. Smaller errors stay hidden"
        )

    def falls(self, which: int) -> str:
        """What is left of what disagreed."""
        return f"{self.left[which]:.1g} is left with 1/{1 / self.times:.0f} of the tolerance"


def left_by_tolerance(point: Point, cases: Mapping[int, Case]) -> dict[int, tuple[str, float]]:
    """What is said of gradients that are off by what a tolerance of forward leaves, and how much that is of the largest element.

    None where any of them is off by something else. About 100 evaluations for each gradient, and only where all that disagrees is
    small.
    """
    amounts = {which: case.off for which, case in cases.items()}
    if not cases or not all(0 < amount <= LARGEST for amount in amounts.values()):
        return {}

    def left(other: Point) -> Mapping[int, float]:
        box = box_of(other)
        return {which: _share(case.measurements, measure(box, which, case.wrong)) for which, case in cases.items()}

    told = Tolerances(point, cases).told(left, max(amounts.values()))
    return {which: (told.said(which, amount), amount) for which, amount in amounts.items()} if told else {}


def linear_but_for_tolerance(point: Point) -> str:
    """What is said of a backward that is not linear in the cotangent, if a tolerance leaves that: its solver takes other steps.

    Empty if that is not the reason. A few evaluations.
    """
    amount = _nonlinear(point)
    if not 0 < amount <= LARGEST:
        return ""
    told = Tolerances(point, {}).told(lambda other: {0: _nonlinear(other) / amount}, amount)
    if told is None:
        return ""
    return (
        f"Backward is linear in dout but for what its solver leaves, which ends at a tolerance, {told.words}: {amount:.1g} of "
        f"the largest element, of which at most {told.falls(0)}"
    )


class Tolerances:
    """The tolerances in the user's code at a point."""

    def __init__(self, point: Point, cases: Mapping[int, Case]) -> None:
        self._point = point
        with untraced(point.function), np.errstate(all="ignore"):
            self._editing = Editing(point, cases)
        found = [each for source, run in self._editing.sources for each in endings(source, run.lines, run.values)]
        self._places = list({id(place.node): place for place in found}.values())[:MOST]
        self._same = False

    def told(self, left: Left, amount: float) -> Told | None:
        """Which of them decide about a disagreement; None if they do not.

        amount   by which something disagrees, as a share: what forward returns moves by about as much
        """
        if not self._places:
            return None
        for times in TIGHTER:
            if told := self._tried(left, amount, times):
                return told
            if self._same:
                return self._tried(left, amount, MUCH_TIGHTER)
        return None

    def _tried(self, left: Left, amount: float, times: float) -> Told | None:
        """All places at once; then each alone, to name the one that matters, if there is one."""
        found = self._left(self._places, left, amount, times)
        if not found or max(found.values()) > SHARE:
            return None
        for place in self._places if len(self._places) > 1 else ():
            alone = self._left([place], left, amount, times)
            if alone and max(alone.values()) <= SHARE:
                return Told(_words([place]), times, found)
        return Told(_words(self._places), times, found)

    def _left(self, places: Sequence[Ending], left: Left, amount: float, times: float) -> Mapping[int, float]:
        """Which share of what disagrees is left with other tolerances; nothing where the code raises."""
        point, self._same = self._point, False
        with ExitStack() as stack, suppress(UserError, BadCall, ArithmeticError), np.errstate(all="ignore"):
            for source, code in _edited(self._editing, places, times).items():
                stack.enter_context(swapped(source, code))
            stack.enter_context(retraced(point.function))
            other = Point(point.function, point.seed, point.state, point.dtype)
            self._same = np.array_equal(other.flat, point.flat)
            if not _is_near(other, point, amount):
                return {}
            try:
                return left(other)
            finally:
                point.evaluations += other.evaluations
        return {}


def _nonlinear(point: Point) -> float:
    """By how much backward is not linear in the cotangent, as a share of its largest element."""
    rng = np.random.default_rng(5)
    douts = [rng.normal(size=out.shape).astype(out.dtype) for out in point.outs]
    one, scaled = point.gradients(point.arrays, douts), point.gradients(point.arrays, [-2 * dout for dout in douts])
    pairs = [(np.asarray(g), np.asarray(h)) for g, h in zip(one, scaled, strict=True) if g is not None and h is not None]
    apart = [np.max(np.abs(h / -2 - g), initial=0) / np.max(np.abs(g), initial=1e-300) for g, h in pairs if g.size]
    return float(max(apart, default=0.0))


def _is_near(other: Point, point: Point, share: float) -> bool:
    """Whether forward returns almost the same: a solution that is nearer, and not another function."""
    if other.flat.shape != point.flat.shape:
        return False
    largest = float(np.max(np.abs(point.flat), initial=0))
    return bool(np.max(np.abs(other.flat - point.flat), initial=0) <= NEAR * share * largest)


def _share(before: Sequence[Measurement], after: Sequence[Measurement]) -> float:
    """The most that is left of an excess: along the direction that shows it best as it is, along others less its bar."""
    pairs = [(one, other) for one in before for other in after if np.array_equal(one.direction, other.direction)]
    pairs = sorted((pair for pair in pairs if abs(pair[0].excess) > pair[0].bar), key=lambda p: p[0].bar / abs(p[0].excess))
    if not pairs:
        return float("inf")
    best = [abs(other.excess) / abs(one.excess) for one, other in pairs[:1]]
    return max(best + [(abs(other.excess) - other.bar) / abs(one.excess) for one, other in pairs[1:]])


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
