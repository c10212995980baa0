"""Which edit of the user's backward makes its wrong gradients agree, and leaves the right ones as they are."""

from __future__ import annotations

import ast
import time
import warnings
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import numpy as np

from gradwitness.arrays import Array
from gradwitness.diagnosis.case import Case, Explanation, Repair
from gradwitness.diagnosis.edits.detached import KIND as HELD
from gradwitness.diagnosis.edits.detached import detached, outside
from gradwitness.diagnosis.edits.editing import Editing, untraced
from gradwitness.diagnosis.edits.forward import factors_of, orders_of
from gradwitness.diagnosis.edits.masked import kept_by
from gradwitness.diagnosis.edits.names import shapes_in, shapes_of
from gradwitness.diagnosis.edits.rules import rules
from gradwitness.diagnosis.edits.sites import Edit, scaled, sites
from gradwitness.diagnosis.edits.source import Source, swapped
from gradwitness.diagnosis.edits.summands import rough_slope, summands
from gradwitness.diagnosis.edits.telling import told
from gradwitness.diagnosis.edits.variables import Variables
from gradwitness.judging.point import Point

LEAVES = "A value leaves the graph in"
FEW = 3
"""Lines that a sentence names."""
MOST = 5000
"""Edits that are tried."""
UNCHANGED = 1e-9
"""Relative: a gradient that is right, and that an edit leaves alone."""
BESIDE = 0.1
"""How far other inputs are, as a share."""
BY_CHANCE = ("constant factor", "factor", "derivative", "statistics", "entries")
"""Kinds of edits that say nothing if they make another gradient wrong in another way."""


class Editor(Editing):
    """Tries edits.

    seconds   of the processor's time that they may take
    """

    seconds = 4.0

    def outside(self) -> str:
        """Where a value leaves the graph, in words; empty for functions of NumPy, which have none, and where none does."""
        if not hasattr(self.point.function, "backend"):
            return ""
        lines = {
            f"line {line} of {source.place} ({call})"
            for source, run in self.sources
            if not run.in_rule
            for line, call in outside(source.inner, run.values)
        }
        return f"{LEAVES} {' and '.join(sorted(lines)[:FEW])}: it is not differentiated" if lines else ""

    def best(self) -> dict[int, Explanation]:
        """For each wrong gradient an edit that repairs it: of several the one that repairs the most."""
        found: dict[int, Explanation] = {}
        reach: dict[int, float] = {}
        for source, edit in self.tries():
            repaired, spoiled = self._repairs(source, edit)
            if edit.kind in BY_CHANCE and spoiled:
                continue
            if edit.kind != HELD and not all(map(np.any, repaired.values())):
                continue  # what makes all of a gradient zero says nothing: a mask that nothing passes does so to any
            if edit.times is not None and any(self._otherwise_scaled(which, g, edit.times) for which, g in repaired.items()):
                continue
            worth = len(repaired) - spoiled / 2
            for which, gradient in repaired.items():
                if worth > reach.get(which, -np.inf):
                    reach[which] = worth
                    found[which] = Explanation(edit.kind, told(source, edit), gradient)
            if len(repaired) == len(self.cases):
                break
        return found

    def _otherwise_scaled(self, which: int, gradient: Array, times: float) -> bool:
        """Whether an edit that multiplies by a number scales a whole gradient by another one: in a loop, by chance."""
        claimed = self.cases[which].claimed
        at = np.unravel_index(int(np.argmax(np.abs(claimed))), claimed.shape)
        scale = float(gradient[at] / claimed[at]) if claimed[at] else times
        return _unchanged(gradient, scale * claimed) and abs(scale / times - 1) > UNCHANGED

    def tries(self) -> Iterator[tuple[Source, Edit]]:
        """The edits, as long as there is time."""
        with warnings.catch_warnings(), np.errstate(all="ignore", invalid=self.invalid, divide=self.invalid):
            warnings.simplefilter("ignore")
            for source, edit in self._edits():
                if self.tried >= MOST or time.process_time() - self._start > self.seconds:
                    return
                self.tried += 1
                yield source, edit

    def _edits(self) -> Iterator[tuple[Source, Edit]]:
        """The edits: what is held constant first, then the simplest kinds; in backward first."""
        wrong = [case.array.shape for case in self.cases.values()]
        used = {name for source, _ in self.sources for name in source.own.co_names}
        places = [
            (
                source,
                Variables(
                    shapes_of(source.inner, {**_arrays(source.globals, used), **run.values}),
                    self.numbers,
                    list(dict.fromkeys([*wrong, *shapes_in(run.returned)])),
                    {*run.values, *source.globals},
                ),
                list(sites(source.inner, run.lines)),
            )
            for source, run in self.sources
        ]
        yield from ((source, edit) for source, _, found in places for site in found for edit in detached(site))
        factors = [text for source, _ in self.sources for text in factors_of(source.inner)]
        orders = [order for source, run in self.sources for order in orders_of(source.inner, run.values)]
        kept = [text for source, _ in self.sources for text in kept_by(source.inner)]
        later = {id(site) for source, _, found in places for site in found if self._is_right(source, site.statement)}
        for first in (True, False):
            for rule in rules(factors, orders, kept):
                for source, variables, found in places:
                    for site in (site for site in found if (id(site) not in later) == first):
                        yield from ((source, edit) for edit in rule(source, variables, site))
            yield from self._of_one_number() if first else ()

    def _is_right(self, source: Source, statement: ast.stmt | ast.Lambda) -> bool:
        """Whether another value of a statement changes what forward returns, or a gradient that is right. Others come first."""
        if id(statement) not in self._right:
            self._right[id(statement)] = False
            edit = scaled(statement)
            if edit is not None and (code := self.code(source, edit)) is not None:
                with swapped(source, code), suppress(Exception), self.patience:  # a value that cannot be scaled is no number
                    call = self.point.call(self.point.arrays)
                    pairs: list[tuple[Any, Any]] = list(zip(call.outs, self.outs, strict=True))
                    if all(np.array_equal(a, b, equal_nan=True) for a, b in pairs):
                        came = call.backward([dout.copy() for dout in self.point.douts])
                        unjudged = {*self.cases, *self.untold}
                        pairs = [(g, c) for i, (g, c) in enumerate(zip(came, self.came, strict=True)) if i not in unjudged]
                    self._right[id(statement)] = not all(np.array_equal(a, b, equal_nan=True) for a, b in pairs if b is not None)
        return self._right[id(statement)]

    def _of_one_number(self) -> Iterator[tuple[Source, Edit]]:
        """Terms that one number of one gradient lacks, where all else is right; they hold at other inputs, too."""
        alone = [
            (which, index) for which, case in self.cases.items() if case.fits and len(case.wrong) == 1 for index in case.wrong
        ]
        for which, index in alone if len(self.cases) == 1 else ():
            case = self.cases[which]
            missing = float(case.elements[index][0] - case.claimed[index])
            for source, run in self.sources:
                found = list(sites(source.inner, run.lines))
                for edit in summands(found, run.values, missing, partial(self._change, source, which, index)):
                    if self._holds_beside(source, edit, which, index):
                        yield source, edit

    def _change(self, source: Source, which: int, index: tuple[int, ...], edit: Edit) -> float | None:
        """By how much an edit changes one number; None if it changes any other, or what forward returns."""
        came = self._came(source, edit, self.point.arrays)
        if came is None or any((g is None) != (claim is None) for g, claim in zip(came, self.point.claims, strict=True)):
            return None
        change = 0.0
        for number, (value, claim) in enumerate(zip(came, self.point.claims, strict=True)):
            if claim is None or np.shape(value) != claim.value.shape:
                continue
            moved = np.asarray(np.asarray(value, np.longdouble) - claim.value)
            if number == which:
                change = float(moved[index])
                moved[index] = 0
            if not _unchanged(claim.value + moved, claim.value):
                return None
        return change

    def _holds_beside(self, source: Source, edit: Edit, which: int, index: tuple[int, ...]) -> bool:
        """Whether a number of the edited gradient is the numerical derivative at other inputs, roughly."""
        rng = np.random.default_rng(13)
        arrays = [np.asarray(array * (1 + BESIDE * rng.random(array.shape))) for array in self.point.arrays]
        came = self._came(source, edit, arrays)
        if came is None or np.shape(came[which]) != arrays[which].shape:
            return False

        def value(given: Sequence[Array]) -> Any:
            return sum(map(np.vdot, self.point.call(given).outs, self.point.douts))

        slope, room = rough_slope(value, arrays, which, index)
        return bool(abs(np.asarray(came[which])[index] - slope) <= room)

    def _repairs(self, source: Source, edit: Edit) -> tuple[dict[int, Array], int]:
        """The wrong gradients that an edit makes agree, repaired, and how many others it makes wrong in another way.

        None if it changes a right gradient.
        """
        code = self.code(source, edit)
        if code is None:
            return {}, 0
        with swapped(source, code):
            try:
                with self.patience:
                    call = self.point.call(self.point.arrays, self.invalid)
                    if not all(np.array_equal(a, b, equal_nan=True) for a, b in zip(call.outs, self.outs, strict=True)):
                        return {}, 0
                    came = call.backward([dout.copy() for dout in self.point.douts])
            except Exception:  # an edited function may raise anything: then the edit explains nothing
                return {}, 0
            repaired, spoiled = self._agreeing(came)
            return {which: gradient for which, gradient in repaired.items() if self._is_linear(which, gradient)}, spoiled

    def _is_linear(self, which: int, gradient: Array) -> bool:
        """Whether the edited code, asked for twice the cotangent, returns twice the gradient. A bound on it may fit by chance."""
        try:
            with self.patience:
                twice = self.point.call(self.point.arrays).backward([2 * dout for dout in self.point.douts])[which]
        except Exception:  # an edited function may raise anything at another cotangent, too
            return False
        return twice is not None and _unchanged(np.asarray(twice, np.longdouble), 2 * gradient)

    def _agreeing(self, came: Sequence[object]) -> tuple[dict[int, Array], int]:
        repaired: dict[int, Array] = {}
        spoiled = 0
        for which, (value, claim) in enumerate(zip(came, self.point.claims, strict=True)):
            if value is None or claim is None:
                continue
            array = np.asarray(value)
            if array.dtype.kind not in "fiub":
                return {}, 0
            if which not in self.cases:
                if which not in self.untold and not _unchanged(array, claim.value):
                    return {}, 0
            elif array.shape == self.cases[which].array.shape:
                gradient = array.astype(np.longdouble)
                if self.cases[which].proves(Repair(gradient, "edit", "", tries=MOST)):
                    repaired[which] = gradient
                else:
                    spoiled += not _unchanged(array, claim.value)
        return repaired, spoiled


def edited(point: Point, cases: Mapping[int, Case], untold: Collection[int] = ()) -> tuple[dict[int, Explanation], str]:
    """For each wrong gradient that an edit of the source repairs: the kind of mistake, the line and the edit; and what is seen of
    values that leave the graph.
    """
    with untraced(point.function):
        editor = Editor(point, cases, untold)
        return editor.best(), editor.outside()


def _arrays(names: Mapping[str, Any], used: Collection[str]) -> dict[str, Any]:
    """The arrays and numbers that the user's functions read of their file, as in a notebook."""
    return {name: names[name] for name in used if isinstance(names.get(name), (np.ndarray, np.generic, float, int, dict))}


def _unchanged(value: Array, claimed: Array) -> bool:
    if value.shape != claimed.shape:
        return False
    scale = np.abs(claimed).max(initial=0, where=np.isfinite(claimed))
    with np.errstate(invalid="ignore"):  # a gradient may have inf
        return bool(((value == claimed) | (np.abs(value - claimed) <= UNCHANGED * scale)).all())
