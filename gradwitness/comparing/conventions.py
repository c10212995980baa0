"""Which convention explains that two modules differ: a setting, the order of gates, what is transposed or flattened otherwise.

Each is tried: a setting or a parameter of one function is changed for one call, and where that call agrees with another function
in float64, it is told. Nothing agrees so far by chance.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace

import numpy as np

from gradwitness.arrays import Array
from gradwitness.comparing.code import put, taken
from gradwitness.comparing.runs import Runs
from gradwitness.comparing.sides import Tensors
from gradwitness.comparing.trial import Trial
from gradwitness.comparing.trials import set_otherwise, trials
from gradwitness.comparing.verdicts import Result
from gradwitness.subjects.errors import BadCall, UserError

SECONDS = 4.0
"""Of the processor's time that is spent on trials."""
NEARER = 2.0**-8
"""Of the distance in float64 without a change: what is left with it, at most."""


def convention(runs: Runs, result: Result) -> str:
    """The change in words; empty where none that is tried helps."""
    start = time.process_time()
    sides = {side.name: side for side in runs.judged if isinstance(side, Tensors)}
    exact = {name: value for name, value in result.exact.items() if name in sides}

    def narrowly(name: str, other: str, value: Array, trial: Trial) -> bool:
        """Some compute in float32 whatever they are given: nearer than before by far, and within rounding in their own dtype."""
        if value.shape != exact[other].shape:
            return False
        before, after = [float(np.max(np.abs(each - exact[other]), initial=0)) for each in (exact[name], value)]
        if not after <= NEARER * before or other in result.beyond:
            return False
        own = _tried(runs, sides[name], trial, result.about, exact=False)
        return own is not None and not replace(result, values={name: own}).beyond

    for name in [each for each in sides if each in exact]:
        known = [other for other in exact if other != name and np.isfinite(exact[other]).any()]
        others = [other for other in known if not result.alike(name, exact[other])]
        for trial in trials(sides[name], [sides[other] for other in others]) if others else ():
            if time.process_time() - start > SECONDS:
                return set_otherwise(list(sides.values()))
            value = _tried(runs, sides[name], trial, result.about)
            if value is not None:
                changed = replace(result, exact={**result.exact, name: value})
                agreeing = [other for other in others if changed.alike(name, exact[other]) or narrowly(name, other, value, trial)]
                if agreeing:
                    return f"{trial.words} {name} agrees with {' and '.join(agreeing)}"
    return set_otherwise(list(sides.values()))


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
    before = [(thing, attribute, taken(thing, attribute)) for thing, attribute, _ in trial.changes]
    try:
        for change in trial.changes:
            put(*change)
        with side.subject.given(trial.keywords):
            yield
    finally:
        for change in before:
            put(*change)
