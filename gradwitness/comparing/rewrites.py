"""What is tried in a user's own code: settings of the library's functions that it calls, numbers that it writes or keeps from
outside, how it pads, and rows that should be columns.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from gradwitness.arrays import Array
from gradwitness.comparing.applied import applied
from gradwitness.comparing.code import (
    Called,
    called,
    constants,
    defaults,
    functions_of,
    held,
    kept,
    place,
    rewritten,
)
from gradwitness.comparing.trial import USUAL, Trial, usual

SMALL = 1e-2
"""Numbers up to this keep something from 0: they are an epsilon."""
SLOPES = 0.5
"""Numbers up to this may be a slope."""
AXES = ("axis", "dim")
NORMALIZED = ("softmax", "log_softmax", "logsumexp", "normalize", "l2_normalize", "standardize")
"""Functions whose axis is tried."""
DIVIDED = {"std": ("correction", "ddof"), "var": ("correction", "ddof"), "std_mean": ("correction",), "var_mean": ("correction",)}
"""Functions that divide by n or by n - 1, and their setting."""


def rewrites(function: Any, framework: str, others: Sequence[Any], inputs: Sequence[Array] = ()) -> Iterator[Trial]:
    """The changes of a function's code.

    others   the functions that it should agree with: their numbers are tried first
    inputs   whose lengths may scale what a softmax gets
    """
    own = functions_of(function)
    calls = list({(id(call.where[0]), call.where[1]): call for each in own for call in called(each)}.values())
    theirs = [number for other in others for each in functions_of(other) for number in _numbers(each)]
    yield from _settings(calls)
    yield from _written(own, theirs)
    yield from _elsewhere(own, theirs)
    yield from _columns(own)
    yield from _divided(own, calls, framework)
    yield from _padded(calls)
    yield from _axes(calls)
    yield from applied(own, calls, framework, inputs)


def _settings(calls: list[Called]) -> Iterator[Trial]:
    """Settings of the functions of libraries that are called."""
    for call in calls:
        for setting in USUAL:
            for name in (setting, f"{setting}ilon"):
                if (known := call.default(name)) is not None:
                    for value in (True, False) if isinstance(known[1], bool) else usual(setting):
                        yield Trial(f"with {name}={value!r} in {call.name}", (call.given(name, value),))


def _numbers(function: types.FunctionType) -> Iterator[float]:
    yield from (number for number in constants(function) if 0 < number <= SLOPES)
    yield from (value for _, _, value in held(function) if isinstance(value, float) and 0 < value <= SLOPES)
    yield from (value for _, value, _ in defaults(function) if isinstance(value, float) and 0 < value <= SLOPES)


def _candidates(number: float, theirs: Sequence[float]) -> list[float]:
    """What may stand in place of a number: those of the other functions, and the usual ones of its kind."""
    near = [other for other in theirs if (other <= SMALL) == (number <= SMALL)]
    common = [*usual("eps")] if number <= SMALL else []
    slopes = [*usual("alpha")] if SMALL <= number <= SLOPES else []
    return [other for other in dict.fromkeys([*near, *common, *slopes]) if other != number]


def _written(own: list[types.FunctionType], theirs: Sequence[float]) -> Iterator[Trial]:
    """Numbers that the code writes."""
    for function in own:
        for number in (each for each in constants(function) if 0 < each <= SLOPES):
            for other in _candidates(number, theirs):
                yield Trial(
                    f"with {other!r} in {place(function)}, in place of {number!r},", (rewritten(function, number, other),)
                )


def _elsewhere(own: list[types.FunctionType], theirs: Sequence[float]) -> Iterator[Trial]:
    """Numbers that it keeps: from outside, and as defaults."""
    for function in own:
        for name, value, change in (*kept(function), *defaults(function)):
            if isinstance(value, float) and 0 < value <= SLOPES:
                for other in _candidates(value, theirs):
                    yield Trial(f"with {name}={other!r} in {place(function)}, in place of {value!r},", (change(other),))
            elif usual(name) and isinstance(value, (str, bool)):
                for other in (True, False) if isinstance(value, bool) else usual(name):
                    if other != value:
                        yield Trial(f"with {name}={other!r} in {place(function)}, in place of {value!r},", (change(other),))


def _columns(own: list[types.FunctionType]) -> Iterator[Trial]:
    """Rows that are kept from outside as columns, and columns as rows: (N, 1) and (N,) broadcast to (N, N)."""
    tried: set[int] = set()
    for function in own:
        for name, where, value in held(function):
            if id(value) in tried or not _floats(value):
                continue
            tried.add(id(value))
            shape = tuple(value.shape)
            if len(shape) == 1 or (len(shape) == 2 and shape[1] == 1):
                other = value[:, None] if len(shape) == 1 else value[:, 0]
                said = f"with {name} of shape {tuple(other.shape)}, in place of {shape}, so that it broadcasts otherwise,"
                yield Trial(said, ((*where, other),))


def _floats(value: Any) -> bool:
    """Whether it is an array or a tensor of floats."""
    return not isinstance(value, types.ModuleType) and "float" in str(getattr(value, "dtype", "")) and hasattr(value, "shape")


def _divided(own: list[types.FunctionType], calls: list[Called], framework: str) -> Iterator[Trial]:
    """Standard deviations and variances by n, and by n - 1."""
    for call in calls:
        for setting in DIVIDED.get(str(call.where[1]), ()):
            if call.default(setting) is not None:
                for value in (0, 1):
                    yield Trial(f"with {setting}={value} in {call.name}", (call.given(setting, value),))
    if framework == "torch":
        yield from _divided_by_methods({name for function in own for name in function.__code__.co_names})


def _divided_by_methods(names: set[str]) -> Iterator[Trial]:
    """The same of a tensor's methods in PyTorch."""
    import torch

    for name in sorted(names & {"std", "var"}):
        call = Called((torch.Tensor, name), name, getattr(torch.Tensor, name))
        for value in (0, 1):

            def divided(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], value: int = value) -> Any:
                kept = {key: each for key, each in kwargs.items() if key != "unbiased"}
                return function(*(each for each in args if not isinstance(each, bool)), **{**kept, "correction": value})

            yield Trial(f"with correction={value} in x.{name}()", (call.replaced(divided),))


def _axes(calls: list[Called]) -> Iterator[Trial]:
    """Softmax and norms over another axis."""
    for call in calls:
        for axis in AXES if call.where[1] in NORMALIZED else ():
            if call.default(axis) is not None or axis == "dim":
                for value in (-1, 0, 1, 2):
                    yield Trial(f"with {axis}={value} in {call.name}", (call.given(axis, value),))


def _padded(calls: list[Called]) -> Iterator[Trial]:
    """Paddings that a function writes out, the other way round, and behind alone."""
    for call in calls:
        if call.where[1] != "pad":
            continue
        for words, turn in (
            ("exchanged", lambda a, b: (b, a)),
            ("behind alone", lambda a, b: (0, b)),
            ("in front alone", lambda a, b: (a, 0)),
        ):

            def padded(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], turn: Any = turn) -> Any:
                if len(args) < 2:
                    key = next((key for key in ("pad", "paddings", "pad_width") if key in kwargs), None)
                    return function(*args, **({**kwargs, key: _turned(kwargs[key], turn)} if key else kwargs))
                return function(args[0], _turned(args[1], turn), *args[2:], **kwargs)

            yield Trial(f"with paddings {words} in {call.name}", (call.replaced(padded),))


def _turned(pad: Any, turn: Callable[[int, int], tuple[int, int]]) -> Any:
    """Pairs of paddings, in a row as in PyTorch or one for each axis, changed."""
    array = np.asarray(pad)
    if array.size % 2 or not array.ndim:
        return pad
    pairs = [turn(*pair) for pair in array.reshape(-1, 2).tolist()]
    return [each for pair in pairs for each in pair] if array.ndim == 1 else pairs
