"""How small an error is seen: the smallest relative error in one element of one gradient that the verdict detects.

It is planted. All results are the truth, rounded to the dtype under test, but for one element, which is multiplied by 1 + e; the
real `Evidence.judge` decides, and e is bisected until the detected and the undetected one are within STEP of each other or
neighbours in the dtype. The element's value is the relative error |planted - truth| / |truth| of the detected one, against the
truth before it was rounded. Gradients of up to FEW elements are searched whole; of larger ones the largest element, the one of
median size and RANDOM others. Elements whose truth is zero have no relative error and are left out.

A case's value in a dtype is the least over its elements: the smallest relative error in one element of one gradient that is
detected there. Beside it stands the median over the elements searched, which says what an element picked blindly takes: an
allowance is shared by a tensor, so that its small elements are seen less well than its large ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from conformance.run import evidence
from gradwitness.arrays import Array, unit_roundoff
from gradwitness.evidence import Evidence
from gradwitness.verdict import Disagreement, K
from reference import MODELS, OPS

TABLES = OPS | MODELS
FEW = 8
RANDOM = 2
STEP = 1.05
LARGEST = 2.0**20
"""A relative error that is not detected at this size is none that the case can detect."""


@dataclass(frozen=True)
class Sensitivity:
    """Of a case in a dtype.

    least      the smallest relative error detected, and in which element of which gradient
    median     of the elements searched
    elements   how many were searched
    """

    name: str
    family: str
    case_id: str
    dtype: str
    least: float
    where: str
    median: float
    elements: int


def of_case(name: str, case_id: str, dtype: str) -> Sensitivity | None:
    """The sensitivity of a case; None where every gradient is zero."""
    op = TABLES[name]
    told = evidence(op, case_id, dtype)
    found = {f"{gradient}{list(index)}": smallest(told, which, index) for gradient, which, index in elements(told)}
    if not found:
        return None
    family = "models" if name in MODELS else op.family
    where = min(found, key=found.__getitem__)
    return Sensitivity(name, family, case_id, dtype, found[where], where, float(np.median([*found.values()])), len(found))


def elements(told: Evidence) -> Iterator[tuple[str, int, tuple[int, ...]]]:
    """Gradient, number of the result and index of the elements that are searched."""
    rng = np.random.default_rng((told.subject.seed, 4))
    first = len(told.measured) - len(told.subject.gradients)
    for which in range(first, len(told.measured)):
        size = np.abs(told.measured[which].truth)
        order = [int(i) for i in np.argsort(size, axis=None, kind="stable") if size.flat[i] > 0 and np.isfinite(size.flat[i])]
        if len(order) > FEW:
            order = [order[-1], order[len(order) // 2], *(int(i) for i in rng.choice(order, RANDOM, replace=False))]
        for i in dict.fromkeys(order):
            yield told.names[which], which, tuple(int(k) for k in np.unravel_index(i, size.shape))


def smallest(told: Evidence, which: int, index: tuple[int, ...]) -> float:
    """The smallest relative error that is detected in an element; inf where none of up to LARGEST is."""
    with np.errstate(over="ignore"):
        results: list[Array] = [np.array(m.truth, told.dtype) for m in told.measured]
    truth, rounded = told.measured[which].truth[index], results[which][index]

    def planted(error: float) -> Any:
        with np.errstate(over="ignore"):
            return told.dtype.type(rounded + rounded * np.longdouble(error))

    def detected(error: float) -> bool:
        results[which][index] = planted(error)
        try:
            told.judge(results)
        except Disagreement:
            return True
        finally:
            results[which][index] = rounded
        return False

    # Where to begin is derived from the allowance; what is detected is not.
    low = high = max(float(K * told.measured[which].spread[index] / np.abs(truth)), unit_roundoff(told.dtype))
    while detected(low) and planted(low) != rounded:
        high, low = low, low / 4
    while not detected(high):
        if high > LARGEST:
            return float("inf")
        low, high = high, high * 4
    while high > STEP * low and planted(low) != planted(high):
        middle = float(np.sqrt(low * high))
        low, high = (low, middle) if detected(middle) else (middle, high)
    return float(np.abs(planted(high) - truth) / np.abs(truth))
