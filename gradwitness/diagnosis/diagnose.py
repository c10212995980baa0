"""The hypotheses in their order: the simplest first."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import numpy as np

from gradwitness.arrays import Array
from gradwitness.diagnosis import cotangent, factors, maps, normalising, outputs, places, projections, rest, series, terms, whole
from gradwitness.diagnosis.case import Case, Explanation, Repair
from gradwitness.diagnosis.looking import Look
from gradwitness.diagnosis.non_finite import non_finite
from gradwitness.diagnosis.patterns import evidence
from gradwitness.diagnosis.slices import blocks

Hypothesis = Callable[[Case], Iterator[Repair]]
SIMPLE: tuple[Hypothesis, ...] = (
    cotangent.cut_off,
    whole.constant_factor,
    series.multiples,
    places.element,
    factors.known_factors,
    terms.known_terms,
    whole.sums,
    whole.axes,
    whole.exchanged,
    cotangent.linear,
    cotangent.passed_on,
    cotangent.conjugated,
    projections.diagonal,
    normalising.normalising,
    projections.statistics,
    projections.norms,
    places.balanced,
    places.sides,
    cotangent.activation,
)
"""Hypotheses with few candidates each."""
SEARCHES: tuple[Callable[[Case, Look], Iterator[Repair]], ...] = (factors.factors, terms.terms, rest.rest)
"""Hypotheses with thousands of candidates each."""


ROUNDED = 4 * float(np.finfo(np.float64).eps)
"""Relative: two numbers that are the same but for a rounding of float64."""
SHARE = "the share of"
LESS, CONSTANT, MASK = "N - 1 is right", "a constant is wrong", "a mask is missing"
"""Words of explanations, and of edits."""
FORMULAS = ("normalised", "formula")
"""Kinds that give the right gradient and do not name a mistake."""


def diagnose(case: Case, *, simply: bool = False, searching: bool = True) -> Explanation | None:
    """The mistake that explains a wrong gradient, proven; None if nothing repairs it.

    simply      an edit repairs it: the simple hypotheses alone
    searching   whether there is time for the searches among thousands of candidates
    """
    if (explanation := _nothing(case)) is not None:
        return explanation
    with np.errstate(all="ignore"):
        if (explanation := cotangent.of_one(case) or outputs.forgotten(case)) is not None:
            return explanation
        for hypothesis in SIMPLE:
            if (explanation := _proven(case, hypothesis(case))) is not None:
                return explanation
        if (explanation := series.contributions(case) or maps.not_transposed(case)) is not None or simply:
            return explanation
        return (_searched(case) if case.elements and searching else None) or _last(case)


def _searched(case: Case) -> Explanation | None:
    """Products of known quantities, here and for each row of a batch."""
    look = Look(case)
    if (found := _products(case, look)) is not None:
        return found
    formula = _proven(case, terms.formulas(case, look))
    parted = blocks(case)
    if parted is not case and (found := _products(parted, Look(parted))) is not None:
        return found
    if formula is not None and formula.kind != "formula":
        return formula
    return _by_row(case) or formula


def _products(case: Case, look: Look) -> Explanation | None:
    searches = (search(case, look) for search in SEARCHES)
    return next((found for repairs in searches if (found := _proven(case, repairs)) is not None), None)


def _by_row(case: Case) -> Explanation | None:
    """The same searches in the gradients of the rows of a batch."""
    for finer in case.finer(case) if case.contracted else ():
        if finer.wrong:
            found = series.rows(finer) or _proven(finer, factors.known_factors(finer)) or _products(finer, Look(finer))
            if found is not None:
                return Explanation(found.kind, f"For the cotangent of one row alone: {found[0].lower()}{found[1:]}")
    return None


def _last(case: Case) -> Explanation | None:
    """What is said where nothing repairs it, and is a mistake for all that."""
    if case.fits and not case.claimed.any():
        return Explanation("zero", "It is zero everywhere, and forward depends on it: nothing flows back along its path")
    return cotangent.not_linear(case) or maps.partly(case)


def _proven(case: Case, repairs: Iterator[Repair]) -> Explanation | None:
    return next((repair.explanation for repair in repairs if case.proves(repair)), None)


def explain(case: Case, edit: Explanation | None = None, *, searching: bool = True) -> str:
    """The mistake in a few sentences, or what is seen where none is proven; empty if there is nothing to say.

    edit        an edit of the source that repairs it
    searching   as in diagnose
    """
    found = diagnose(case, simply=edit is not None, searching=searching)
    if edit is not None:
        if found is None or (found.kind in ("series", "term") and edit.kind == "series"):
            return edit  # it says the same, and where
        if SHARE in found and LESS in edit:
            return found  # one of them is not picked: N - 1 is right here by chance
        if MASK in edit and found.kind == "mask" and not re.search(r"\b[Ww]here ", found):
            return found  # a row is wrong: numbers that are positive in all others are so by chance
        if CONSTANT in edit and found.kind == "constant factor":
            found = Explanation(found.kind, found.partition(": ")[0], found.gradient)  # what else the factor may be is chance
        kind = edit.kind if found.kind in FORMULAS else found.kind
        return Explanation(kind, f"{found}.\n{edit}", edit.gradient)
    if found is not None:
        return found
    seen = evidence(case)
    return f"Unexplained: {seen}" if seen else ""


def _nothing(case: Case) -> Explanation | None:
    """Something came where zero is right, or nan."""
    if not case.fits:
        return non_finite(case)
    none = bool(case.wrong) and all(abs(truth) <= bar for truth, bar in case.elements.values())
    if none and case.proves(Repair(np.zeros(case.array.shape), "", "")):
        return Explanation("zero", f"Zero is right: forward does not depend on it here{_steps(case)}")
    return None


def _steps(case: Case) -> str:
    """About a gradient of something that is constant in steps, as what rounds or picks a code is."""
    passed = case.claimed.all() or any(_is_passed(case.claimed, dout) for dout in case.douts.values())
    return ". A straight-through estimator, which passes a gradient on all the same, is no derivative" if passed else ""


def _is_passed(claimed: Array, dout: Array) -> bool:
    """Whether a gradient is the cotangent, within a mask."""
    inside = claimed != 0
    if dout.shape != claimed.shape or not inside.any():
        return False
    return bool((np.abs(claimed[inside] - dout[inside]) <= ROUNDED * np.abs(claimed[inside])).all())
