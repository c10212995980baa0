"""Forwards that end at a tolerance, as solvers do. What their values leave looks like a small error of the gradient.

The gradient that the implicit function theorem gives is that of the solution. Differences see what forward returns, which is off
by as much as its tolerance allows, and its slope with it. The two are told apart by another tolerance: with a tighter one in the
user's own code, what disagrees falls as the tolerance does. A mistake stays.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from types import CodeType
from typing import NamedTuple

import numpy as np

from gradwitness.diagnosis.case import Case, Measurement
from gradwitness.diagnosis.edits.editing import Editing, untraced
from gradwitness.diagnosis.edits.sites import Edit, Site
from gradwitness.diagnosis.edits.source import Definition, Source, swapped
from gradwitness.diagnosis.evidence import box_of
from gradwitness.diagnosis.measuring import measure
from gradwitness.judging.point import Point
from gradwitness.subjects.errors import BadCall, UserError

TIGHTER = ((2.0**-10, 2.0**-4), (2.0**-4, 2.0**-2))
"""Times the tolerance, and what may be left of a disagreement then. The second is for tolerances near the last digit: with a
thousandth of those a loop would not end."""
LARGEST = 2.0**-7
"""Of the largest element: a gradient that is off by more is wrong, whatever forward leaves."""
NEAR = 2.0**6
"""Times what a gradient is off: so far the values of forward may move."""
NAMES = re.compile(r"tol|eps|thresh|accuracy|precision", re.IGNORECASE)
"""What a tolerance is called in a condition."""
HANDED = re.compile(r"tol", re.IGNORECASE)
"""And as an argument of a solver; eps is something else there, as in a layer norm."""
HOLDING = (ast.Return, ast.Assign, ast.Lambda)
"""What may hold the condition of a loop."""
SMALL = (1e-30, 1e-2)
"""Between these lies a tolerance that is written as a number."""
MOST = 8
"""Places that are tried."""


class Place(NamedTuple):
    """A tolerance in the user's code."""

    source: Source
    site: Site
    node: ast.expr


def left_by_tolerance(point: Point, cases: Mapping[int, Case]) -> dict[int, tuple[str, float]]:
    """What is said of gradients that are off by what a tolerance of forward leaves, and how much that is of the largest element.

    None where any of them is off by something else. About 100 evaluations for each gradient, and only where all that disagrees is
    small.
    """
    if not cases or not all(0 < off(case) <= LARGEST for case in cases.values()):
        return {}
    with untraced(point.function), np.errstate(all="ignore"):
        editing = Editing(point, cases)
        found = [Place(source, *each) for source, run in editing.sources for each in _tolerances(source.inner, run.lines)]
        places = list({id(place.node): place for place in found}.values())[:MOST]
        for times, share in TIGHTER if places else ():
            left = _left(point, cases, editing, places, times)
            if left and max(left.values()) <= share:
                named = _decisive(point, cases, editing, places, times, share)
                return {which: (_said(named, off(case), left[which], times), off(case)) for which, case in cases.items()}
    return {}


def off(case: Case) -> float:
    """By how much a gradient is off, as a share of its largest element: the most that was measured; inf if it fits nothing."""
    largest = float(np.max(np.abs(case.claimed), initial=0))
    if not case.fits or not largest:
        return float("inf")
    return max((abs(one.excess) / float(np.max(np.abs(one.direction))) for one in case.measurements), default=0.0) / largest


def _left(point: Point, cases: Mapping[int, Case], editing: Editing, places: Sequence[Place], times: float) -> dict[int, float]:
    """Which share of what disagrees is left with other tolerances, for each gradient; nothing where the code raises."""
    left: dict[int, float] = {}
    with ExitStack() as stack, suppress(UserError, BadCall, ArithmeticError):
        for source, code in _edited(editing, places, times).items():
            stack.enter_context(swapped(source, code))
        other = Point(point.function, point.seed, point.state, point.dtype)
        if not _is_near(other, point, max(map(off, cases.values()))):
            return {}
        box = box_of(other)
        for which, case in cases.items():
            left[which] = _share(case.measurements, measure(box, which, case.wrong))
        point.evaluations += other.evaluations
    return left


def _is_near(other: Point, point: Point, share: float) -> bool:
    """Whether forward returns almost the same: a solution that is nearer, and not another function."""
    if other.flat.shape != point.flat.shape:
        return False
    largest = float(np.max(np.abs(point.flat), initial=0))
    return bool(np.max(np.abs(other.flat - point.flat), initial=0) <= NEAR * share * largest)


def _share(before: Sequence[Measurement], after: Sequence[Measurement]) -> float:
    """The most that is left of an excess: along the direction that shows it best with its bar, along others less it."""
    pairs = [(one, other) for one in before for other in after if np.array_equal(one.direction, other.direction)]
    pairs = sorted((pair for pair in pairs if abs(pair[0].excess) > pair[0].bar), key=lambda p: p[0].bar / abs(p[0].excess))
    if not pairs:
        return float("inf")
    best = [(abs(other.excess) + other.bar) / abs(one.excess) for one, other in pairs[:1]]
    return max(best + [(abs(other.excess) - other.bar) / abs(one.excess) for one, other in pairs[1:]])


def _decisive(
    point: Point, cases: Mapping[int, Case], editing: Editing, places: Sequence[Place], times: float, share: float
) -> list[Place]:
    """The one place that matters, if there is one; else all."""
    for place in places if len(places) > 1 else ():
        left = _left(point, cases, editing, [place], times)
        if left and max(left.values()) <= share:
            return [place]
    return list(places)


def _edited(editing: Editing, places: Sequence[Place], times: float) -> dict[Source, CodeType]:
    """The code of each definition, with its tolerances times a number; those of functions that it makes are part of it."""
    codes = {}
    for definition in dict.fromkeys(place.source.definition for place in places):
        own = [place for place in places if place.source.definition is definition]
        source = own[0].source
        edits = [Edit(place.site, ast.BinOp(place.node, ast.Mult(), ast.Constant(times)), "tolerance") for place in own]
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


def _tolerances(definition: Definition, lines: Collection[int]) -> Iterator[tuple[Site, ast.expr]]:
    """The numbers by which it is decided whether a loop goes on, and those that are handed over as a tolerance."""

    def visit(node: ast.AST, statement: ast.stmt | ast.Lambda, compared: bool, decides: bool) -> Iterator[tuple[Site, ast.expr]]:
        for slot, value in ast.iter_fields(node):
            children: list[tuple[int | None, object]] = list(enumerate(value)) if isinstance(value, list) else [(None, value)]
            handed = isinstance(node, ast.keyword) and bool(HANDED.search(node.arg or ""))
            for at, child in children:
                if isinstance(child, ast.expr) and (compared or handed) and child.lineno in lines and _is_small(child, handed):
                    yield Site(child, node, slot, at, statement), child
                elif isinstance(child, ast.AST):
                    inner = child if isinstance(child, (ast.stmt, ast.Lambda)) else statement
                    going_on = slot == "test" or (_is_condition(child) and (decides or isinstance(node, HOLDING)))
                    yield from visit(child, inner, compared or (going_on and isinstance(child, ast.Compare)), going_on)

    yield from visit(definition, definition, compared=False, decides=False)


def _is_condition(node: ast.AST) -> bool:
    """A comparison, or several that are put together."""
    if isinstance(node, ast.Call):
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        return any(word in name for word in ("logical_", "any", "all", "bool"))
    return isinstance(node, (ast.Compare, ast.BoolOp, ast.UnaryOp)) or (
        isinstance(node, ast.BinOp) and isinstance(node.op, (ast.BitAnd, ast.BitOr))
    )


def _is_small(node: ast.expr, handed: bool) -> bool:
    """Whether it is a small number, or called as a tolerance is."""
    if isinstance(node, ast.Constant):
        return isinstance(node.value, float) and SMALL[0] < node.value < SMALL[1]
    name = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
    return bool(name) and (handed or bool(NAMES.search(name)))


def _said(places: Sequence[Place], off_by: float, left: float, times: float) -> str:
    source, site, node = places[0]
    line = ast.unparse(site.statement).splitlines()[0]
    more = f" (and {len(places) - 1} more)" if len(places) > 1 else ""
    return (
        f"A solver ends at a tolerance, {ast.unparse(node)} in line {node.lineno} of {source.place}{more}: {line}. What that "
        f"leaves is all that differs, {off_by:.1g} of the largest element: of that at most {left:.1g} is left with "
        f"1/{1 / times:.0f} of the tolerance. Smaller errors stay hidden"
    )
