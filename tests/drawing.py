"""Points of an op's domain as Hypothesis draws them, each as the `Case` that it would be among the op's own."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import cache
from typing import Any, TypeVar

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gradwitness.arrays import Array
from reference import Case, Op
from reference.domain import GRAIN

T = TypeVar("T")


@cache
def multiples(low: float, high: float, besides: tuple[float, ...] = ()) -> tuple[float, ...]:
    """The multiples of GRAIN in [low, high] that are not besides: whole numbers first, then halves, quarters, ...; small ones
    before large ones, for what comes first is what an example shrinks to.
    """
    values = [i * GRAIN for i in range(int(np.ceil(low / GRAIN)), int(np.floor(high / GRAIN)) + 1)]
    return tuple(sorted(set(values) - set(besides), key=lambda v: (Fraction(v).denominator, abs(v), v < 0)))


class Drawn:
    """A `Pick` that lets Hypothesis choose. draw is what a composite strategy gets, or `st.data().draw`."""

    def __init__(self, draw: Callable[[st.SearchStrategy[Any]], Any]) -> None:
        self._draw = draw

    def size(self, low: int = 1, high: int = 4) -> int:
        return int(self._draw(st.integers(low, high)))

    def one_of(self, *options: T) -> T:
        option: T = self._draw(st.sampled_from(options))
        return option

    def floats(self, *shape: int, low: float = -4.0, high: float = 4.0, besides: tuple[float, ...] = ()) -> Array:
        return self._array(np.float64, shape, st.sampled_from(multiples(low, high, besides)))

    def distinct(self, *shape: int) -> Array:
        return self._array(np.float64, shape, st.sampled_from(multiples(-4.0, 4.0)), unique=True)

    def integers(self, *shape: int, low: int, high: int) -> Array:
        return self._array(np.int64, shape, st.integers(low, high - 1))

    def booleans(self, *shape: int) -> Array:
        return self._array(np.bool_, shape, st.booleans())

    def _array(self, dtype: Any, shape: tuple[int, ...], elements: st.SearchStrategy[Any], **options: Any) -> Array:
        # Without a fill every element is drawn: by default most are one and the same, and ties are all that is ever seen.
        array: Array = self._draw(arrays(dtype, shape, elements=elements, fill=st.nothing(), **options))
        return array


def spelled(value: Any) -> str:
    """The source of an argument: arrays, numbers, strings, None, and tuples of them; an op is the constant that holds it."""
    if isinstance(value, Op):
        return value.name.upper()
    if isinstance(value, tuple):
        return f"({' '.join(f'{spelled(part)},' for part in value)})"
    return f"np.array({value.tolist()})" if isinstance(value, np.ndarray) else repr(value)


class Found:
    """A point of a domain, as a case. It prints as the line that belongs into the CASES of its op, where it stands for the very
    same subject: inputs, attributes and, by its id, which is a hash of them, the seed.
    """

    def __init__(self, inputs: tuple[Any, ...], attrs: Mapping[str, Any], zero: tuple[str, ...] = ()) -> None:
        arguments = f"lambda rng: {spelled(inputs)}"
        if attrs:
            arguments += ", {" + ", ".join(f'"{key}": {spelled(value)}' for key, value in attrs.items()) + "}"
        if zero:
            arguments += f", zero={zero!r}"
        name = f"found_{zlib.crc32(arguments.encode()):08x}"
        self.case = Case(name, lambda rng: inputs, attrs, zero=zero)
        self.line = f'Case("{name}", {arguments})'

    def __repr__(self) -> str:
        return self.line


@st.composite
def points(draw: Callable[[st.SearchStrategy[Any]], Any], op: Op) -> Found:
    """Points of an op's domain."""
    assert op.domain is not None, f"{op.name} has no domain"
    return Found(*op.domain(Drawn(draw)), always_zero(op))


def always_zero(op: Op) -> tuple[str, ...]:
    """The arguments whose gradient is zero in every case of an op, so all over its domain: a bias that softmax does not see."""
    first, *others = op.cases
    return tuple(name for name in first.zero if all(name in case.zero for case in others))
