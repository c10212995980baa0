"""Every line of a step: its name, the numbers that go into it, its value; in groups that share a formula and a rule.

Indices start at 1. `W1[1,2]` leads from input 1 to hidden unit 2. `dz` is dL/dz, the derivative of the loss with respect to z.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Place = tuple[str, tuple[int, ...]]
"""Where a framework keeps the same number: the name of the parameter, or "x", and the index."""
INSIDE = 4
"""Digits after the point of the numbers inside a line."""


@dataclass(frozen=True)
class Line:
    """One number of the step.

    numbers    the formula with its numbers, as one would type it
    place      of a gradient that frameworks leave in `.grad`
    mistakes   what usual mistakes would give -> what is wrong then
    """

    name: str
    numbers: str
    value: float
    place: Place | None = None
    mistakes: tuple[tuple[float, str], ...] = ()


@dataclass(frozen=True)
class Group:
    """The lines that have one formula and one rule."""

    part: str
    formula: str
    rule: str
    lines: tuple[Line, ...]


def number(value: float, digits: int | None = None) -> str:
    """A number as it is shown: so many digits after the point at most, and no zeros at the end."""
    text = f"{value:.{INSIDE if digits is None else digits}f}".rstrip("0").rstrip(".")
    if float(text or 0) == 0 and value != 0:
        return f"{value:.1e}"
    return "0" if text == "-0" else text


def factor(value: float) -> str:
    """A number inside a formula: in parentheses if it is negative."""
    text = number(value)
    return f"({text})" if text.startswith("-") else text


def added(*terms: str) -> str:
    """Terms of a sum, as one would type it."""
    return " + ".join(terms)


def times(*values: float) -> str:
    """Factors of a product, likewise."""
    return " · ".join(map(factor, values))


def shape(values: Any) -> str:
    """Rows of numbers in brackets, as a parameter is shown."""
    rows = values.tolist()
    if isinstance(rows[0], list):
        return "[" + ", ".join(shape(row) for row in values) + "]"
    return "[" + ", ".join(number(value) for value in rows) + "]"
