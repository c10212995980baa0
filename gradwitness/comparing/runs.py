"""The calls of all functions that are compared, what their rounding does, and whether their gradients are derivatives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import cached_property

import numpy as np

from gradwitness.arrays import Array
from gradwitness.comparing.names import Names
from gradwitness.comparing.scale import Scale
from gradwitness.comparing.scale import scale as first_watched
from gradwitness.comparing.sides import Results, Side, Tensors
from gradwitness.comparing.verdicts import Result
from gradwitness.diagnosis.explained import explained
from gradwitness.judging.gradients import gradients as judged_gradients
from gradwitness.report.findings import Finding
from gradwitness.rounding.arithmetic import Measured, Unstable
from gradwitness.rounding.framework import NotWatched
from gradwitness.rounding.widths import width
from gradwitness.subjects.errors import UserError
from gradwitness.subjects.state import State
from gradwitness.subjects.tensors.precision import EPS, FLOAT64
from gradwitness.verdict import k_of

LEFT = 0.5
"""Of a distance from the truth: where exact arithmetic leaves more, rounding does not make it."""


class Runs:
    """Functions at one point, under the same cotangents.

    sides       the functions; the one that is right by definition among them, if there is one
    gradients   whether gradients are compared
    calls       how often a function ran
    douts       the cotangents, in the order of the outputs of the first function
    names       what the results of each function are called by the first one
    values      what each function returned: its outputs and gradients
    """

    def __init__(self, sides: list[Side], state: State, gradients: bool, reference: str | None, seed: int) -> None:
        self.sides, self.state, self.gradients, self.reference, self.seed = sides, state, gradients, reference, seed
        self.calls, self.scale_told = 0, ""
        self.dtype = max((side.dtype for side in sides), key=EPS.__getitem__)
        self.width = width(self.dtype)
        self.douts: list[Array] | None = None
        self.names: dict[str, Names] = {}
        self.values: dict[str, dict[str, Array | None]] = {}
        self._measured: dict[str, Mapping[str, Measured]] = {}
        self._truths: dict[str, Array] = {}
        self._checked: dict[str, dict[str, Finding]] = {}

    @property
    def judged(self) -> list[Side]:
        """The functions without the reference."""
        return [side for side in self.sides if side.name != self.reference]

    def run(self, side: Side, arrays: Mapping[str, Array] | None = None, *, exact: bool = False, values: bool = False) -> Results:
        """One call of a function, from the state in which everything came."""
        self.calls += 1
        self.state.restore()
        return side.run(None if values else self._ordered(side), arrays, exact)

    def _ordered(self, side: Side) -> list[Array] | None:
        """The cotangents in the order of a function's outputs."""
        known = self.names.get(side.name)
        if self.douts is None or known is None or known.outs is None:
            return None
        order = list(self.names[self.sides[0].name].outs or {})
        return [self.douts[order.index(first)] for first in known.outs.values()]

    def own(self, name: str) -> Mapping[str, Measured]:
        """Truth and spread of a function by itself; empty where it cannot be watched."""
        if name not in self._measured:
            side = next(side for side in self.sides if side.name == name)
            try:
                self._measured[name] = self.names[name].measured(side.measured(self._ordered(side), self.seed))
            except (NotWatched, UserError, Unstable):
                self._measured[name] = {}
        return self._measured[name]

    def explains(self, name: str, about: str) -> bool:
        """Whether it does, and leaves digits."""
        own = self.own(name).get(about)
        return own is not None and self.loses(name, about) and not Result(about, {}, own, {}, self.width).lost

    def loses(self, name: str, about: str) -> bool:
        """Whether the rounding of a function itself is so large that it explains how far it is from the truth.

        It does not where the function is as far off in exact arithmetic, as one is that picks other elements.
        """
        own = self.own(name).get(about)
        value = self.values[name].get(about)
        if own is None or value is None or about not in self._truths:
            return False
        with np.errstate(invalid="ignore"):
            room = k_of(self.width.name) * np.asarray(own.spread) + self.width.kept
            far, left = [np.abs(each - self._truths[about]) for each in (value, np.asarray(own.truth))]
            worst = int(np.argmax(far)) if far.size else 0
            return bool((far <= room).all()) and not bool((left.ravel()[worst : worst + 1] > LEFT * far.ravel()[worst]).any())

    def is_zero(self, about: str) -> bool:
        """Whether what float64 cannot tell from zero is zero: float32 has a truth that is exact to 2^-29 of its spread."""
        if self.width.name != "float64":
            return False
        for side in self.judged:
            if isinstance(side, Tensors):
                try:
                    found = self.names[side.name].measured(side.measured(self._ordered(side), self.seed, "float32"))
                except (NotWatched, UserError, Unstable):
                    continue
                return about in found and Result(about, {}, found[about], {}, width("float32")).zero
        return False

    def scale(self) -> Scale | Finding:
        first = [side for side in self.sides if side.name == self.reference] or self.sides

        def named(side: Side, found: Mapping[str, Measured]) -> dict[str, Measured]:
            return self.names[side.name].measured(found)

        try:
            found = first_watched(first, self._ordered, self.seed, named)
            of_gradients = self._of_gradients(found, named)
        except Unstable as error:
            message = f"Ill-conditioned here, nobody can tell: {error}. Try another point"
            return Finding("rounding", "cannot tell", message)
        except NotWatched as error:
            return Finding("rounding", "cannot tell", f"They differ, and what rounding may do is not known: {error}")
        for each in (found, of_gradients):
            if each is not None and each.watched:
                self._measured[each.by] = each.measured
        self.scale_told = f"; the truth and its rounding are those of {found.by}"
        if of_gradients is not None:
            self.scale_told += f", of gradients those of {of_gradients.by}"
            found = replace(found, measured={**of_gradients.measured, **found.measured})
        self._truths = {about: np.asarray(measured.truth) for about, measured in found.measured.items()}
        return found

    def _of_gradients(self, found: Scale, named: Callable[[Side, Mapping[str, Measured]], dict[str, Measured]]) -> Scale | None:
        """The scale of gradients, where the function that tells that of values has none, as one of NumPy."""
        able = [side for side in self.judged if side.differentiates]
        if not self.gradients or not able or any(side.name == found.by and side.differentiates for side in self.sides):
            return None
        return first_watched(able, self._ordered, self.seed, named)

    @cached_property
    def exact(self) -> dict[str, dict[str, Array | None]]:
        """What each function returns in float64. Of one that does not run there, such as one that keeps tensors of float32 from
        outside, it is its truth under Monte Carlo arithmetic; what cannot be watched either is left out.
        """
        found: dict[str, dict[str, Array | None]] = {}
        for side in self.sides:
            try:
                found[side.name] = self.names[side.name].of(self.run(side, exact=True))
            except UserError:
                found[side.name] = {about: np.asarray(each.truth) for about, each in self.own(side.name).items()}
        return found

    def derivative(self, name: str, about: str) -> Finding | None:
        """Whether a gradient is the derivative of the function's own values."""
        side = next(side for side in self.sides if side.name == name)
        if name not in self._checked:
            found: list[Finding] = []
            with suppress(UserError):  # it does not run in float64
                if (known := side.point(self.seed, self.state)) is None:
                    return None
                point, notes = known
                found = [] if notes else [*explained(point, list(judged_gradients(point)))]
                self.calls += point.evaluations
            if isinstance(side, Tensors):
                side.subject.precision = FLOAT64
            called = {f"d{own}": f"d{first}" for own, first in self.names[name].leaves.items()}
            self._checked[name] = {called[f.about]: f for f in found if f.about in called}
        return self._checked[name].get(about)
