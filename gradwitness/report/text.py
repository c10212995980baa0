"""A report as text: the verdict, how it was reached, and a few lines for each finding that is not plainly right."""

from __future__ import annotations

import math
import textwrap
from typing import Any

import numpy as np

from gradwitness.report.findings import FAULTS, UNCERTAIN, Answer, Finding

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
NAMED = 3
"""Findings that a report in one line names."""
WIDTH = 100
"""Columns of a sentence. Lines of source are left whole."""
BLIND = 0.1
"""Of an element: a sight that is worse says nothing."""
FEWEST, MOST = 6, 17
"""Digits of a number that is shown."""


def text(report: Answer) -> str:
    """The report in lines of plain text."""
    width = max((len(finding.about) for finding in report.findings), default=0)
    lines = [f"{report.subject}: {report.verdict}", f"examined {report.examined}"]
    for finding in report.findings:
        lines.append(f"  {finding.about:{width}}  {headline(finding)}")
        lines += [f"  {'':{width}}  {line}" for each in details(finding) for line in _wrapped(each)]
    cost = f"{report.evaluations} evaluations in {report.seconds:.2f} s; {', '.join(report.versions)}"
    return "\n".join([*lines, cost])


def line(report: Answer) -> str:
    """The report in one short line: the verdict, and what is not right."""
    told = [f"{finding.about} {headline(finding)}" for finding in report.findings if finding.verdict in (*FAULTS, *UNCERTAIN)]
    shown = ", ".join([*told[:NAMED], *(["..."] if len(told) > NAMED else [])])
    return f"<Report: {report.verdict}{f'; {shown}' if shown else ''}; print it to see more>"


def headline(finding: Finding) -> str:
    """The verdict, and how many elements it is about."""
    mark = MARKS[finding.verdict]
    if finding.wrong:
        least = "at least " if finding.at_least and finding.wrong < finding.of else ""
        return f"{mark}: {least}{finding.wrong} of {finding.of} elements"
    return f"{mark}{f'; {seen}' if (seen := sight(finding)) else ''}"


def sight(finding: Finding) -> str:
    """The smallest error that would have been seen; empty where that means nothing."""
    return f"an error of {finding.sight:.1g} of an element would have been seen" if finding.sight <= BLIND else ""


def details(finding: Finding) -> list[str]:
    """What is wrong, why, and how to see it again. Lines of source begin with "- ", "+ " or two blanks."""
    lines = []
    if finding.got is not None and finding.wrong:
        at = f"[{', '.join(map(str, finding.index))}]" if finding.index else ""
        got, truth = numbers(finding)
        lines.append(f"worst {finding.about}{at}: got {got}, truth {truth}")
        if math.isfinite(finding.distance):
            lines.append(f"off by {finding.distance:.3g}, where {finding.allowance:.2g} is allowed")
    if 1 < finding.wrong < finding.of and finding.where:
        shown = [f"[{', '.join(map(str, index))}]" for index in finding.where[:LISTED]]
        lines.append(f"wrong at {', '.join(shown)}{', ...' if finding.wrong > len(shown) else ''}")
    lines += finding.explanation.splitlines() + finding.message.splitlines()
    if finding.replay and finding.verdict not in ("right", "note"):
        lines.append(f"again: {finding.replay}")
    return lines


def numbers(finding: Finding) -> tuple[str, str]:
    """What came and the truth, with two digits more than it takes to tell them apart."""
    size = max(abs(float(finding.got)), abs(float(finding.truth)))
    apart = finding.distance / size if size else math.nan
    count = FEWEST
    if math.isfinite(apart) and apart > 0:
        count = min(MOST, max(FEWEST, 2 - math.floor(math.log10(apart))))
    return _number(finding.got, count), _number(finding.truth, count)


def is_source(line: str) -> bool:
    """Whether a line of the details is one of source."""
    return line.startswith(("- ", "+ ", "  "))


def _number(value: Any, count: int) -> str:
    if not np.isfinite(value):
        return str(float(value))
    return np.format_float_scientific(value, precision=count, unique=True, trim="-") if _far(value) else _plain(value, count)


def _far(value: Any) -> bool:
    return value != 0 and not 1e-4 <= abs(value) < 1e6


def _plain(value: Any, count: int) -> str:
    return np.format_float_positional(value, precision=count, unique=True, fractional=False, trim="-")


def _wrapped(line: str) -> list[str]:
    if is_source(line):
        return [f"  {line}"]
    return textwrap.wrap(line, WIDTH, break_long_words=False, break_on_hyphens=False)
