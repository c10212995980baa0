"""A report as text: the verdict, how it was reached, and a few lines for each finding that is not plainly right."""

from __future__ import annotations

import math

from gradwitness.report.findings import Answer, Finding
from gradwitness.verdict import digits

MARKS = {
    "right": "right",
    "wrong": "WRONG",
    "kink": "right, at a kink",
    "jump": "WRONG, a jump",
    "undefined": "cannot tell: undefined",
    "overflow": "WRONG, overflow",
    "convention": "a convention",
    "cannot tell": "cannot tell",
    "note": "note",
}
LISTED = 6
"""Wrong elements that are named; `Finding.where` has more."""


def text(report: Answer) -> str:
    """The report in lines of plain text."""
    width = max((len(finding.about) for finding in report.findings), default=0)
    lines = [f"{report.subject}: {report.verdict}", f"examined as {report.examined}"]
    for finding in report.findings:
        lines.append(f"  {finding.about:{width}}  {headline(finding)}")
        lines += [f"  {'':{width}}  {line}" for line in details(finding)]
    cost = f"{report.evaluations} evaluations in {report.seconds:.2f} s; {', '.join(report.versions)}"
    return "\n".join([*lines, cost])


def headline(finding: Finding) -> str:
    """The verdict, and how many elements it is about."""
    mark = MARKS[finding.verdict]
    if finding.wrong:
        least = "at least " if finding.at_least and finding.wrong < finding.of else ""
        return f"{mark}: {least}{finding.wrong} of {finding.of} elements"
    seen = "" if math.isnan(finding.sight) else f"; an error of {finding.sight:.1g} of an element would have been seen"
    return f"{mark}{seen}"


def details(finding: Finding) -> list[str]:
    """What is wrong, why, and how to see it again."""
    lines = []
    if finding.got is not None and finding.wrong:
        at = f"[{', '.join(map(str, finding.index))}]" if finding.index else ""
        lines.append(f"worst {finding.about}{at}: got {digits(finding.got)}, truth {digits(finding.truth)}")
        if math.isfinite(finding.distance):
            lines.append(f"off by {finding.distance:.3g}, where {finding.allowance:.2g} is allowed")
    if 1 < finding.wrong < finding.of and finding.where:
        shown = [f"[{', '.join(map(str, index))}]" for index in finding.where[:LISTED]]
        lines.append(f"wrong at {', '.join(shown)}{', ...' if finding.wrong > len(shown) else ''}")
    if finding.explanation:
        lines.append(finding.explanation)
    if finding.message:
        lines.append(finding.message)
    if finding.replay and finding.verdict not in ("right", "note"):
        lines.append(f"again: {finding.replay}")
    return lines
