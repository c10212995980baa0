"""One term is right, and the rest has a wrong factor: got = A + B, truth = A + k * B, with A a product of known quantities."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from gradwitness.arrays import Array
from gradwitness.diagnosis.case import Case, Repair
from gradwitness.diagnosis.constants import simple, told
from gradwitness.diagnosis.formula import Entry, Product, formula
from gradwitness.diagnosis.looking import SHARP, Look
from gradwitness.diagnosis.terms import bases
from gradwitness.diagnosis.whole import fitted

LEAST = 5
"""Elements that are needed."""
SHORT = 220
"""Entries, the first ones, that are tried in pairs."""
SAME = 1e-6
"""Relative, of k - 1: how well the elements agree about k."""
Named = Callable[[int], tuple[tuple[Entry, int], ...]]


def rest(case: Case, look: Look) -> Iterator[Repair]:
    """The terms A that may be right, by how simple they are."""
    if not case.fits:
        return
    at = [i for i in case.wrong if case.elements[i][1] < SHARP * abs(case.elements[i][0] - case.claimed[i])]
    if len(at) < LEAST:
        return
    truth = np.array([float(case.elements[i][0]) for i in at])
    came = np.array([float(case.claimed[i]) for i in at])
    table = look.table.among(at)
    for name, base in bases(case, came=False):
        values = np.array([float(base[i]) for i in at])
        for product, terms, tries in _terms(table.entries, table.rows):
            for n in np.flatnonzero(_agree(truth, came, terms * values)):
                found = Product(1.0, product(int(n)), tries)
                term = base * found.values()
                constant = fitted(case, case.claimed - term, term)
                if constant and np.isfinite(constant):
                    exact = simple(constant)
                    number = float(exact) if exact else constant
                    words = f"{formula(found)} * {name}" if name else formula(found)
                    how = "has the wrong sign" if number == -1 else f"is {told(1 / number)} times what is right"
                    text = f"One term, {words}, is right, and the rest {how}"
                    yield Repair(term + number * (case.claimed - term), "term", text, 0 if exact else 1, tries)


def _terms(entries: list[Entry], rows: Array) -> Iterator[tuple[Named, Array, float]]:
    """Products of one entry, of two, and quotients: which entries a row of them is of, and the rows."""
    ones = np.ones((1, rows.shape[1]))
    yield (lambda _: ()), ones, 10.0
    yield (lambda n: ((entries[n], 1),)), rows, 2.0 * len(rows)
    yield (lambda n: ((entries[n], -1),)), 1 / rows, 2.0 * len(rows)
    short = rows[:SHORT]
    one, two = np.triu_indices(len(short))
    yield (lambda n: ((entries[one[n]], 1), (entries[two[n]], 1))), short[one] * short[two], 2.0 * len(one)
    yield (lambda n: ((entries[one[n]], 1), (entries[two[n]], -1))), short[one] / short[two], 2.0 * len(one)


def _agree(truth: Array, came: Array, terms: Array) -> Array:
    """Whether (truth - A) / (came - A) is the same at all elements, for each row A."""
    factors = (truth - terms) / (came - terms)
    middle = np.median(factors, axis=1, keepdims=True)
    off = np.abs(factors - middle) <= SAME * np.abs(middle - 1)
    return np.asarray(off.all(axis=1) & np.isfinite(middle[:, 0]) & (np.abs(middle[:, 0]) > SAME))
