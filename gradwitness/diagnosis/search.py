"""Which product of known quantities a list of numbers is, up to a constant: an elementwise factor, or a missing term.

Magnitudes are compared by their logarithms, less their mean: a constant falls out, and a product of two quantities is a sum.
Pairs are found by one random projection, sorted, so that thousands of quantities are tried in pairs in milliseconds.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

import numpy as np

from gradwitness.arrays import Array
from gradwitness.diagnosis.forms import functions
from gradwitness.diagnosis.formula import Entry, Product
from gradwitness.diagnosis.quantities import Quantity

Index = tuple[int, ...]
MATCHES = 400
"""Pairs that are looked at closely at most."""
TRIPLES = 350
"""Entries of which products of three are tried."""
SAME = 1e-9
"""Relative: a product that is the same at all elements."""
FINEST = 1e-11
"""Relative: known arrays and constants are exact to float64 only."""


class Table:
    """Functions of quantities, at some elements."""

    def __init__(self, quantities: Sequence[Quantity], at: Sequence[Index], scalars: Mapping[str, float]) -> None:
        self.quantities, self.at, self.entries = list(quantities), list(at), []
        rows, places = [], tuple(np.array(axis, int) for axis in zip(*at, strict=True))
        with np.errstate(all="ignore"):
            for quantity in quantities:
                values = np.asarray(quantity.values[places], np.longdouble)
                for words, function, slope in functions(quantity.words, scalars):
                    self.entries.append(Entry(words, quantity, function, slope))
                    rows.append(np.asarray(function(values), float))
        self.rows = np.array(rows).reshape(len(rows), len(at))

    def among(self, at: Sequence[Index]) -> Table:
        """The table at some of its elements: of what is finite, not zero and not constant there."""
        part = copy.copy(self)
        rows = self.rows[:, [self.at.index(index) for index in at]]
        size = np.abs(rows)
        kept = np.isfinite(rows).all(axis=1) & (rows != 0).all(axis=1)
        kept[kept] = np.ptp(size[kept], axis=1) > 1e-9 * size[kept].max(axis=1)
        part.at, part.rows = list(at), rows[kept]
        part.entries = [entry for entry, keep in zip(self.entries, kept, strict=True) if keep]
        return part

    @cached_property
    def logs(self) -> Array:
        """Logarithms of the magnitudes, less their mean over the elements."""
        logs = np.log(np.abs(self.rows))
        return np.asarray(logs - logs.mean(axis=1, keepdims=True))

    def products(self, target: Array, tolerance: Array, *, pairs: bool = True) -> Iterator[Product]:
        """The products that the target is, within a relative tolerance for each element; the simplest first."""
        if not len(self.entries) or len(target) < 2 or not np.isfinite(target).all() or (target == 0).any():
            return
        wanted = np.log(np.abs(np.asarray(target, float)))
        wanted -= wanted.mean()
        room = 4 * np.maximum(tolerance, FINEST) + 4 * np.maximum(tolerance, FINEST).mean()
        found = [self._product(target, [(i, power)], float(2 * len(self.entries))) for i, power in self._singles(wanted, room)]
        yield from sorted((one for one in found if one is not None), key=lambda one: one.rank)
        if pairs and len(target) >= 3:
            tries = 2.0 * len(self.entries) ** 2
            twos = [self._product(target, two, tries) for two in self._pairs(wanted, room)]
            yield from sorted((one for one in twos if one is not None), key=lambda one: one.rank)
            if len(target) >= 4 and not any(twos):
                tries = 4.0 * self.short**3
                threes = [self._product(target, three, tries) for three in self._triples(wanted, room)]
                yield from sorted((one for one in threes if one is not None), key=lambda one: one.rank)

    @cached_property
    def short(self) -> int:
        """How many entries, the first ones, take part in products of three."""
        return min(len(self.entries), TRIPLES)

    def _triples(self, wanted: Array, room: Array) -> Iterator[list[tuple[int, int]]]:
        weights = np.random.default_rng(13).uniform(0.5, 1.0, len(wanted)) * np.resize([1.0, -1.0, 1.0], len(wanted))
        logs = self.logs[: self.short]
        marks, mark, wide = logs @ weights, float(wanted @ weights), float(room @ np.abs(weights))
        one, two = np.triu_indices(self.short)
        seen = 0
        for first, second in ((1, 1), (1, -1), (-1, 1), (-1, -1)):
            pairs = first * marks[one] + second * marks[two]
            order = np.argsort(pairs)
            ordered = pairs[order]
            for third in (1, -1):
                goal = mark - third * marks
                low, high = np.searchsorted(ordered, goal - wide), np.searchsorted(ordered, goal + wide)
                for k in np.flatnonzero(high > low):
                    for at in order[low[k] : high[k]]:
                        seen += 1
                        i, j = int(one[at]), int(two[at])
                        if seen > MATCHES:
                            return
                        if (np.abs(first * logs[i] + second * logs[j] + third * logs[k] - wanted) <= room).all():
                            yield [(i, first), (j, second), (int(k), third)]

    def _singles(self, wanted: Array, room: Array) -> Iterator[tuple[int, int]]:
        for power in (1, -1):
            for i in np.flatnonzero((np.abs(power * self.logs - wanted) <= room).all(axis=1)):
                yield int(i), power

    def _pairs(self, wanted: Array, room: Array) -> Iterator[list[tuple[int, int]]]:
        weights = np.random.default_rng(11).uniform(0.5, 1.0, len(wanted)) * np.resize([1.0, -1.0, 1.0], len(wanted))
        marks, mark, wide = self.logs @ weights, float(wanted @ weights), float(room @ np.abs(weights))
        order = np.argsort(marks)
        ordered, seen = marks[order], 0
        for first in (1, -1):
            for second in (1, -1):
                # second * marks[j] = mark - first * marks[i]
                goal = second * (mark - first * marks)
                low, high = np.searchsorted(ordered, goal - wide), np.searchsorted(ordered, goal + wide)
                for i in np.flatnonzero(high > low):
                    for j in order[low[i] : high[i]]:
                        if (i < j or (i == j and first == second)) and seen < MATCHES:
                            seen += 1
                            if (np.abs(first * self.logs[i] + second * self.logs[j] - wanted) <= room).all():
                                yield [(int(i), first), (int(j), second)]

    def _product(self, target: Array, parts: Sequence[tuple[int, int]], tries: float) -> Product | None:
        """With its constant, and with the sign of a quantity if signs differ."""
        product = np.prod([self.rows[i] ** float(power) for i, power in parts], axis=0)
        if np.ptp(np.abs(product)) <= SAME * np.abs(product).max():
            return None  # exp(x) * exp(-x) says nothing
        ratio = np.asarray(target, float) / product
        entries = tuple((self.entries[i], power) for i, power in parts)
        constant = float(np.median(np.abs(ratio)))
        for near in (round(constant * 24) / 24, 1 / max(round(1 / constant), 1) if constant else 0.0):
            if near and abs(near - constant) < 1e-7 * constant:
                constant = near
        if (ratio > 0).all() or (ratio < 0).all():
            return Product(constant * float(np.sign(ratio[0])), entries, tries)
        places = tuple(np.array(axis, int) for axis in zip(*self.at, strict=True))
        for quantity in self.quantities:
            signs = np.sign(np.asarray(quantity.values[places], float))
            if (signs == np.sign(ratio)).all() or (signs == -np.sign(ratio)).all():
                return Product(constant * float(np.sign(ratio[0] * signs[0])), entries, tries * len(self.quantities), quantity)
        return None
