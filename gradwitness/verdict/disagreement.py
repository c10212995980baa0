"""The error of a comparison that fails."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from gradwitness.verdict.limits import K


@dataclass
class Disagreement(AssertionError):
    """Two values differ by more than rounding explains.

    gradient    the result: "out", "dx", "dweight", ...
    index       the worst element; empty for a scalar
    actual      its value
    low, high   the interval in which the truth lies; equal, except at a kink
    allowance   how far outside of it the value may lie
    ratio       the distance in units of the scale of honest error, or of the error bar of a numerical derivative
    limit       how many units are allowed: K, or 1 error bar
    count       how many elements disagree, of how many
    reason      what is wrong, if it is not a value: dtype, shape, a jump
    """

    gradient: str
    index: tuple[int, ...] = ()
    actual: Any = None
    low: Any = None
    high: Any = None
    allowance: float = 0.0
    ratio: float = float("inf")
    limit: float = K
    count: tuple[int, int] = (1, 1)
    reason: str = ""

    @property
    def _units(self) -> str:
        return (
            f"units of rounding spread; {self.limit:g} are allowed"
            if self.limit != 1
            else "error bars of the numerical derivative"
        )

    def __str__(self) -> str:
        element = f"[{', '.join(map(str, self.index))}]" if self.index else ""
        if self.reason:
            return f"{self.gradient}{element}: {self.reason}"
        truth = digits(self.low) if self.low == self.high else f"in [{digits(self.low)}, {digits(self.high)}]"
        return "\n".join(
            [
                f"{self.gradient}{element} is wrong"
                + ("" if self.count == (1, 1) else ", as {} of {} elements are".format(*self.count)),
                f"  got         {digits(self.actual)}",
                f"  truth       {truth}",
                f"  difference  {digits(outside(self.actual, self.low, self.high))}",
                f"  allowance   {digits(self.allowance)}",
                f"  that is     {self.ratio:.3g} {self._units}",
            ]
        )


def outside(actual: Any, low: Any, high: Any) -> Any:
    """How far actual lies outside [low, high]: 0 for equal infinities and for nan where the truth is nan; nan for other nans."""
    actual, low, high = np.asarray(actual), np.asarray(low), np.asarray(high)
    with np.errstate(invalid="ignore"):
        distance = np.maximum(np.maximum(low - actual, actual - high), 0)
    same = (actual == low) | (actual == high) | (np.isnan(actual) & np.isnan(low))
    return np.where(same, 0, distance)


def digits(value: Any) -> str:
    """The value, with as many digits as distinguish it from its neighbours in its dtype."""
    value = np.asarray(value)
    return np.format_float_scientific(value[()], trim="-")
