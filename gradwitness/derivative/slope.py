"""The slope at 0 of a function of one number that can only be called, in float64, and how wrong it may be.

Nothing is known of the function but its values and their noise (difference_table.py). In particular nobody knows on which scale
it bends. `slope` finds that out:

1. It starts at a step that the caller suggests, and takes longer ones while the noise limits the quotient and no bend is seen. A
   step that leaves the domain is a step that was not taken.
2. From there it halves the step and extrapolates the central differences to 0 (Richardson). An entry of the table is compared
   with three neighbours in the row before, as in extrapolation.py.
3. Quotients of much smaller steps must agree with the result, within their own noise and what is left of the bend at their step.
   One that does not shows a feature that the longer steps missed: the extrapolation begins anew from there.

The two sides are compared on the way. Where f(h) + f(-h) - 2 f(0) falls like h and not like h^2, the sides have slopes of their
own: a kink. Where f(h) - f(-h) does not fall, f jumps.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from gradwitness.verdict import K

ORDER = 8
LEVELS = 40
LONGER = 8.0
"""Factor between the steps that look for the scale; up to LONGER ** 14."""
CHECKS = (2.0**-3, 2.0**-6, 2.0**-9, 2.0**-13, 2.0**-18)
"""The smaller steps that must agree, as shares of the last step of the extrapolation."""
RESTARTS = 8

Real = np.longdouble
ZERO, INF, NAN = Real(0), Real(np.inf), Real(np.nan)


@dataclass(frozen=True)
class Sample:
    """A value of the function, less its value at 0, and the size of the terms that it is summed from."""

    value: np.longdouble
    size: np.longdouble


@dataclass(frozen=True)
class Slope:
    """A numerical derivative: the true one lies within value +- error.

    step    the last step of the extrapolation; 0 where there was none
    kind    "smooth"; "kink": the slopes from below and above differ by `difference`; "jump": there is no slope; "undefined": the
            function has no finite value on some side of the point, however near
    difference, difference_error   slope from above less slope from below
    """

    value: np.longdouble
    error: np.longdouble
    step: float = 0.0
    kind: Literal["smooth", "kink", "jump", "undefined"] = "smooth"
    difference: np.longdouble = ZERO
    difference_error: np.longdouble = INF


class Line:
    """A function along a line, its samples remembered.

    sample   t -> Sample
    noise    standard deviation of the error in one value near 0; it grows with the size of the terms
    size     that size at 0
    """

    def __init__(self, sample: Callable[[float], Sample], noise: float, size: float) -> None:
        self._sample, self._noise, self._size = sample, noise, size
        self._known: dict[float, Sample] = {}

    def at(self, t: float) -> Sample:
        """The sample at t."""
        if t not in self._known:
            self._known[t] = self._sample(t)
        return self._known[t]

    def noise(self, step: float) -> np.longdouble:
        """The most that noise may do to one value at +-step: K standard deviations."""
        size = max(self.at(step).size, self.at(-step).size)
        grown = size / self._size if self._size > 0 and np.isfinite(size) else Real(1)
        return Real(K * self._noise) * max(Real(1), grown)

    def central(self, step: float) -> tuple[np.longdouble, np.longdouble]:
        """The central difference quotient, and what noise may do to it."""
        return (self.at(step).value - self.at(-step).value) / (2 * Real(step)), self.noise(step) / Real(step)

    def fold(self, step: float) -> tuple[np.longdouble, np.longdouble]:
        """(f(h) + f(-h) - 2 f(0)) / h: at a kink it tends to the difference of the slopes, elsewhere to 0."""
        return (self.at(step).value + self.at(-step).value) / Real(step), 4 * self.noise(step) / Real(step)


@dataclass(frozen=True)
class _Limit:
    """What a sequence of quotients tends to as the step goes to 0; step is the last one used."""

    value: np.longdouble = NAN
    error: np.longdouble = INF
    step: float = 0.0


def slope(line: Line, step: float, enough: float = 0.0) -> Slope:
    """The derivative of a line at 0.

    step     a first step, of any size within a few orders of the scale on which the function bends
    enough   an error that is small enough: no longer steps are tried to get below it
    """
    start = _longer(line, step, enough)
    for _ in range(RESTARTS):
        limit = _extrapolated(line.central, start, 2)
        if not np.isfinite(limit.error):
            return _nothing(line, start)
        missed = _missed(line, limit)
        if missed is None:
            return _with_sides(line, limit, start)
        start = missed
    return _nothing(line, start)


def _longer(line: Line, step: float, enough: float) -> float:
    """A step at which noise does not hide the slope, if there is one before the function bends or ends."""
    quotient, noise = line.central(step)
    for _ in range(14):
        if np.isfinite(quotient) and noise <= enough:
            break
        longer, less = line.central(LONGER * step)
        if not np.isfinite(longer) or (np.isfinite(quotient) and abs(longer - quotient) > noise + less):
            break
        step, quotient, noise = LONGER * step, longer, less
    return step


def _extrapolated(quotient: Callable[[float], tuple[np.longdouble, np.longdouble]], step: float, power: int) -> _Limit:
    """The limit of quotients whose error is a series in h, h^(1 + power), h^(1 + 2 power), ... (power 2) or in h^2, h^4, ..."""
    best = _Limit()
    row: list[np.longdouble] = []
    noises: list[np.longdouble] = []
    for _ in range(LEVELS):
        value, noise = quotient(step)
        new, new_noises = [value], [noise]
        for m in range(1, min(len(row), ORDER) + 1):
            factor = Real(2) ** (power * m)
            new.append(new[m - 1] + (new[m - 1] - row[m - 1]) / (factor - 1))
            new_noises.append((factor * new_noises[m - 1] + noises[m - 1]) / (factor - 1))
            if 2 <= m < len(row):
                error = max(abs(new[m] - w) for w in (row[m - 1], row[m - 2], row[m])) + new_noises[m]
                if np.isfinite(error) and error < best.error:
                    best = _Limit(new[m], error, step)
        row, noises = new, new_noises
        if best.error <= noise:
            break  # shorter steps have more noise
        step /= 2
    return best


def _missed(line: Line, limit: _Limit) -> float | None:
    """A shorter step whose quotient does not agree with a limit; None where all do."""
    last, _ = line.central(limit.step)
    bend = abs(last - limit.value)
    missed = None
    for share in CHECKS:
        value, noise = line.central(limit.step * share)
        if np.isfinite(value) and abs(value - limit.value) > limit.error + noise + 8 * bend * Real(share) ** 2:
            missed = limit.step * share
    return missed


def _with_sides(line: Line, limit: _Limit, start: float) -> Slope:
    """The slope, and whether the sides have slopes of their own."""
    fold = _extrapolated(line.fold, start, 1)
    if abs(fold.value) <= fold.error or not _is_kink(line, fold):
        return Slope(limit.value, limit.error, limit.step, "smooth", fold.value, fold.error)
    return Slope(limit.value, limit.error, limit.step, "kink", fold.value, fold.error)


def _is_kink(line: Line, fold: _Limit) -> bool:
    """Whether much shorter steps see the same difference of slopes: a bend that is merely sharp straightens."""
    for share in CHECKS:
        value, noise = line.fold(fold.step * share)
        if noise > abs(fold.value) / 4:
            return True
        if abs(value - fold.value) > fold.error + noise + abs(fold.value) / 4:
            return False
    return True


def _nothing(line: Line, step: float) -> Slope:
    """Why there is no slope: a jump, or no value on some side."""
    gaps = [abs(line.at(h).value - line.at(-h).value) for h in (step * 2.0**-k for k in range(0, LEVELS, 4))]
    if not np.isfinite(gaps[-1]):
        return Slope(NAN, INF, kind="undefined")
    tail = gaps[len(gaps) // 2 :]
    if min(tail) > 0 and max(tail) <= 2 * min(tail):
        return Slope(NAN, INF, kind="jump")
    return Slope(NAN, INF)
