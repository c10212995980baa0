"""Saves time in an examination. The verdicts are still those of `check_subject` and `Evidence.judge`.

- Mutants that do not change a forward share its numerical derivatives.
- The first element of a gradient outside its error bar kills. The other elements are not differentiated.
- A case where all results of the mutated code equal those of the right code bit for bit is passed over.
- One measurement of rounding on the mutated code serves both witnesses.
"""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from conformance.rewriting.mutant import Mutant
from gradwitness.derivative.numerics import Numerics
from gradwitness.derivative.oracle import check_subject
from gradwitness.rounding.arithmetic import Measured
from gradwitness.subjects.pair import Subject, leaves
from gradwitness.verdict import K
from trust.corpus.baseline import equal
from trust.corpus.catalogue import reached_by_forward

_derivatives: dict[tuple[Any, ...], Any] = {}
_truths: WeakKeyDictionary[Subject, list[Any]] = WeakKeyDictionary()
_measured: dict[tuple[str, str, str], list[Measured]] = {}


class Hasty(Numerics):
    """Numerical derivatives of a gradient's elements, up to the first element that is wrong."""

    def entries(self, which: int, side: int = 0) -> Any:
        """As in Numerics. Elements behind the first wrong one get the value of backward."""
        if side:
            return super().entries(which, side)
        array, measured = list(leaves(self.inputs))[which], self.gradient[which]
        value, bar = np.array(measured.truth), np.zeros_like(array)
        for index in np.ndindex(array.shape):
            direction = np.zeros_like(array)
            direction[index] = 1
            estimate = self.along(which, direction)
            value[index], bar[index] = estimate.value, estimate.error
            slack = K * self.unit_ratio * measured.spread[index]
            if not abs(measured.truth[index] - value[index]) <= bar[index] + slack:  # the rule of check_subject, which judges
                break
        return value, bar


class Remembering(Numerics):
    """Numerical derivatives of a right forward; `where` is its op and case."""

    def __init__(self, subject: Subject, where: tuple[str, str]) -> None:
        super().__init__(subject)
        self.where = where

    def along(self, which: int, direction: Any, side: int = 0) -> Any:
        """As in Numerics."""
        key = (*self.where, which, side, direction.tobytes())
        if key not in _derivatives:
            _derivatives[key] = super().along(which, direction, side)
        return _derivatives[key]


def checked(mutant: Mutant, name: str, case_id: str, subject: Subject) -> dict[str, float]:
    """`check_subject`, for a mutant at a case."""
    forward_is_right = mutant.spoil is not None or not reached_by_forward(mutant, name)

    def differentiate(subject: Subject) -> Numerics:
        numerics = Remembering(subject, (name, case_id)) if forward_is_right else Hasty(subject)
        _measured.clear()
        if numerics.noise_dtype == np.float64:  # wherever longdouble is wider
            _measured[mutant.id, name, case_id] = numerics.measured[1:]  # without the value that is differentiated
        return numerics

    return check_subject(subject, differentiate)


def measured_before(mutant: Mutant, name: str, case_id: str) -> list[Measured] | None:
    """What the last call of `checked` measured of out and gradients in float64, if it was about this mutant and case."""
    return _measured.get((mutant.id, name, case_id))


def unchanged(mutant: Mutant, subject: Subject) -> bool:
    """Whether a mutant computes, in longdouble and bit for bit, what the right code computes."""

    def run(examined: Subject) -> list[Any]:
        with np.errstate(all="ignore"):
            return examined.run(lambda array: array.astype(np.longdouble), np.longdouble)

    if subject not in _truths:
        _truths[subject] = run(subject)
    try:
        with mutant.plant():
            found = run(mutant.on(subject))
    except Exception:  # the mutated code may raise anything; the witnesses will see it
        return False
    return equal(_truths[subject], found)
