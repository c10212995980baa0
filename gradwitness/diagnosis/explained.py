"""Findings about gradients, with the mistake that explains those that are wrong."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cache

import numpy as np

from gradwitness.diagnosis.another_loss import another_loss
from gradwitness.diagnosis.case import Case, Explanation
from gradwitness.diagnosis.diagnose import explain
from gradwitness.diagnosis.edits.search import edited
from gradwitness.diagnosis.evidence import box_of, case_of
from gradwitness.diagnosis.on_purpose import padding
from gradwitness.diagnosis.order import reordered
from gradwitness.diagnosis.tolerances import Tolerances, is_flat, left_by_tolerance
from gradwitness.judging.black_box import BlackBox
from gradwitness.judging.claims import Claim
from gradwitness.judging.point import Point
from gradwitness.report.findings import Finding, elements
from gradwitness.subjects.errors import BadCall, UserError
from gradwitness.verdict import K

EVERYTHING = "the gradient"
"""What a finding is about that was seen along a direction alone."""
ROUNDING = 64 * float(np.finfo(np.float64).eps)
"""Of an element: what a repair, exact to float64, may leave."""
SECONDS = 2.0
"""Of the processor's time: after them no gradient is searched for products any more. One takes up to a second, and a recurrent
cell has ten."""
LARGEST = 100_000
"""Elements of an array whose gradient is diagnosed."""


def explained(point: Point, findings: Sequence[Finding]) -> Iterator[Finding]:
    """The same findings. Those that are wrong, and about a gradient, carry an explanation or the evidence.

    None where all are right. Else about 100 evaluations for each wrong gradient, and up to a few thousand of edited code: as many
    as a few seconds of the processor's time allow.
    """
    if not any(finding.verdict == "wrong" for finding in findings):
        yield from findings
        return
    names = [f"d{leaf.name}" for leaf in point.function.leaves]
    right = {finding.about: finding.verdict == "right" for finding in findings}
    located = any(finding.verdict == "wrong" and finding.about in names for finding in findings)
    box = box_of(point)
    cases = {
        names.index(finding.about): case
        for finding in findings
        if finding.verdict == "wrong" and finding.about in names
        if (case := _case(box, names.index(finding.about), finding.where, right)) is not None
    }
    untold = {names.index(finding.about) for finding in findings if finding.about in names and finding.verdict == "cannot tell"}
    wrong = [names.index(finding.about) for finding in findings if finding.verdict == "wrong" and finding.about in names]
    faint = [which for which in wrong if which not in cases and point.arrays[which].size <= LARGEST]
    tolerances = cache(lambda: Tolerances(point, cases))
    left = left_by_tolerance(tolerances, cases, faint)
    texts = _told(point, {which: case for which, case in cases.items() if which not in left}, untold, tolerances)
    for finding in findings:
        which = names.index(finding.about) if finding.about in names else -1
        if finding.verdict != "wrong" or finding.explanation:
            yield finding
        elif which in left:
            message, share = left[which]
            yield Finding(finding.about, "right", message, of=finding.of, sight=share)
        elif which >= 0:
            yield _counted(replace(finding, explanation=texts.get(which, "")), point.claims[which])
        elif finding.about == EVERYTHING and not located:
            yield replace(finding, explanation=_of_all(box, names, right))
        else:
            yield finding
    if said := another_loss(point, cases) if cases and not left else "":
        yield Finding("the loss", "note", said)


def _told(
    point: Point, cases: Mapping[int, Case], untold: Collection[int], tolerances: Callable[[], Tolerances]
) -> dict[int, str]:
    """The explanation of each wrong gradient. What a solver's tolerance hides is looked for with a tighter one."""
    hidden = {which for which, case in cases.items() if is_flat(case)}
    texts = _sharply(hidden, cases, untold, tolerances)
    texts |= _texts(point, {which: case for which, case in cases.items() if which not in texts}, untold)
    vague = {which for which in cases if not isinstance(texts.get(which), Explanation)} - hidden
    proven = _sharply(vague, cases, untold, tolerances)
    return texts | {which: text for which, text in proven.items() if isinstance(text, Explanation)}


def _sharply(
    asked: Collection[int], cases: Mapping[int, Case], untold: Collection[int], tolerances: Callable[[], Tolerances]
) -> dict[int, str]:
    """The explanations of some, where the code has a tighter tolerance; none where it has no tolerance."""
    if not asked:
        return {}
    with tolerances().sharper() as found, suppress(UserError, BadCall, ArithmeticError, TimeoutError):
        if found is not None:
            other, words = found
            box, right = box_of(other), next(iter(cases.values())).others
            known = {name: of for name, (_, of) in right.items()}
            sharper = {which: case for which in asked if (case := _case(box, which, (), known)) is not None}
            return {which: _with(text, words) for which, text in _texts(other, sharper, untold).items() if text}
    return {}


def _texts(point: Point, cases: Mapping[int, Case], untold: Collection[int] = ()) -> dict[int, str]:
    """The explanation of each wrong gradient. An edit that repairs several is spelled out once.

    untold   gradients of which nothing is known
    """
    if order := reordered(point, cases):
        return dict(order)
    edits, outside = edited(point, cases, untold) if cases else ({}, "")
    texts: dict[int, str] = {}
    told: set[str] = set()
    start = time.process_time()
    for which, case in cases.items():
        edit = edits.get(which)
        if edit in told:
            words = f"{edit.partition(':')[0]}: the same edit repairs this one"
            edit = Explanation(edit.kind, words, edit.gradient)
        searching = time.process_time() - start < SECONDS
        texts[which] = padding(point, case) or explain(case, edit, searching=searching)
        if edit is None and outside:
            texts[which] = _with(texts[which], outside)
        told |= {str(edits[which])} if which in edits else set()
    return texts


def _with(text: str, more: str) -> str:
    """An explanation with one more sentence."""
    words = f"{text}{chr(10) if chr(10) in text else '. '}{more}" if text else more
    return Explanation(text.kind, words, text.gradient) if isinstance(text, Explanation) else words


def _counted(finding: Finding, claim: Claim | None) -> Finding:
    """With the repaired gradient at hand, all its elements that differ from what came are counted."""
    repaired = getattr(finding.explanation, "gradient", None)
    if repaired is None or claim is None or repaired.shape != claim.value.shape:
        return finding
    room = K * claim.spread + ROUNDING * np.abs(repaired)
    wrong = np.array(np.abs(repaired - claim.value) > room)
    for index in finding.where:  # these were measured
        wrong[index] = True
    counted = replace(finding, at_least=False, **elements(wrong))
    if counted.got is not None or not counted.where:
        return counted
    distance = np.abs(np.asarray(repaired - claim.value))
    worst = tuple(int(i) for i in np.unravel_index(int(np.argmax(distance)), distance.shape))
    return replace(
        counted,
        index=worst,
        got=claim.value[worst],
        truth=repaired[worst],
        distance=float(distance[worst]),
        allowance=float(np.asarray(room)[worst]),
    )


def _of_all(box: BlackBox, names: Sequence[str], right: Mapping[str, bool]) -> str:
    """Of a disagreement that no single element shows: the first gradient with a proven mistake; else the evidence of all."""
    cases = {i: case for i in range(len(names)) if (case := _case(box, i, (), right)) is not None}
    texts = {names[i]: text for i, text in _texts(box.point, cases).items()}
    for name, text in texts.items():
        if isinstance(text, Explanation):
            return Explanation(text.kind, f"{name}: {text}")
    return "; ".join(f"{name}: {text}" for name, text in texts.items() if text)


def _case(box: BlackBox, which: int, wrong: Sequence[tuple[int, ...]], right: Mapping[str, bool]) -> Case | None:
    """The case of a gradient; None where nothing that was measured disagrees."""
    claim, size = box.point.claims[which], box.point.arrays[which].size
    if claim is None or not 0 < size <= LARGEST:
        return None
    case = case_of(box, which, claim.value, wrong, right)
    return case if any(abs(one.excess) > one.bar for one in case.measurements) else None
