"""A backward that is not linear in the cotangent, because its solver takes other steps for another one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gradwitness.diagnosis.tolerances import LARGEST, Tolerances
from gradwitness.judging.point import Point
from gradwitness.report.findings import Finding

COTANGENTS = 4
"""That are tried: a solver may take the same steps for some of them."""


def but_for_tolerance(point: Point, findings: Sequence[Finding], law: str) -> list[Finding]:
    """The same findings; one note in place of those that say so, where it is what the tolerance of a solver leaves.

    law   how these begin
    """
    others = [finding for finding in findings if not finding.message.startswith(law)]
    if len(others) < len(findings) and (said := _said(point)):
        return [*others, Finding("dout", "note", said)]
    return list(findings)


def _said(point: Point) -> str:
    """What is said where a tolerance is the reason; empty where it is not. A few evaluations."""
    amount = _nonlinear(point)
    if not 0 < amount <= LARGEST:
        return ""
    told = Tolerances(point, {}).told(lambda other: {0: _nonlinear(other) / amount}, {0: amount})
    if told is None:
        return ""
    return (
        f"Backward is linear in dout but for what its solver leaves, which ends at a tolerance, {told.words}: {amount:.1g} of "
        f"the largest element, of which at most {told.falls(0)}"
    )


def _nonlinear(point: Point) -> float:
    """By how much backward is not linear in the cotangent, as a share of its largest element: the most of several cotangents."""
    rng, apart = np.random.default_rng(5), [0.0]
    for _ in range(COTANGENTS):
        douts, others = ([rng.normal(size=out.shape).astype(out.dtype) for out in point.outs] for _ in range(2))
        handed = (douts, others, [-2 * dout for dout in douts], [d + e for d, e in zip(douts, others, strict=True)])
        for found in zip(*(point.gradients(point.arrays, each) for each in handed), strict=True):
            if not any(each is None or not each.size for each in found):
                one, other, scaled, both = map(np.asarray, found)
                off = np.maximum(np.abs(scaled / -2 - one), np.abs(both - other - one))
                apart.append(float(np.max(off) / max(np.max(np.abs(one)), 1e-300)))
    return max(apart)
