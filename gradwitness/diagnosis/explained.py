"""Findings about gradients, with the mistake that explains those that are wrong."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from gradwitness.diagnosis.case import Explanation
from gradwitness.diagnosis.diagnose import explain
from gradwitness.diagnosis.evidence import case_of
from gradwitness.judging.black_box import BlackBox
from gradwitness.judging.directions import joint
from gradwitness.judging.point import Point
from gradwitness.report.findings import Finding

EVERYTHING = "the gradient"
"""What a finding is about that was seen along a direction alone."""
LARGEST = 100_000
"""Elements of an array whose gradient is diagnosed."""


def explained(point: Point, findings: Sequence[Finding]) -> Iterator[Finding]:
    """The same findings. Those that are wrong, and about a gradient, carry an explanation or the evidence.

    About 100 evaluations for each wrong gradient; none where all are right.
    """
    if not any(finding.verdict == "wrong" for finding in findings):
        yield from findings
        return
    names = [f"d{leaf.name}" for leaf in point.function.leaves]
    right = {finding.about: finding.verdict == "right" for finding in findings}
    located = any(finding.verdict == "wrong" and finding.about in names for finding in findings)
    box = _box(point)
    for finding in findings:
        if finding.verdict != "wrong" or finding.explanation:
            yield finding
        elif finding.about in names:
            yield replace(finding, explanation=_explanation(box, names.index(finding.about), finding.where, right))
        elif finding.about == EVERYTHING and not located:
            yield replace(finding, explanation=_of_all(box, names, right))
        else:
            yield finding


def _of_all(box: BlackBox, names: Sequence[str], right: dict[str, bool]) -> str:
    """Of a disagreement that no single element shows: the first gradient with a proven mistake; else the evidence of all."""
    texts = {name: _explanation(box, i, (), right) for i, name in enumerate(names)}
    for name, text in texts.items():
        if isinstance(text, Explanation):
            return Explanation(text.kind, f"{name}: {text}")
    return "; ".join(f"{name}: {text}" for name, text in texts.items() if text)


def _explanation(box: BlackBox, which: int, wrong: Sequence[tuple[int, ...]], right: dict[str, bool]) -> str:
    claim, size = box.point.claims[which], box.point.arrays[which].size
    if claim is None or not 0 < size <= LARGEST:
        return ""
    case = case_of(box, which, claim.value, wrong, right)
    return explain(case) if any(abs(one.excess) > one.bar for one in case.measurements) else ""


def _box(point: Point) -> BlackBox:
    """What measures the excess over the gradients that came; over zero where one does not fit."""
    fitting = [
        claim is not None and claim.value.shape == array.shape and bool(np.isfinite(claim.value).all())
        for claim, array in zip(point.claims, point.arrays, strict=True)
    ]
    values = [c.value if c and fits else np.zeros_like(a) for c, a, fits in zip(point.claims, point.arrays, fitting, strict=True)]
    spreads = [
        c.spread if c and fits else np.zeros_like(a) for c, a, fits in zip(point.claims, point.arrays, fitting, strict=True)
    ]
    detour = any(claim.detour for claim in point.claims if claim is not None)
    return BlackBox(point, values, spreads, joint(point.scales, point.arrays, np.random.default_rng((point.seed, 8))), detour)
