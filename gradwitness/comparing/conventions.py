"""Which convention explains that two modules differ: a setting, the order of gates, what is transposed or flattened otherwise.

Each is tried: a setting or a parameter of one function is changed for one call, and where that call agrees with another function
in float64, it is told. Nothing agrees so far by chance. Then edits of source are tried, and two changes at once.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import cache, partial
from itertools import combinations, product
from typing import Any

import numpy as np

from gradwitness.arrays import Array
from gradwitness.comparing.activations import known_as
from gradwitness.comparing.code import constants, functions_of, put, taken
from gradwitness.comparing.edited import edited
from gradwitness.comparing.numbers import numbers_of
from gradwitness.comparing.runs import Runs
from gradwitness.comparing.sides import Side
from gradwitness.comparing.trial import Trial
from gradwitness.comparing.trials import Seen, seen, set_otherwise, trials
from gradwitness.comparing.verdicts import Result
from gradwitness.subjects.errors import BadCall, UserError

SECONDS = 6.0
"""Of the processor's time that is spent on trials of one function."""
FEW = 3
"""Values that a change brings nearer by chance, where so many trials are made."""
OF_EDITS = 3.0
"""The same of edits of its source."""
OF_PAIRS = 6.0
"""The same of two changes at once."""
ENOUGH = 1.0
"""The same where one alone explains all digits but those that float32 does not have."""
NEARER = 2.0**-9
"""Of the distance in float64 without a change: what is left with it, at most."""
KEPT = 2.0**-21
"""Of the values: what is left where one of the functions keeps constants in float32, which has 24 bits."""
NUMBERS = 12
"""Numbers of a function's code that are rounded to float32, one at a time."""
SLOW = 8
"""Times as long as the quickest function takes for a trial: above, the trials of two changes come last."""
JOINED = 40
"""Changes of one function of which two are tried at once."""


def convention(runs: Runs, result: Result, factor: str = "") -> str:
    """The change in words; empty where none that is tried helps.

    factor   one number that explains it, in words, if there is one: then source is not edited
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what others think of a trial is told to nobody
        said = _found(Search(runs, result), is_scaled=bool(factor))
    return f"{said[:1].upper()}{said[1:]}"


def _found(search: Search, *, is_scaled: bool) -> str:
    for name in search.sides:
        if said := search.first(((name, trial) for trial in search.trials(name)), SECONDS):
            return said
    if said := search.known():
        return said
    for name in search.quickest() if not is_scaled else ():
        if said := search.first(((name, trial) for trial in search.edits(name)), OF_EDITS):
            return said
    pairs = ((name, one.joined(two)) for name in search.quickest() for one, two in _pairs(search.tried[name]))
    seconds = ENOUGH if search.nearest[0] <= KEPT else OF_PAIRS
    return search.first(pairs, seconds) or search.nearest[1] or set_otherwise(search.compared)


def _pairs(trials: Sequence[Trial]) -> Iterator[tuple[Trial, Trial]]:
    """Two changes at once: a setting and an epsilon come first."""
    joining = [trial for trial in trials if trial.joins]
    settings = [trial for trial in joining if not trial.fine][:JOINED]
    epsilons = [trial for trial in joining if trial.fine and not trial.settings and not trial.numbers][:JOINED]
    yield from product(settings, epsilons)
    yield from combinations(joining[:JOINED], 2)


class Search:
    """What is tried.

    compared  the functions, the reference among them
    tried     the changes of each function that were tried alone
    sides     those of them that can be changed, by name
    nearest   what the change leaves that explains the most, as a share of the values, and that change in words
    """

    def __init__(self, runs: Runs, result: Result) -> None:
        self._runs, self._result = runs, result
        self._every = {side.name: side for side in runs.sides}
        self._right = list(self._every) if runs.reference is None else [runs.reference]
        self._exact = {name: value for name, value in result.exact.items() if name in self._every}
        self.sides = {s.name: s for s in runs.judged if s.name in self._exact and self._others(s.name)}
        self.compared, self.nearest = runs.sides, (1.0, "")
        self.tried: dict[str, list[Trial]] = {name: [] for name in self.sides}
        self._took: dict[str, list[float]] = {name: [] for name in self.sides}
        self._seen: Callable[[Any], Seen] = cache(seen)
        self._runs_exactly: Callable[[str], bool] = cache(self._in_float64)

    def first(self, changes: Iterable[tuple[str, Trial | None]], seconds: float) -> str:
        """The first change in words that makes a function agree; empty if none does in so many seconds."""
        start = before = time.process_time()
        for name, trial in changes:
            if trial is None:
                continue
            if said := self._told(name, trial):
                return said
            now = time.process_time()
            self._took[name].append(now - before)
            before = now
            if now - start > seconds:
                break
        return ""

    def quickest(self) -> list[str]:
        """The functions as they were handed over, but those that take far longer than the quickest come last.

        What a trial takes is a median: the first one imports. Those that take about as long keep their order, for what is told of
        them must not depend on the machine.
        """
        took = {name: float(np.median(each)) if each else float("inf") for name, each in self._took.items()}
        return sorted(took, key=lambda name: took[name] > SLOW * min(took.values()))

    def trials(self, name: str) -> Iterator[Trial]:
        """The changes of one function, the likeliest first."""
        others = [self._every[other] for other in self._others(name)]
        for trial in trials(self.sides[name], others, self._seen):
            self.tried[name].append(trial)
            yield trial

    def edits(self, name: str) -> Iterator[Trial]:
        """The edits of one function's source."""
        with suppress(UserError, BadCall):
            others = self._others(name)
            those, wanted = [self._every[o] for o in others], [self._exact[o] for o in others]
            yield from edited(self.sides[name], those, wanted, exact=self._runs_exactly(name))

    def _others(self, name: str) -> list[str]:
        """The functions that it should agree with and does not: the reference, if there is one, or all others."""
        known = [o for o in self._right if o != name and o in self._exact and np.isfinite(self._exact[o]).any()]
        return [other for other in known if not self._result.alike(name, self._exact[other])]

    def _told(self, name: str, trial: Trial) -> str:
        """A change in words, where a function agrees with it; else empty."""
        exact = self._runs_exactly(name)
        value = _tried(self._runs, self.sides[name], trial, self._result.about, exact=exact)
        if value is None:
            return ""
        others = self._others(name)
        agreeing = [o for o in others if (exact and self._agrees(name, o, value)) or self._narrowly(name, o, value, trial)]
        if agreeing:
            return "\n".join([f"{trial.words} {name} agrees with {' and '.join(agreeing)}", *trial.lines()])
        for other in (other for other in others if self._nearly(name, other, value)):
            for words, kept in self._in_float32(name, trial):
                rounded = _tried(self._runs, self.sides[name], kept, self._result.about)
                if rounded is not None and self._agrees(name, other, rounded):
                    return f"{trial.words} and {words} rounded to float32, {name} agrees with {other}"
        for other in others:
            self._note(name, other, value, trial)
        return ""

    def _note(self, name: str, other: str, value: Array, trial: Trial) -> None:
        """Keep a change that explains more than all before, and all but a small part."""
        if value.shape != self._exact[other].shape or value.size < FEW or self._exact[name].shape != value.shape:
            return
        before, after = self._distances(name, other, value)
        share = after / max(float(np.max(np.abs(self._exact[other]), initial=0)), np.finfo(float).tiny)
        if after <= NEARER * before and share < min(self.nearest[0], NEARER):
            digits = int(-np.log10(share)) if share else 0
            self.nearest = share, f"{trial.words} {name} agrees with {other} to {digits} digits"

    def _in_float32(self, name: str, trial: Trial) -> Iterator[tuple[str, Trial]]:
        """A change with its own number in float32, and with one number of the function's code."""
        yield "that number", trial.in_float32()
        own = functions_of(self.sides[name].function)
        for function, number in [(each, number) for each in own for number in constants(each)][:NUMBERS]:
            kept = trial.joined(Trial("", numbers=((function, number, float(np.float32(number))),)))
            if kept is not None:
                yield f"{number!r}", kept

    def _in_float64(self, name: str) -> bool:
        """Whether a function runs there; one that makes tensors of float32 inside may not. Its trials run in its own dtype."""
        return _tried(self._runs, self.sides[name], Trial(""), self._result.about) is not None

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
        result = self._result if other not in self._result.beyond else self._by_the_truth_of(other)
        if result is None or not after <= NEARER * before:
            return False
        own = _tried(self._runs, self.sides[name], trial, self._result.about, exact=False)
        return own is not None and not replace(result, values={name: own}).beyond

    def _by_the_truth_of(self, other: str) -> Result | None:
        """The result with the truth and the rounding of another function; None where it cannot be watched."""
        expected = self._runs.own(other).get(self._result.about)
        return None if expected is None else replace(self._result, expected=expected)

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
                numbers = numbers_of([side.function])
                found[name] = known_as(arrays[0], partial(self._result.alike, name), numbers)
        said = [f"{name} is {words}" for name, words in found.items() if words]
        return " and ".join(said) if len({words for words in found.values() if words}) > 1 else ""


def _tried(runs: Runs, side: Side, trial: Trial, about: str, *, exact: bool = True) -> Array | None:
    """What a function returns with a change, in float64 or in its own dtype; None if it raises."""
    arrays = None if trial.arrays is None else {**side.leaves, **trial.arrays}
    runs.calls += 1
    runs.state.restore()
    with suppress(UserError, BadCall), _set(side, trial):
        found = runs.names[side.name].all(side.values(arrays, exact=exact)).get(about)
        return found if found is None or trial.after is None else trial.after(found)
    return None


@contextmanager
def _set(side: Side, trial: Trial) -> Iterator[None]:
    """What a trial changes in objects, put back also after an exception."""
    changes = trial.all_changes()
    before = [(thing, attribute, taken(thing, attribute)) for thing, attribute, _ in changes]
    try:
        for change in changes:
            put(*change)
        with side.changed(trial.keywords, rewritten=trial.rewrites):
            yield
    finally:
        for change in reversed(before):
            put(*change)
