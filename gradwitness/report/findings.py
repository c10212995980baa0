"""What an examination found: one `Finding` for each thing that was asked, and the `Answer` that they make together."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import numpy as np

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
    at_least      whether more may be: the search for them ended, or they are wrong by less than can be seen
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
    at_least: bool = False
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
        """The finding in types that JSON has. Numbers beyond float64 lose their last digits; nan and inf become text.

        "mistake" is the kind of mistake, in a word, where the explanation is proven.
        """
        plain = {name: _plain(value) for name, value in vars(self).items()}
        plain["mistake"] = getattr(self.explanation, "kind", "")
        return {name: value for name, value in plain.items() if value not in ("", None, [], "nan") and value is not False}


def elements(wrong: Any) -> dict[str, Any]:
    """What a `Finding` says of an array that is true where elements are wrong: how many of how many, and where."""
    where = tuple(tuple(int(i) for i in index) for index in np.argwhere(wrong)[:SHOWN])
    return {"wrong": int(np.sum(wrong)), "of": int(np.size(wrong)), "where": where}


def element(name: str, index: tuple[int, ...]) -> str:
    """An element of an array, as a sentence names it."""
    return f"{name}[{', '.join(map(str, index))}]" if index else name


class Reproducible(Protocol):
    """A call that a script can show again."""

    def script(self, findings: Sequence[Finding], versions: Sequence[str]) -> str:
        """The script. Raises ValueError where none can be written."""


@dataclass(frozen=True)
class Answer:
    """The answer to one question, as data. `Report` is one that can tell itself.

    subject       what was examined: "forward and backward in layer.py, line 12"
    examined      how: "watched: each of 212 operations", or "black box: np.linalg.solve computes outside, line 14"
    findings      everything that was asked, right or wrong
    evaluations   how often the subject's forward and backward ran
    seconds       how long it took
    versions      "numpy 2.4.6", ...
    case          the call, for a script that shows it again; None where there is none
    """

    subject: str
    examined: str
    findings: tuple[Finding, ...]
    evaluations: int = 0
    seconds: float = 0.0
    versions: tuple[str, ...] = field(default_factory=lambda: (f"numpy {np.__version__}",))
    case: Reproducible | None = field(default=None, repr=False, compare=False)

    @property
    def verdict(self) -> Literal["right", "wrong", "cannot tell"]:
        """The answer: wrong if anything is; cannot tell if anything cannot be told, or nothing was asked; else right."""
        verdicts = {finding.verdict for finding in self.findings}
        if verdicts & FAULTS:
            return "wrong"
        told = verdicts & {"right", "kink", "convention"}
        return "cannot tell" if verdicts & UNCERTAIN or not told else "right"


def _plain(value: Any) -> Any:
    if isinstance(value, (tuple, list)):
        return [_plain(each) for each in value]
    if isinstance(value, (np.ndarray, np.generic)):
        value = float(value) if np.asarray(value).dtype.kind == "f" else value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)
