"""One result of all functions: the same to the bit, within rounding, beyond it, or with no digit that rounding leaves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from gradwitness.arrays import Array
from gradwitness.functions.result import compared
from gradwitness.report.findings import FAULTS, Finding
from gradwitness.rounding.arithmetic import Measured
from gradwitness.rounding.widths import Width
from gradwitness.verdict import k_of

FLOAT64 = 2.0**-29
"""Unit roundoff of float64, as a share of float32's: how much less rounding does to a run in float64."""
NOTHING = 2.0**-20
"""Of a spread: a truth below that is zero. Truths about float32 are exact to 2^-29 of theirs."""
CLOSES = 2.0**-20
"""Of the distance from the truth: where float64, which rounds 2^29 times less, leaves less than that, it is rounding."""


@dataclass(frozen=True)
class Result:
    """One output or gradient.

    about     "out", "dx", ...
    values    what each function returns
    expected  truth and spread, of the first function that could be watched
    exact     what each returns in float64, as far as it runs there
    """

    about: str
    values: Mapping[str, Array]
    expected: Measured
    exact: Mapping[str, Array]
    width: Width

    @cached_property
    def judged(self) -> dict[str, Finding]:
        """Each function against the truth."""
        return {name: compared(self.about, value, self.expected, self.width) for name, value in self.values.items()}

    @property
    def beyond(self) -> list[str]:
        """The functions that lie further from the truth than rounding explains."""
        return [name for name, finding in self.judged.items() if finding.verdict in FAULTS]

    @property
    def size(self) -> int:
        """The number of elements."""
        return int(np.size(self.expected.truth))

    def units(self, name: str) -> float:
        """The distance from the truth, in units of the spread."""
        truth, spread = np.asarray(self.expected.truth), np.asarray(self.expected.spread)
        value = self.values[name]
        if value.shape != truth.shape or not value.size:
            return 0.0 if value.shape == truth.shape else float("inf")
        same = (value == truth) | (np.isnan(value) & np.isnan(truth))
        with np.errstate(divide="ignore", invalid="ignore"):
            distance = np.maximum(np.where(same, 0, np.abs(value - truth)) - self.width.kept, 0)
            return float(np.max(np.where(distance == 0, 0, distance / spread)))

    @property
    def distances(self) -> str:
        """Those of all, in words. Where nothing rounds, a distance has no unit."""
        units = {name: self.units(name) for name in self.values}
        each = ", ".join(f"{name} {distance:.2g}" for name, distance in units.items() if np.isfinite(distance))
        off = " and ".join(name for name, distance in units.items() if not np.isfinite(distance))
        measured = f"{each} of {k_of(self.width.name):g} units of rounding" if each else ""
        return "; ".join(part for part in (measured, f"{off} off where nothing is rounded" if off else "") if part)

    def picked(self, index: tuple[int, ...]) -> str:
        """What each has at one element: "relu and relu6 pick 0, where picks -2.67"."""
        found: dict[str, list[str]] = {}
        for name, value in self.values.items():
            found.setdefault(f"{value[index]:.6g}", []).append(name)
        return ", ".join(
            f"{' and '.join(names)} {'picks' if len(names) == 1 else 'pick'} {value}" for value, names in found.items()
        )

    @property
    def lost(self) -> bool:
        """Whether rounding alone can change every digit of a truth that is not zero."""
        size, noise = self._sizes
        return size > 0 and k_of(self.width.name) * noise >= size and not self.zero

    @property
    def zero(self) -> bool:
        """Whether the truth is zero, as far as the arithmetic of the truth can tell; in float64 it cannot."""
        size, noise = self._sizes
        return self.width.name != "float64" and 0 <= size <= NOTHING * noise

    @cached_property
    def _sizes(self) -> tuple[float, float]:
        """Root mean squares of truth and spread."""
        truth, spread = np.asarray(self.expected.truth), np.asarray(self.expected.spread)
        finite = np.isfinite(truth) & np.isfinite(spread)
        if not finite.any():
            return 0.0, 0.0
        size, noise = [float(np.sqrt(np.mean(np.square(array[finite])))) for array in (truth, spread)]
        return size, noise

    def alike(self, name: str, other: Array) -> bool:
        """Whether two functions are the same in float64, where rounding does less."""
        if name not in self.exact or self.exact[name].shape != other.shape:
            return False
        value = self.exact[name]
        share = 1.0 if self.width.name == "float64" else FLOAT64
        same = (value == other) | (np.isnan(value) & np.isnan(other))
        with np.errstate(invalid="ignore"):
            distance = np.abs(value - other)
            near = distance <= k_of(self.width.name) * share * np.asarray(self.expected.spread) + self.width.kept
            gap = np.nan_to_num(np.abs(self.values[name] - other), posinf=0.0) if name in self.values else np.zeros(())
            closed = share < 1 and bool(np.max(distance, initial=0) <= CLOSES * np.max(gap, initial=0))
        return bool((same | near).all()) or closed

    def differs(self, name: str, allowance: Array) -> float:
        """By how much a function differs from the truth in float64, where it does so by more than an allowance; else 0."""
        value, truth = self.exact.get(name), np.asarray(self.expected.truth)
        if value is None or value.shape != truth.shape:
            return 0.0
        with np.errstate(invalid="ignore"):
            distance = np.nan_to_num(np.abs(value - truth))
        return float(np.max(np.where(distance > allowance, distance, 0), initial=0))


def same_bits(values: Mapping[str, Array]) -> bool:
    """Whether all values are the same, the sign of zero and nan included."""
    first, *others = values.values()
    return all(
        other.shape == first.shape
        and bool(((other == first) & (np.signbit(other) == np.signbit(first)) | np.isnan(other) & np.isnan(first)).all())
        for other in others
    )
