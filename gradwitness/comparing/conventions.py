"""Which convention explains that two modules differ: a setting, the order of gates, what is transposed or flattened otherwise.

Each is tried: a setting or a parameter of one function is changed for one call, and where that call agrees with another function
in float64, it is told. Nothing agrees so far by chance. Then two are tried at once.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from itertools import combinations

import numpy as np

from gradwitness.arrays import Array
from gradwitness.comparing.activations import known_as
from gradwitness.comparing.code import put, taken
from gradwitness.comparing.numbers import numbers_of
from gradwitness.comparing.runs import Runs
from gradwitness.comparing.sides import Tensors
from gradwitness.comparing.trial import Trial
from gradwitness.comparing.trials import set_otherwise, trials
from gradwitness.comparing.verdicts import Result
from gradwitness.subjects.errors import BadCall, UserError

SECONDS = 4.0
"""Of the processor's time that is spent on trials."""
ENOUGH = 1.0
"""The same of two changes at once, where one alone explains all digits but the last."""
NEARER = 2.0**-8
"""Of the distance in float64 without a change: what is left with it, at most."""
KEPT = 2.0**-21
"""Of the values: what is left where one of the functions keeps constants in float32, which has 24 bits."""
JOINED = 60
"""Changes of one function of which two are tried at once."""


def convention(runs: Runs, result: Result) -> str:
    """The change in words; empty where none that is tried helps."""
    search = Search(runs, result)
    changes = {name: list(search.trials(name)) for name in search.sides}
    single = ((name, trial) for name, found in changes.items() for trial in found)
    if said := search.first(single, SECONDS) or search.known():
        return said
    joining = {name: [trial for trial in found if trial.joins][:JOINED] for name, found in changes.items()}
    pairs = ((name, one.joined(two)) for name, found in joining.items() for one, two in combinations(found, 2))
    seconds = ENOUGH if search.nearly else SECONDS
    return search.first(pairs, seconds) or search.nearly or set_otherwise(search.compared)


class Search:
    """What is tried.

    compared  the functions of frameworks
    sides     those of them that can be changed, by name
    nearly    the change in words that explains all but what a constant in float32 may do; empty if there is none
    """

    def __init__(self, runs: Runs, result: Result) -> None:
        self._runs, self._result = runs, result
        sides = {side.name: side for side in runs.judged if isinstance(side, Tensors)}
        self._exact = {name: value for name, value in result.exact.items() if name in sides}
        self.sides = {name: side for name, side in sides.items() if name in self._exact and self._others(name)}
        self.compared, self.nearly = list(sides.values()), ""

    def first(self, changes: Iterable[tuple[str, Trial | None]], seconds: float) -> str:
        """The first change in words that makes a function agree; empty if none does in so many seconds."""
        start = time.process_time()
        for name, trial in changes:
            if trial is not None and (said := self._told(name, trial)):
                return said
            if time.process_time() - start > seconds:
                break
        return ""

    def trials(self, name: str) -> Iterator[Trial]:
        """The changes of one function, the likeliest first."""
        return trials(self.sides[name], [self.sides[other] for other in self._others(name) if other in self.sides])

    def _others(self, name: str) -> list[str]:
        """The functions that it should agree with and does not."""
        known = [other for other in self._exact if other != name and np.isfinite(self._exact[other]).any()]
        return [other for other in known if not self._result.alike(name, self._exact[other])]

    def _told(self, name: str, trial: Trial) -> str:
        """A change in words, where a function agrees with it; else empty."""
        value = _tried(self._runs, self.sides[name], trial, self._result.about)
        if value is None:
            return ""
        others = self._others(name)
        agreeing = [o for o in others if self._agrees(name, o, value) or self._narrowly(name, o, value, trial)]
        if agreeing:
            return f"{trial.words} {name} agrees with {' and '.join(agreeing)}"
        for other in (other for other in others if not trial.fine and not self.nearly and self._nearly(name, other, value)):
            kept = _tried(self._runs, self.sides[name], trial.in_float32(), self._result.about)
            if kept is not None and self._agrees(name, other, kept):
                return f"{trial.words} and that number rounded to float32, {name} agrees with {other}"
            self.nearly = f"{trial.words} {name} agrees with {other} to seven digits"
        return ""

    def _agrees(self, name: str, other: str, value: Array) -> bool:
        return replace(self._result, exact={**self._result.exact, name: value}).alike(name, self._exact[other])

    def _distances(self, name: str, other: str, value: Array) -> tuple[float, float]:
        """The largest distances before and after."""
        before, after = [float(np.max(np.abs(each - self._exact[other]), initial=0)) for each in (self._exact[name], value)]
        return before, after

    def _narrowly(self, name: str, other: str, value: Array, trial: Trial) -> bool:
        """Some compute in float32 whatever they are given: nearer than before by far, and within rounding in their own dtype."""
        if value.shape != self._exact[other].shape:
            return False
        before, after = self._distances(name, other, value)
        if not after <= NEARER * before or other in self._result.beyond:
            return False
        own = _tried(self._runs, self.sides[name], trial, self._result.about, exact=False)
        return own is not None and not replace(self._result, values={name: own}).beyond

    def _nearly(self, name: str, other: str, value: Array) -> bool:
        """Some keep constants in float32: as near as that allows, and nearer than before by far."""
        if value.shape != self._exact[other].shape or value.size < 2 or self._exact[name].shape != value.shape:
            return False
        before, after = self._distances(name, other, value)
        return after <= NEARER * before and after <= KEPT * float(np.max(np.abs(self._exact[other]), initial=0))

    def known(self) -> str:
        """The activations that functions of one array are; empty unless that is known of two that differ."""
        found: dict[str, str] = {}
        for name, side in self.sides.items():
            arrays = list(side.leaves.values())
            if len(arrays) == 1 and not side.own and arrays[0].shape == self._exact[name].shape:
                numbers = numbers_of([side.subject.function])
                found[name] = known_as(arrays[0], partial(self._result.alike, name), numbers)
        said = [f"{name} is {words}" for name, words in found.items() if words]
        return " and ".join(said) if len({words for words in found.values() if words}) > 1 else ""


def _tried(runs: Runs, side: Tensors, trial: Trial, about: str, *, exact: bool = True) -> Array | None:
    """What a function returns with a change, in float64 or in its own dtype; None if it raises."""
    arrays = None if trial.arrays is None else {**side.leaves, **trial.arrays}
    runs.calls += 1
    runs.state.restore()
    with suppress(UserError, BadCall), _set(side, trial):
        found = runs.names[side.name].of(side.run(None, arrays, exact)).get(about)
        return found if found is None or trial.after is None else trial.after(found)
    return None


@contextmanager
def _set(side: Tensors, trial: Trial) -> Iterator[None]:
    """What a trial changes in objects, put back also after an exception."""
    changes = trial.all_changes()
    before = [(thing, attribute, taken(thing, attribute)) for thing, attribute, _ in changes]
    try:
        for change in changes:
            put(*change)
        with side.subject.given(trial.keywords):
            yield
    finally:
        for change in reversed(before):
            put(*change)
