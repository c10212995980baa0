"""The gradients that a framework gives, against differences: nan element by element, kinks in words, None where there is none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from gradwitness.diagnosis.edits.search import LEAVES
from gradwitness.diagnosis.evidence import box_of
from gradwitness.diagnosis.explained import explained
from gradwitness.diagnosis.measuring import measure
from gradwitness.functions.phases import but_for_phases
from gradwitness.functions.rounded import grows
from gradwitness.functions.samplers import but_for_samples
from gradwitness.judging.gradients import UNCERTAIN, gradients, vanishes
from gradwitness.judging.lost import Lost
from gradwitness.judging.members import member
from gradwitness.judging.point import Point
from gradwitness.report.findings import Finding, element
from gradwitness.subjects.tensors.function import Differentiated
from gradwitness.subjects.tensors.precision import EPS

NEAR = 4 * 2.0**-23
"""Of the largest element: four units of float32's last digit."""
ROUNDS = (
    "what the function rounds hides it, for it does not compute in float64. reference=, a function in plain operations, tells"
)
LOST = (
    "A rule of tf.custom_gradient names it from outside. It is told of variables alone, for which tensors stand in here. Hand it "
    "to the rule as an argument"
)
PAIRS = "Of each complex number, 0 on the last axis is the real part, and 1 the imaginary part"


def first_gradients(point: Point, subject: Differentiated) -> Iterator[Finding]:
    """A finding for each gradient. Elements that are nan or inf are looked at one by one; the others are judged as ever."""
    lost = Lost(point)
    found = list(but_for_samples(subject, list(but_for_phases(point, subject, list(gradients(point))))))
    plain = iter(list(explained(point, [finding for finding in found if finding.about not in lost.masks])))
    told = {finding.about: finding for finding in plain}
    for finding in found:
        if finding.about in lost.masks:
            yield lost.told(finding)
        else:
            yield _worded(told.pop(finding.about, finding), point, subject)
    yield from (finding for about, finding in told.items() if about not in lost.masks)


def _worded(finding: Finding, point: Point, subject: Differentiated) -> Finding:
    """With what a reader wants to know besides: which member of a kink it is; that there is no gradient at all."""
    names = [f"d{leaf.name}" for leaf in subject.leaves]
    if finding.about not in names:
        return finding
    which = names.index(finding.about)
    if which in subject.ungiven:
        lost = finding.verdict == "wrong" and subject.lost(which)
        told = _ungiven(finding, subject.leaves[which].name, subject.backend.title)
        return Finding(finding.about, "cannot tell", LOST) if lost else told
    if finding.verdict == "wrong" and (message := _below_its_dtype(finding, point, which, subject)):
        return Finding(finding.about, "note", message, of=finding.of)
    if finding.verdict == "kink":
        said = member(point, which)
        return replace(finding, message=f"{finding.message}. {said}" if said else finding.message, sight=np.nan)
    if finding.verdict in ("right", "undefined", "cannot tell"):
        return _untold(finding, point, which)
    pairs = finding.verdict == "wrong" and finding.index and subject.dtypes[which].startswith("complex")
    return replace(finding, message=". ".join(filter(None, (finding.message, PAIRS)))) if pairs else finding


def _below_its_dtype(finding: Finding, point: Point, which: int, subject: Differentiated) -> str:
    """What is said about a difference in float64 that is below the last digits of the inputs; empty for any other.

    In 16 bits these hide much, so that the difference must be due to the rounding of the inputs.
    """
    eps, own = [EPS.get(dtype, 0.0) for dtype in subject.dtypes], " and ".join(dict.fromkeys(subject.dtypes))
    if min(eps, default=0.0) < EPS["float32"] or (claim := point.claims[which]) is None:
        return ""
    distance, place = finding.distance, f" at {element(finding.about, finding.index)}"
    if not np.isfinite(distance):  # no element was found that is wrong by more than can be seen
        distance, place = _along_directions(point, which), ""
    off = f"In float64 it is off by {distance:.2g}{place}"
    granted = f"the rule takes for granted what inputs that were rounded to {own} fulfil but nearly"
    share = distance / float(np.max(np.abs(claim.value), initial=np.finfo(float).tiny))
    if share <= NEAR:
        short = "a solver in it ends at a tolerance"
        return f"{off}: less than float32 holds. A constant of the rule is a float32 number, {short}, or {granted}"
    if min(eps) >= EPS["float16"] and share <= 4 * max(eps) and grows(point, which, subject):
        return f"{off}: less than {own} holds. It is further off where the inputs are further from these: {granted}"
    return ""


def _along_directions(point: Point, which: int) -> float:
    """By how much a gradient is off along what is measured of it, for each unit of the largest step in an element."""
    measurements = measure(box_of(point), which)
    return max((abs(one.excess) / float(np.max(np.abs(one.direction))) for one in measurements), default=np.inf)


def _ungiven(finding: Finding, name: str, title: str) -> Finding:
    """About a gradient of None."""
    if finding.verdict == "note":
        return replace(
            finding, message=f'{title} gives no gradient for it (None), as for data: not checked. wrt="{name}" asks for it'
        )
    if finding.verdict != "wrong":
        return finding
    _, leaves, where = finding.explanation.partition(LEAVES)
    cause = f"the rule returns None, or the graph ends on the way{'. ' if leaves else ''}{leaves}{where}"
    message = f"{title} gives no gradient for it (None), although the outputs change with it: {cause}"
    return replace(finding, message=message, explanation="")


def _untold(finding: Finding, point: Point, which: int) -> Finding:
    """Whether a point says anything: inputs that are nan or empty do not, and a gradient of rounding alone is zero."""
    if not any(array.size for array in point.arrays):
        return replace(finding, verdict="cannot tell", message="It has no elements, as all inputs do: nothing can be moved")
    odd = np.argwhere(np.isnan(point.arrays[which]))
    if len(odd):
        where = element(point.function.leaves[which].name, tuple(int(i) for i in odd[0]))
        return replace(
            finding, verdict="undefined", message=f"{where} is nan: nothing can be told there. Take numbers", sight=np.nan
        )
    if finding.verdict == "cannot tell" and vanishes(point, which, finding.sight):
        message = "It is zero, but for rounding: what would be seen is small against the outputs"
        return replace(finding, verdict="right", message=message, sight=np.nan)
    if finding.verdict == "cannot tell" and finding.message.startswith(UNCERTAIN) and point.function.eps >= EPS["float32"]:
        return replace(finding, message=f"{UNCERTAIN}: {ROUNDS}")
    return finding
