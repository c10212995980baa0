"""Numbers that people get wrong by: recognised, and put in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from functools import partial

import numpy as np

from gradwitness.arrays import Array

CLOSE = 1e-8
"""How near a number must lie to a recognised one, relative; fitted numbers are known to about this."""
DENOMINATORS = 12


def sizes(known: Mapping[str, Array]) -> dict[int, str]:
    """Numbers of rows, columns and elements -> whose they are. The first owner of a number keeps it."""
    found: dict[int, str] = {}
    for number, words in _sizes(known):
        if number > 2:
            found.setdefault(number, words)
    return found


def _sizes(known: Mapping[str, Array]) -> Iterator[tuple[int, str]]:
    arrays = [(name, array) for name, array in known.items() if array.ndim]
    for name, array in arrays:
        yield len(array), f"the number of {'rows' if array.ndim > 1 else 'elements'} of {name}"
        if array.ndim == 2:
            yield array.shape[1], f"the number of columns of {name}"
    for name, array in arrays:
        for axis, length in enumerate(array.shape):
            yield length, f"the length of axis {axis} of {name}"
        yield array.size, f"the number of elements of {name}"
    for name, array in arrays:
        for first in range(array.ndim):
            for last in range(first + 2, array.ndim + 1):
                yield int(np.prod(array.shape[first:last])), f"the product of axes {first} to {last - 1} of {name}"
        for axis in range(array.ndim):
            yield array.size // max(array.shape[axis], 1), f"the number of elements of {name} without axis {axis}"


def simple(number: float) -> Fraction | None:
    """The number as a fraction of small numbers, if it is one."""
    if not np.isfinite(number) or abs(number) > 1e6:
        return None
    near = Fraction(number).limit_denominator(DENOMINATORS)
    return near if near and abs(float(near) - number) <= CLOSE * abs(number) else None


def told(number: float) -> str:
    """A number in a few digits: 3, 1/3, 0.1, 1.237."""
    near = simple(number)
    if near is not None:
        return str(near)
    return f"{float(number):.12g}" if float(f"{float(number):.4g}") == float(f"{float(number):.12g}") else f"{float(number):.7g}"


Candidate = tuple[float, Callable[[], str]]
"""A number, and what it is in words, which are made where they are asked for."""


def recognised(number: float, known: Mapping[str, Array], close: float = CLOSE) -> str:
    """What a positive number is: "8, the number of rows of x"; empty if it is nothing that is known."""
    return among(number, candidates(known), close)


def candidates(known: Mapping[str, Array]) -> list[Candidate]:
    """The numbers that are known. It takes time where many arrays are: many numbers are looked up in one list."""
    return [*_lengths(known), *_values(known), *_weights(known), *_shares(known), *_corrections(known)]


def among(number: float, numbers: Sequence[Candidate], close: float = CLOSE) -> str:
    """The first of some numbers that is near enough, in words."""
    return next((words() for value, words in numbers if 0 < value < np.inf and abs(number - value) <= close * value), "")


def _said(text: str) -> str:
    return text


def _lengths(known: Mapping[str, Array]) -> Iterator[Candidate]:
    for size, words in sizes(known).items():
        for value, spelled in ((size, f"{size}"), (1 / size, f"1/{size}")):
            yield value, partial(_said, f"{spelled}, and {size} is {words}")


def _values(known: Mapping[str, Array]) -> Iterator[Candidate]:
    """Single numbers that are given."""
    for name, array in known.items():
        if array.size == 1 and array.dtype.kind == "f":
            value = abs(float(array.reshape(())))
            own = name if array.reshape(()) >= 0 else name[1:] if name.startswith("-") else f"|{name}|"
            for candidate, spelled in ((value, own), (1 / value if value else 0, f"1/{own}"), (abs(1 - value), f"1 - {own}")):
                if candidate != 1:
                    yield candidate, partial(_which, candidate, spelled)


def _which(number: float, spelled: str) -> str:
    return f"{spelled}, as the code has it" if spelled == f"{number:g}" else f"{told(number)}, which is {spelled}"


def _weights(known: Mapping[str, Array]) -> Iterator[Candidate]:
    """By what weighted means differ that are divided by the number of weights, or by their sum. Simple factors mean anything."""
    for name, array in known.items():
        if array.size > 1 and array.dtype.kind == "f":
            total = abs(float(np.sum(array, dtype=np.float64)))
            for value, words in ((total / array.size, "mean"), (total, "sum")):
                if not value or simple(value) or simple(1 / value):
                    continue
                yield value, partial(_which, value, f"the {words} of {name}")
                yield 1 / value, partial(_which, 1 / value, f"1 over the {words} of {name}")


def _shares(known: Mapping[str, Array]) -> Iterator[Candidate]:
    """By what means differ that are taken over all, and over those alone that a mask or a label picks."""
    for name, array in known.items():
        picked = array if array.dtype.kind == "b" else array >= 0 if array.dtype.kind == "i" else None
        if picked is None or picked.all() or not picked.any():
            continue
        share, what = float(picked.mean()), "true" if array.dtype.kind == "b" else "not negative"
        yield share, partial(_which, share, f"the share of {name} that is {what}")
        yield 1 / share, partial(_which, 1 / share, f"1 over the share of {name} that is {what}")


def _corrections(known: Mapping[str, Array]) -> Iterator[Candidate]:
    """By what statistics differ that count one less, and square roots of lengths."""
    for size, words in sizes(known).items():
        for value, spelled in (
            (size / (size - 1), f"{size}/{size - 1}"),
            ((size - 1) / size, f"{size - 1}/{size}"),
            ((size / (size - 1)) ** 0.5, f"sqrt({size}/{size - 1})"),
            (((size - 1) / size) ** 0.5, f"sqrt({size - 1}/{size})"),
            *(((size**0.5, f"sqrt({size})"), (size**-0.5, f"1/sqrt({size})")) if size**0.5 % 1 else ()),
        ):
            yield value, partial(_said, f"{spelled}, and {size} is {words}")
