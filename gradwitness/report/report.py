"""The answer to one question: what was examined, how, and everything that was found."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gradwitness.report.findings import FAULTS, Answer, Finding
from gradwitness.report.page import fragment, page
from gradwitness.report.text import line, text
from gradwitness.verdict import Disagreement


class Report(Answer):
    """An `Answer` as text, as a page, as JSON, and as an exception."""

    @property
    def ok(self) -> bool:
        """Whether the verdict is "right"."""
        return self.verdict == "right"

    def __bool__(self) -> bool:
        """The same as `ok`: `assert check(...)` fails where the gradient is wrong, or nobody can tell."""
        return self.ok

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
        __tracebackhide__ = True  # pytest shows the user's line alone, and not this one
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
        Path(path).write_text(page(self), encoding="utf-8")

    def reproducer(self, path: str | Path) -> None:
        """Write a script that shows what is wrong with the framework and NumPy alone, with small shapes and round values.

        Raises ValueError where nothing is wrong, or what is wrong cannot be shown by a script.
        """
        if self.verdict != "wrong":
            raise ValueError("nothing is wrong in this report: there is nothing to reproduce")
        if self.case is None:
            raise ValueError("only a report of check_function or compare can write a reproducer")
        Path(path).write_text(self.case.script(self.findings, self.versions), encoding="utf-8")

    def __str__(self) -> str:
        return text(self)

    def __repr__(self) -> str:
        """One short line: pytest cuts a long one in the middle."""
        return line(self)

    def _repr_html_(self) -> str:
        return fragment(self)
