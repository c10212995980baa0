"""Three witnesses of one element: the framework, the reference and the numerical derivative. Which one is the odd one out?

A `Disagreement` says that a framework and the reference differ. Either may be wrong. Numerical differentiation of the reference's
forward is a third witness of a gradient: it uses neither backward. `witnesses` differentiates with respect to the worst element
alone, which costs a few dozen evaluations of forward. For a result that is no gradient (`out`, a parameter after some steps)
there is no third witness.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np

from gradwitness.arrays import Array, unit_roundoff, wider
from gradwitness.derivative.numerics import Interval
from gradwitness.evidence import Evidence
from gradwitness.rounding.arithmetic import Measured
from gradwitness.verdict import Disagreement, digits, judge_between

OddOneOut = Literal["framework", "reference", "cannot tell"]


class Judging(Protocol):
    """What `witnesses` needs of the evidence behind a disagreement. `Evidence` has it, and so has the path of an optimizer."""

    dtype: np.dtype[Any]
    measured: list[Measured]

    @property
    def names(self) -> list[str]:
        """The names of the results, in order."""

    @property
    def native(self) -> Sequence[Array]:
        """What the reference returns in the dtype under test."""


_ANSWERS: dict[tuple[bool, bool], tuple[OddOneOut, str]] = {
    (True, True): ("cannot tell", "the error bar of the numerical derivative holds both values"),
    (True, False): ("reference", "the numerical derivative agrees with the framework"),
    (False, True): ("framework", "the numerical derivative agrees with the reference"),
    (False, False): ("cannot tell", "all three differ"),
}
"""(whether the framework agrees with the numerical derivative, whether the reference does) -> the answer and the reason."""


@dataclass(frozen=True)
class Witnesses:
    """The values of one element by all witnesses, and which witness the other two contradict.

    framework     the value that was judged
    native        the reference's value in the dtype under test; None if it raises
    truth         the reference's value in the wider dtype
    numerical     the numerical derivative, an interval at a kink; None if there is none
    dtype         the dtype under test
    odd_one_out   "framework", "reference" or "cannot tell"
    why           the reason for the answer
    """

    framework: Any
    native: Any
    truth: Any
    numerical: Interval | None
    dtype: np.dtype[Any]
    odd_one_out: OddOneOut
    why: str

    def __str__(self) -> str:
        native = f"{digits(self.native)} in {self.dtype}, " if self.native is not None else ""
        return "\n".join(
            [
                f"  framework   {digits(self.framework)}",
                f"  reference   {native}{digits(self.truth)} in {wider(self.dtype)}",
                f"  numerical   {self.numerical or 'none'}",
                f"  odd one out {self.odd_one_out}: {self.why}",
            ]
        )


def witnesses(disagreement: Disagreement, evidence: Judging) -> Witnesses | None:
    """The witnesses of the element that a disagreement names; None if it names none (a wrong dtype or shape).

    disagreement   what `evidence.judge` raised
    evidence       the `Evidence` of an op or model; evidence of another kind has no third witness

    Never raises. If numerical differentiation fails, `why` says how.
    """
    if disagreement.reason or disagreement.gradient not in evidence.names:
        return None
    which, index = evidence.names.index(disagreement.gradient), disagreement.index
    truth = evidence.measured[which].truth[index]
    try:
        native = np.asarray(evidence.native[which])[index]
    except Exception:  # a broken reference may raise anything; its value in the wider dtype is known
        native = None

    def say(odd_one_out: OddOneOut, why: str, numerical: Interval | None = None) -> Witnesses:
        return Witnesses(disagreement.actual, native, truth, numerical, evidence.dtype, odd_one_out, why)

    gradients = evidence.subject.gradients if isinstance(evidence, Evidence) else []
    if not isinstance(evidence, Evidence) or disagreement.gradient not in gradients:
        return say("cannot tell", f"{disagreement.gradient} is no gradient, so there is no third witness")
    try:
        numerical = evidence.numerics.element(gradients.index(disagreement.gradient), index)
    except Exception as error:  # forward may be any code, and raise anything
        return say("cannot tell", f"numerical differentiation failed: {type(error).__name__}: {error}")
    unit_ratio = unit_roundoff(wider(evidence.dtype)) / unit_roundoff(evidence.dtype)
    agree = (
        _agrees(disagreement.actual, numerical, disagreement.allowance),
        _agrees(truth, numerical, disagreement.allowance * unit_ratio),
    )
    return say(*_ANSWERS[agree], numerical)


def _agrees(value: Any, numerical: Interval, allowance: float) -> bool:
    """Whether a value lies within its own allowance of the numerical derivative."""
    try:
        judge_between("gradient", value, numerical.low, numerical.high, numerical.error + allowance)
    except Disagreement:
        return False
    return bool(np.isfinite(numerical.error))
