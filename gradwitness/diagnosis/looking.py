"""What a search for a factor or a term looks at: quantities, and the masks within which it may be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice

import numpy as np

from gradwitness.arrays import Array
from gradwitness.diagnosis.case import Case
from gradwitness.diagnosis.contractions import summed
from gradwitness.diagnosis.formula import Product
from gradwitness.diagnosis.masks import masks, where
from gradwitness.diagnosis.quantities import Quantity, arrays
from gradwitness.diagnosis.search import Table
from gradwitness.diagnosis.whole import fitted as fitted_number

SHARP = 1e-4
"""Relative bar of an element that takes part in a search."""
SLABS = 3
"""Masks that agree with which elements are wrong: how many are tried."""
FEW = 6
"""Numbers that the user's code names: how many are used in functions."""
TINY = 1e-3
"""Smaller ones are no margins or slopes."""
Index = tuple[int, ...]


@dataclass
class Samples:
    """Numbers at some elements, and their relative bars: what a product of quantities should be."""

    at: list[Index] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    bars: list[float] = field(default_factory=list)

    def add(self, index: Index, value: float, base: float, bar: float) -> None:
        """A number over a base, unless that is not known well."""
        if base != 0 and value != 0 and bar < SHARP * abs(value):
            self.at.append(index)
            self.values.append(value / base)
            self.bars.append(float(bar / abs(value)))


class Look:
    """The quantities of a case, at the elements that were measured."""

    def __init__(self, case: Case) -> None:
        self.case = case
        own = {case.name.removeprefix("d"): case.array}
        others = {name: value for name, (value, _) in case.others.items()}
        known = {**own, **case.douts, **case.known, **others}
        self.quantities: list[Quantity] = arrays(known, case.array.shape)
        if case.contracted:
            self.quantities += summed(known, case.douts, case.array.shape)
        self.table = Table(self.quantities, list(case.elements), _scalars(case))

    def products(self, samples: Samples) -> Iterator[Product]:
        """The products of quantities that the samples are."""
        if len(samples.at) >= 2:
            yield from self.table.among(samples.at).products(np.array(samples.values), np.array(samples.bars))

    def within(self) -> Iterator[tuple[Array, str]]:
        """Everywhere; then masks that hold at wrong elements and not at right ones, each with a beginning of a sentence."""
        yield np.ones(self.case.array.shape, bool), ""
        yield from self._slabs

    @cached_property
    def _slabs(self) -> list[tuple[Array, str]]:
        wrong = self.case.wrong
        right = [index for index in self.case.elements if index not in wrong]
        if not right or not wrong:
            return []
        fitting = (
            (mask, f"{where(words)}, ")
            for mask, words in masks(self.case)
            if all(mask[i] for i in wrong) and not any(mask[i] for i in right)
        )
        return list(islice(fitting, SLABS))


def fitted(product: Product) -> int:
    """How many numbers were fitted: none if the constant is a simple one."""
    return 0 if abs(product.constant * 24 - round(product.constant * 24)) < 1e-12 else 1


def adjusted(case: Case, product: Product, term: Array, start: Array) -> Array:
    """The term with its constant fitted to the sharpest measurement, if it was fitted at all."""
    factor = fitted_number(case, term, start) if fitted(product) else None
    return term if factor is None or abs(factor - 1) > SHARP else factor * term


def _scalars(case: Case) -> dict[str, float]:
    """Numbers that the user's code names, such as a margin or a slope."""
    found = {name: float(a.reshape(())) for name, a in case.known.items() if a.size == 1 and a.dtype.kind == "f"}
    numbers = {value: name for name, value in reversed(found.items()) if value not in (0.0, 1.0) and abs(value) > TINY}
    return dict(islice(((name, value) for value, name in reversed(numbers.items())), FEW))
