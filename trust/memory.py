"""What an examination need not find twice. The verdicts are those of `check_subject` and `Evidence.judge`; only time is saved.

- Numerical derivatives of a forward that a mutant leaves alone are the same for all such mutants.
- The first element of a gradient that lies outside of its bar kills; the others are then not differentiated.
- A case in which all results of the mutated code are, to the last bit, those of the right one cannot tell them apart.
- Monte Carlo arithmetic on the mutated code serves both witnesses.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from unittest.mock import patch

import numpy as np

from gradwitness import numerics, oracles
from gradwitness.arithmetic import Measured, measure
from gradwitness.subject import Subject, leaves
from gradwitness.verdict import K
from trust.mutant import Mutant
from trust.mutants import reached_by_forward
from trust.right import equal

_derivatives: dict[tuple[Any, ...], Any] = {}
_truths: dict[int, list[Any]] = {}
_measured: dict[tuple[str, str, str], list[Measured]] = {}


class Hasty(numerics.Numerics):
    """Numerical derivatives of a gradient's elements, up to the first that is wrong."""

    def entries(self, which: int, side: int = 0) -> Any:
        """As in Numerics; behind the first wrong element the derivative is said to be what backward says."""
        if side:
            return super().entries(which, side)
        array, told = list(leaves(self.inputs))[which], self.gradient[which]
        value, bar = np.array(told.truth), np.zeros_like(array)
        for index in np.ndindex(array.shape):
            direction = np.zeros_like(array)
            direction[index] = 1
            estimate = self.along(which, direction)
            value[index], bar[index] = estimate.value, estimate.error
            slack = K * self.scale * told.spread[index]
            if not abs(told.truth[index] - value[index]) <= bar[index] + slack:  # as in check_subject, which judges
                break
        return value, bar


class Remembering(numerics.Numerics):
    """Numerical derivatives of a right forward at a case."""

    where: tuple[str, str]

    def along(self, which: int, direction: Any, side: int = 0) -> Any:
        """As in Numerics."""
        key = (*self.where, which, side, direction.tobytes())
        if key not in _derivatives:
            _derivatives[key] = super().along(which, direction, side)
        return _derivatives[key]


def checked(mutant: Mutant, name: str, case_id: str, subject: Subject) -> dict[str, float]:
    """`check_subject`, for a mutant at a case."""
    forward_is_right = mutant.spoil is not None or not reached_by_forward(mutant, name)
    cheaper = type("Here", (Remembering,), {"where": (name, case_id)}) if forward_is_right else Hasty

    def measured(function: Callable[..., Sequence[Any]], dtype: Any, **options: Any) -> list[Measured]:
        found = measure(function, dtype, **options)
        if dtype == np.float64:  # wherever longdouble is wider
            _measured.clear()
            _measured[mutant.id, name, case_id] = found[1:]  # without the scalar that numerical differentiation looks at
        return found

    with patch.object(oracles, "Numerics", cheaper), patch.object(numerics, "measure", measured):
        return oracles.check_subject(subject)


def measured_before(mutant: Mutant, name: str, case_id: str) -> list[Measured] | None:
    """What `checked` measured of out and gradients in float64, if that was just now."""
    return _measured.get((mutant.id, name, case_id))


def unchanged(mutant: Mutant, subject: Subject) -> bool:
    """Whether a mutant computes at a case, in longdouble, to the last bit what the right code does. The asker keeps subject."""

    def run(there: Subject) -> list[Any]:
        with np.errstate(all="ignore"):
            return there.run(lambda array: array.astype(np.longdouble), np.longdouble)

    if id(subject) not in _truths:
        _truths[id(subject)] = run(subject)
    try:
        with mutant.plant():
            found = run(mutant.on(subject))
    except Exception:  # whatever the mutated code does: that is for the witnesses to tell
        return False
    return equal(_truths[id(subject)], found)
