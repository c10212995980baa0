"""Finds the smallest relative error in one element of one gradient that the verdict detects.

An error is planted: all results are the truth, rounded to the dtype under test, and one element is multiplied by 1 + e.
`Evidence.judge` decides whether it is detected. e is bisected until the detected and the undetected error are within a factor
STEP of each other, or are neighbours in the dtype. The value of the element is the relative error |planted - truth| / |truth|
of the detected one, where truth is not rounded. Of a gradient with up to FEW elements each is searched. Of a larger one the
largest element is searched, the one of median size, and RANDOM others. An element whose truth is zero has no relative error,
and is left out.

The value of a case in a dtype is the least over its elements. The median over the searched elements stands beside it: the
value of a typical element. A tensor shares one allowance, so its small elements are seen less well than its large ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from conformance.run import evidence as evidence_of
from gradwitness.arrays import Array, unit_roundoff
from gradwitness.evidence import Evidence
from gradwitness.verdict import Disagreement, K
from reference import MODELS, OPS

TABLES = OPS | MODELS
FEW = 8
RANDOM = 2
STEP = 1.05
LARGEST = 2.0**20
"""The search ends at this relative error: the case does not detect any."""


@dataclass(frozen=True)
class Sensitivity:
    """The sensitivity of a case in a dtype.

    least      the smallest relative error that is detected; `where` names the gradient and the element
    median     the median over the elements that were searched
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
    """The sensitivity of a case; None if every gradient is zero."""
    op = TABLES[name]
    measured = evidence_of(op, case_id, dtype)
    found = {f"{gradient}{list(index)}": smallest(measured, which, index) for gradient, which, index in elements(measured)}
    if not found:
        return None
    family = "models" if name in MODELS else op.family
    where = min(found, key=found.__getitem__)
    return Sensitivity(name, family, case_id, dtype, found[where], where, float(np.median([*found.values()])), len(found))


def elements(evidence: Evidence) -> Iterator[tuple[str, int, tuple[int, ...]]]:
    """Gradient, number of the result and index of the elements that are searched."""
    rng = np.random.default_rng((evidence.subject.seed, 4))
    first = len(evidence.measured) - len(evidence.subject.gradients)
    for which in range(first, len(evidence.measured)):
        size = np.abs(evidence.measured[which].truth)
        order = [int(i) for i in np.argsort(size, axis=None, kind="stable") if size.flat[i] > 0 and np.isfinite(size.flat[i])]
        if len(order) > FEW:
            order = [order[-1], order[len(order) // 2], *(int(i) for i in rng.choice(order, RANDOM, replace=False))]
        for i in dict.fromkeys(order):
            yield evidence.names[which], which, tuple(int(k) for k in np.unravel_index(i, size.shape))


def smallest(evidence: Evidence, which: int, index: tuple[int, ...]) -> float:
    """The smallest relative error that is detected in an element; inf if none up to LARGEST is."""
    with np.errstate(over="ignore"):
        results: list[Array] = [np.array(m.truth, evidence.dtype) for m in evidence.measured]
    truth, rounded = evidence.measured[which].truth[index], results[which][index]

    def planted(error: float) -> Any:
        with np.errstate(over="ignore"):
            return evidence.dtype.type(rounded + rounded * np.longdouble(error))

    def detected(error: float) -> bool:
        results[which][index] = planted(error)
        try:
            evidence.judge(results)
        except Disagreement:
            return True
        finally:
            results[which][index] = rounded
        return False

    # The allowance says where the search begins. `judge` alone says what is detected.
    low = high = max(float(K * evidence.measured[which].spread[index] / np.abs(truth)), unit_roundoff(evidence.dtype))
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
