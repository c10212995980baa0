"""What is tried of numbers and settings in a user's own code: those of the library's functions that it calls, numbers that it
writes or keeps from outside. The numbers of the other functions come first.
"""

from __future__ import annotations

import types
from collections.abc import Iterator, Sequence
from typing import Any

from gradwitness.comparing.code import Called, called, constants, defaults, functions_of, held, kept, place
from gradwitness.comparing.trial import SMALL, Trial, is_fine, usual

SLOPES = 0.5
"""Numbers up to this may be a slope."""
LARGEST = 1e3
"""Numbers below this may be a setting."""
AXES = ("axis", "dim")


def settings(calls: list[Called], theirs: Sequence[float]) -> Iterator[Trial]:
    """Settings of the functions of libraries that are called: with usual values, and with numbers of the other functions."""
    for call in calls:
        known = call.settings()
        for name, default in known.items():
            for value in _values(name, default, theirs):
                yield Trial(f"with {name}={value!r} in {call.said}", settings=((call, name, value),), fine=is_fine(value))


def _values(name: str, default: Any, theirs: Sequence[float]) -> list[Any]:
    """What a setting may be set to."""
    if isinstance(default, bool) or {True, False} <= set(usual(name)):
        return list(dict.fromkeys([True, False, *usual(name)]))
    if name in AXES or (default is None and not usual(name)):
        return []
    numbers = [] if isinstance(default, str) or not isinstance(default, (int, float, type(None))) else list(theirs)
    is_small = isinstance(default, float) and 0 < default <= SMALL
    return list(dict.fromkeys([*usual(name), *(each for each in numbers if default == 0 or (each <= SMALL) == is_small)]))


def numbers_of(others: Sequence[Any]) -> list[float]:
    """The numbers of functions that another one should agree with: in their code, and the defaults of what they call."""
    own = [each for other in others for each in functions_of(other)]
    called_by = [call for each in own for call in called(each)]
    written = [value for each in own for value in constants(each)]
    kept_by = [value for each in own for _, _, value in held(each)]
    default = [value for each in own for _, value, _ in defaults(each)]
    library = [value for call in called_by for value in call.settings().values()]
    numbers = [value for value in (*written, *kept_by, *default, *library) if isinstance(value, float) and 0 < value < LARGEST]
    return list(dict.fromkeys(numbers))


def small(function: types.FunctionType) -> Iterator[float]:
    """The epsilons and slopes that a function writes and keeps."""
    yield from (number for number in constants(function) if 0 < number <= SLOPES)
    yield from (value for _, _, value in held(function) if isinstance(value, float) and 0 < value <= SLOPES)
    yield from (value for _, value, _ in defaults(function) if isinstance(value, float) and 0 < value <= SLOPES)


def _candidates(number: float, theirs: Sequence[float]) -> list[float]:
    """What may stand in place of a number: those of the other functions, and the usual ones of its kind."""
    near = [other for other in theirs if (other <= SMALL) == (number <= SMALL)]
    common = [*usual("eps")] if number <= SMALL else []
    slopes = [*usual("alpha")] if SMALL <= number <= SLOPES else []
    return [other for other in dict.fromkeys([*near, *common, *slopes]) if other != number]


def written(own: list[types.FunctionType], theirs: Sequence[float]) -> Iterator[Trial]:
    """Numbers that the code writes."""
    for function in own:
        for number in (each for each in constants(function) if 0 < each <= SLOPES):
            for other in _candidates(number, theirs):
                words = f"with {other!r} in {place(function)}, in place of {number!r},"
                yield Trial(words, numbers=((function, number, other),), fine=is_fine(other))


def dropped(function: Any) -> Iterator[Trial]:
    """Small numbers that the code writes and keeps, at 0: an epsilon that another function does not have."""
    for own in functions_of(function):
        for number in (each for each in constants(own) if is_fine(each)):
            words = f"with 0.0 in {place(own)}, in place of {number!r},"
            yield Trial(words, numbers=((own, number, 0.0),), fine=True)
        for name, value, change in (*kept(own), *defaults(own)):
            if is_fine(value):
                yield Trial(f"with {name}=0.0 in {place(own)}, in place of {value!r},", (change(0.0),), fine=True)


def larger(own: list[types.FunctionType], theirs: Sequence[float]) -> Iterator[Trial]:
    """The same of larger numbers: those of the other functions, and 1, which is none."""
    for function in own:
        for number in (each for each in constants(function) if SMALL < each < LARGEST):
            for other in dict.fromkeys(each for each in (*theirs, 1.0) if each > SMALL and each != number):
                words = f"with {other!r} in {place(function)}, in place of {number!r},"
                yield Trial(words, numbers=((function, number, other),))


def elsewhere(own: list[types.FunctionType], theirs: Sequence[float]) -> Iterator[Trial]:
    """Numbers that it keeps: from outside, and as defaults."""
    for function in own:
        for name, value, change in (*kept(function), *defaults(function)):
            if isinstance(value, float) and 0 < value <= SLOPES:
                for other in _candidates(value, theirs):
                    yield Trial(
                        f"with {name}={other!r} in {place(function)}, in place of {value!r},",
                        (change(other),),
                        fine=is_fine(other),
                    )
            elif usual(name) and isinstance(value, (str, bool)):
                for other in (True, False) if isinstance(value, bool) else usual(name):
                    if other != value:
                        yield Trial(f"with {name}={other!r} in {place(function)}, in place of {value!r},", (change(other),))
