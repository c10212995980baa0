"""What an examination found: one `Finding` for each thing that was asked, and the `Report` that holds them."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np

from gradwitness.verdict import Disagreement

Verdict = Literal["right", "wrong", "kink", "jump", "undefined", "overflow", "convention", "cannot tell", "note"]
FAULTS = frozenset(["wrong", "jump", "overflow"])
"""Verdicts of a finding that make a report "wrong"."""
UNCERTAIN = frozenset(["cannot tell", "undefined"])
SHOWN = 20
"""Wrong elements that a finding lists at most."""


@dataclass(frozen=True)
class Finding:
    """What was found about one thing.

    about         "dx", "out", "second call", "dout", "cache", ...
    verdict       "right"; "wrong"; "kink" (the gradient is a set there, and this is a member); "jump" (no gradient exists);
                  "undefined" (no value on some side of the point); "overflow"; "convention"; "cannot tell"; "note"
    message       one or two sentences: what is so, and what to do
    wrong, of     how many elements of how many are wrong
    where         their indices, at most 20
    index         the worst of them; got, truth, distance and allowance are about it
    sight         the smallest relative error of one element that would have been seen; nan where that has no meaning
    explanation   the mistake that explains it, proven by repair; empty where none was
    replay        a command or lines of code that show it again
    """

    about: str
    verdict: Verdict
    message: str
    wrong: int = 0
    of: int = 0
    where: tuple[tuple[int, ...], ...] = ()
    index: tuple[int, ...] = ()
    got: Any = None
    truth: Any = None
    distance: float = math.nan
    allowance: float = math.nan
    sight: float = math.nan
    explanation: str = ""
    replay: str = ""

    def to_dict(self) -> dict[str, Any]:
        """The finding in types that JSON has. Numbers beyond float64 lose their last digits; nan and inf become text."""
        plain = {name: _plain(value) for name, value in vars(self).items()}
        return {name: value for name, value in plain.items() if value not in ("", None, [], "nan")}


@dataclass(frozen=True)
class Report:
    """The answer to one question.

    subject       what was examined: "forward and backward in layer.py, line 12"
    examined      how: "watched: each of 212 operations", or "black box: np.linalg.solve computes outside, line 14"
    findings      everything that was asked, right or wrong
    evaluations   how often the subject's forward and backward ran
    seconds       how long it took
    versions      "numpy 2.4.6", ...
    """

    subject: str
    examined: str
    findings: tuple[Finding, ...]
    evaluations: int = 0
    seconds: float = 0.0
    versions: tuple[str, ...] = field(default_factory=lambda: (f"numpy {np.__version__}",))

    @property
    def verdict(self) -> Literal["right", "wrong", "cannot tell"]:
        """The answer: wrong if anything is; cannot tell if anything cannot be told, or nothing was asked; else right."""
        verdicts = {finding.verdict for finding in self.findings}
        if verdicts & FAULTS:
            return "wrong"
        told = verdicts & {"right", "kink", "convention"}
        return "cannot tell" if verdicts & UNCERTAIN or not told else "right"

    @property
    def ok(self) -> bool:
        """Whether the verdict is "right"."""
        return self.verdict == "right"

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.findings)

    def __getitem__(self, about: str) -> Finding:
        """The finding about something. Raises KeyError, listing what there is."""
        for finding in self.findings:
            if finding.about == about:
                return finding
        raise KeyError(f"nothing was found about {about!r}; there are {', '.join(finding.about for finding in self.findings)}")

    def raise_if_wrong(self) -> None:
        """Raise Disagreement, whose text is this report, unless the verdict is "right"."""
        if not self.ok:
            worst = next((f for f in self.findings if f.verdict in FAULTS), self.findings[0] if self.findings else None)
            raise Disagreement(worst.about if worst else "nothing", reason=str(self))

    def to_dict(self) -> dict[str, Any]:
        """The report in types that JSON has."""
        return {
            "verdict": self.verdict,
            "subject": self.subject,
            "examined": self.examined,
            "findings": [finding.to_dict() for finding in self.findings],
            "evaluations": self.evaluations,
            "seconds": round(self.seconds, 3),
            "versions": list(self.versions),
        }

    def to_json(self) -> str:
        """The same as text."""
        return json.dumps(self.to_dict(), indent=1)

    def to_html(self, path: str | Path) -> None:
        """Write a page that needs no other file."""
        from gradwitness.report.page import page

        Path(path).write_text(page(self), encoding="utf-8")

    def __str__(self) -> str:
        from gradwitness.report.text import text

        return text(self)

    def _repr_html_(self) -> str:
        from gradwitness.report.page import fragment

        return fragment(self)


def _plain(value: Any) -> Any:
    if isinstance(value, (tuple, list)):
        return [_plain(each) for each in value]
    if isinstance(value, (np.ndarray, np.generic)):
        value = float(value) if np.asarray(value).dtype.kind == "f" else value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)
