"""Which convention explains that two modules differ: a setting, the order of gates, what is transposed or flattened otherwise.

Each is tried: a setting or a parameter of one function is changed for one call, and where that call agrees with another function
in float64, it is told. Nothing agrees so far by chance.
"""

from __future__ import annotations

import inspect
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from itertools import permutations
from typing import Any

import numpy as np

from gradwitness.arrays import Array
from gradwitness.comparing.runs import Runs
from gradwitness.comparing.sides import Tensors
from gradwitness.comparing.verdicts import Result
from gradwitness.subjects.errors import BadCall, UserError
from gradwitness.subjects.reach import reached
from gradwitness.subjects.tensors.backend import origin

SECONDS = 4.0
"""Of the processor's time that is spent on trials."""
NAMED = 3
"""Parameters that are named one by one."""
NEARER = 2.0**-8
"""Of the distance in float64 without a change: what is left with it, at most."""
USUAL: Mapping[str, tuple[float | str, ...]] = {
    "eps": (1e-3, 1e-5, 1e-6, 1e-7, 1e-8, 1e-12),
    "negative_slope": (0.01, 0.1, 0.2, 0.3),
    "alpha": (0.01, 0.1, 0.2, 0.3, 1.0),
    "approximate": ("none", "tanh"),
}
"""Settings, by how their names begin, and the values that frameworks give them unasked."""
GATES = {"GRU": 3, "LSTM": 4}
"""In the names of layers, and how many gates lie side by side in their parameters."""


@dataclass(frozen=True)
class Trial:
    """One change of one function.

    words     "with eps=0.001 in LayerNorm"
    owners    objects that have a setting
    setting   the name of their attribute, and its value
    keyword   whether the setting is a keyword of the function
    arrays    other values of parameters
    """

    words: str
    owners: tuple[Any, ...] = ()
    setting: tuple[str, Any] = ("", None)
    keyword: bool = False
    arrays: Mapping[str, Array] | None = None


def convention(runs: Runs, result: Result) -> str:
    """The change in words; empty where none that is tried helps."""
    start = time.process_time()
    sides = {side.name: side for side in runs.judged if isinstance(side, Tensors)}
    exact = {name: value for name, value in result.exact.items() if name in sides}

    def narrowly(name: str, other: str, value: Array, trial: Trial) -> bool:
        """Some compute in float32 whatever they are given: nearer than before by far, and within rounding in their own dtype."""
        before, after = [float(np.max(np.abs(each - exact[other]), initial=0)) for each in (exact[name], value)]
        if not after <= NEARER * before or other in result.beyond:
            return False
        own = _tried(runs, sides[name], trial, result.about, exact=False)
        return own is not None and not replace(result, values={name: own}).beyond

    for name in [each for each in sides if each in exact]:
        others = [other for other in exact if other != name and not result.alike(name, exact[other])]
        for trial in _trials(sides[name], [sides[other] for other in others]) if others else ():
            if time.process_time() - start > SECONDS:
                return ""
            value = _tried(runs, sides[name], trial, result.about)
            if value is not None:
                changed = replace(result, exact={**result.exact, name: value})
                agreeing = [other for other in others if changed.alike(name, exact[other]) or narrowly(name, other, value, trial)]
                if agreeing:
                    return f"{trial.words} {name} agrees with {' and '.join(agreeing)}"
    return ""


def _tried(runs: Runs, side: Tensors, trial: Trial, about: str, *, exact: bool = True) -> Array | None:
    """What a function returns with a change, in float64 or in its own dtype; None if it raises."""
    arrays = None if trial.arrays is None else {**side.leaves, **trial.arrays}
    runs.calls += 1
    runs.state.restore()
    with suppress(UserError, BadCall), _set(side, trial):
        return runs.names[side.name].of(side.run(None, arrays, exact)).get(about)
    return None


@contextmanager
def _set(side: Tensors, trial: Trial) -> Iterator[None]:
    """The setting of these objects, put back also after an exception. Modules of flax are frozen."""
    attribute, value = trial.setting
    before = [vars(owner)[attribute] for owner in trial.owners]
    try:
        for owner in trial.owners:
            object.__setattr__(owner, attribute, value)
        with side.subject.given({attribute: value} if trial.keyword else {}):
            yield
    finally:
        for owner, old in zip(trial.owners, before, strict=True):
            object.__setattr__(owner, attribute, old)


def _trials(side: Tensors, others: list[Tensors]) -> Iterator[Trial]:
    """The changes of one function, the likeliest first."""
    mine = _settings(side)
    theirs = {value for other in others for _, value in _settings(other)}
    for (attribute, value), owners in mine.items():
        usual = next((values for name, values in USUAL.items() if attribute.startswith(name)), ())
        for other in dict.fromkeys([*(each for each in theirs if type(each) is type(value)), *usual]):
            if other != value:
                kinds = " and ".join(dict.fromkeys(type(owner).__name__ for owner in owners))
                said = f"with {attribute}={other!r} in {kinds}, in place of {value!r},"
                yield Trial(said, tuple(owners), (attribute, other))
    for keyword, default in _keywords(side).items():
        for other in [True, False] if isinstance(default, bool) else dict.fromkeys([*theirs, *USUAL.get(keyword, ())]):
            if other != default and type(other) is type(default):
                yield Trial(f"with {keyword}={other!r}, in place of {default!r},", setting=(keyword, other), keyword=True)
    own = {name: array for name, array in side.leaves.items() if name in side.own}
    yield from _gates(own, [type(thing).__name__ for thing in _modules(side)])
    yield from _flattened(own)
    for name, array in own.items():
        if array.ndim == 2 and array.shape[0] == array.shape[1]:
            yield Trial(f"with {name} transposed", arrays={name: array.T})


def _modules(side: Tensors) -> list[Any]:
    """Layers and modules that a function holds."""
    framework = side.subject.backend.name
    things = [thing for thing in reached(side.subject.function) if not isinstance(thing, type) and origin(thing) == framework]
    return [thing for thing in things if isinstance(getattr(thing, "__dict__", None), dict) and callable(thing)]


def _settings(side: Tensors) -> dict[tuple[str, Any], list[Any]]:
    """Attribute and value -> the modules that have it, of the settings that frameworks choose otherwise."""
    found: dict[tuple[str, Any], list[Any]] = {}
    for module in _modules(side):
        for attribute, value in vars(module).items():
            if isinstance(value, (float, str)) and attribute.startswith(tuple(USUAL)):
                found.setdefault((attribute, value), []).append(module)
    return found


def _keywords(side: Tensors) -> dict[str, Any]:
    """Settings that a function takes by keyword, is not given, and has defaults of."""
    with suppress(TypeError, ValueError):
        parameters = inspect.signature(side.subject.function).parameters.values()
        given = {*side.subject.arguments, *side.subject.keywords}
        return {p.name: p.default for p in parameters if p.name.startswith(tuple(USUAL)) and p.name not in given}
    return {}


def _gates(own: Mapping[str, Array], kinds: list[str]) -> Iterator[Trial]:
    """The gates of recurrent layers in another order, along the axis on which they lie in all parameters."""
    for gates in (count for word, count in GATES.items() if any(word in kind for kind in kinds)):
        for axis in (-1, 0):
            sizes = [array.shape[axis] for array in own.values() if array.ndim]
            most = max(set(sizes), key=sizes.count, default=0)
            parts = {name: array for name, array in own.items() if array.ndim and array.shape[axis] == most}
            for order in permutations(range(gates)) if most % gates == 0 and len(parts) > 1 else ():
                blocks = {name: np.split(array, gates, axis) for name, array in parts.items()}
                arrays = {name: np.concatenate([each[i] for i in order], axis) for name, each in blocks.items()}
                which = ", ".join(parts) if len(parts) <= NAMED else f"all {len(parts)} parameters"
                said = f"with the gates in {which} in the order {', '.join(map(str, order))}"
                yield Trial(said, arrays=arrays)


def _flattened(own: Mapping[str, Array]) -> Iterator[Trial]:
    """A matrix behind a flattened image, whose channels come first, or last."""
    images = [array.shape for array in own.values() if array.ndim == 4]
    for channels in dict.fromkeys(length for shape in images for length in (shape[0], shape[-1])):
        for name, array in ((name, array) for name, array in own.items() if array.ndim == 2):
            for axis in (axis for axis in (0, 1) if array.shape[axis] % channels == 0 and 1 < channels < array.shape[axis]):
                rows = np.moveaxis(array, axis, 0)
                for shape, order in (((-1, channels), "(H, W, C) to (C, H, W)"), ((channels, -1), "(C, H, W) to (H, W, C)")):
                    turned = rows.reshape(*shape, rows.shape[1]).swapaxes(0, 1).reshape(rows.shape)
                    lines = "columns" if axis else "rows"
                    said = f"with the {lines} of {name} put from the order {order}, for {channels} channels,"
                    yield Trial(said, arrays={name: np.moveaxis(turned, 0, axis)})
