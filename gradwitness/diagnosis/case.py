"""A wrong gradient, and all that is known when it is to be explained."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from gradwitness.arrays import Array
from gradwitness.diagnosis.constants import Candidate, candidates

ROOM = 4
"""Times the bar of a measurement: the bar of a repaired gradient, whose slack is a few times that of what came."""
ROUNDOFFS = 2.0**10
"""Unit roundoffs of float64 that a repair may add: constants and known arrays are exact to float64 only."""
DIGITS = 4.0
"""Decimal digits by which a repair must be better than chance, besides those that the number of tries costs."""
MOST = 10.0
"""Digits that one measurement counts for at most."""


@dataclass(frozen=True)
class Measurement:
    """The numerical derivative along a direction in one array, less the claimed one.

    direction   in the shape of the array
    excess      the truth less the claim, along it
    bar         of the excess
    index       where the direction moves one element alone: which
    """

    direction: Array
    excess: float
    bar: float
    index: tuple[int, ...] | None = None


class Explanation(str):
    """A mistake that is proven: a sentence or two, the kind of mistake, and the repaired gradient if it is known in full."""

    __slots__ = ("gradient", "kind")
    kind: str
    gradient: Array | None

    def __new__(cls, kind: str, words: str, gradient: Array | None = None) -> Explanation:
        """An explanation in words."""
        self = super().__new__(cls, words)
        self.kind, self.gradient = kind, gradient
        return self


def finite(came: Array | None, array: Array) -> Array:
    """What came for an array, with zeros for nan and inf; zeros where its shape does not fit, or nothing came."""
    if came is None or came.shape != array.shape:
        return np.zeros(array.shape, np.longdouble)
    return np.where(np.isfinite(came), came, 0).astype(np.longdouble)


@dataclass(frozen=True)
class Repair:
    """A repaired gradient, and the mistake that it mends: its kind, and in words.

    fitted   how many numbers in it were fitted to the measurements
    tries    how many candidates it was chosen from
    """

    gradient: Array
    kind: str
    words: str
    fitted: int = 0
    tries: float = 20

    @property
    def explanation(self) -> Explanation:
        """What is told, once it is proven."""
        first = self.words.partition(" ")[0]
        words = f"{first.capitalize() if first.isalpha() else first}{self.words[len(first) :]}"
        return Explanation(self.kind, words, self.gradient)


@dataclass(frozen=True)
class Case:
    """A wrong gradient.

    name          "dW"
    array         what it is the gradient of
    came          what backward returned for it, in whatever shape
    measurements  along directions that move this array alone. The claim is `came`, or zero where its shape does not fit
    known         arrays by name: inputs, static arguments, outs, arrays that the user's functions reach
    douts         cotangents by name
    others        other gradients that came, by name, and whether each is right
    again         cotangents -> this gradient, by the user's backward; None if that raises
    contracted    whether it may be a sum over rows of the cotangent
    along         a direction in this array -> the derivative of each out along it, by the cotangent's name
    slopes        an element's index -> the derivative by it of each output times its cotangent, in one row, and error bars
    finer         the same case for each row of a batch alone, for each out; none if that cannot be had
    """

    name: str
    array: Array
    came: Array
    measurements: Sequence[Measurement]
    known: Mapping[str, Array]
    douts: Mapping[str, Array]
    others: Mapping[str, tuple[Array, bool]] = field(default_factory=dict)
    again: Callable[[Sequence[Array]], Array | None] = lambda _: None
    contracted: bool = True
    along: Callable[[Array], Mapping[str, Array]] | None = None
    slopes: Callable[[tuple[int, ...]], tuple[Array, Array]] | None = None
    finer: Callable[[Case], Iterator[Case]] = lambda _: iter(())

    @property
    def fits(self) -> bool:
        """Whether what came has the shape of the array and is finite."""
        return self.came.shape == self.array.shape and bool(np.isfinite(self.came).all())

    @cached_property
    def claimed(self) -> Array:
        """What the measurements are less: what came, with zeros for nan and inf; zeros where its shape does not fit."""
        return finite(self.came, self.array)

    @cached_property
    def elements(self) -> dict[tuple[int, ...], tuple[float, float]]:
        """Index -> truth and its bar, of the elements that were measured alone."""
        found = {}
        for one in self.measurements:
            if one.index is not None:
                step = one.direction[one.index]
                truth = np.longdouble(self.claimed[one.index]) + np.longdouble(one.excess) / step
                found[one.index] = (truth, abs(one.bar / float(step)))
        return found

    @cached_property
    def wrong(self) -> set[tuple[int, ...]]:
        """The measured elements that are wrong."""
        return {one.index for one in self.measurements if one.index is not None and abs(one.excess) > one.bar}

    @cached_property
    def off(self) -> float:
        """By how much it is off, as a share of its largest element: the most that was measured; inf if it fits nothing."""
        largest = float(np.max(np.abs(self.claimed), initial=0))
        if not self.fits or not largest:
            return float("inf")
        return max((abs(one.excess) / float(np.max(np.abs(one.direction))) for one in self.measurements), default=0.0) / largest

    @cached_property
    def numbers(self) -> list[Candidate]:
        """Numbers that people get wrong by, of what is known."""
        return candidates(self.known)

    def proves(self, repair: Repair) -> bool:
        """Whether a repaired gradient agrees along all that was measured, by more digits than chance would give."""
        repaired = repair.gradient
        if repaired.shape != self.array.shape or not np.isfinite(repaired).all():
            return False
        change, digits = repaired - self.claimed, []
        for one in self.measurements:
            steps = np.asarray(one.direction, np.longdouble)
            rounding = ROUNDOFFS * np.finfo(np.float64).eps * float(np.abs(np.where(steps != 0, change, 0) * steps).sum())
            room = ROOM * one.bar + rounding
            if np.isinf(room) or not abs(float((change * steps).sum()) - one.excess) <= room:
                return False
            digits.append(min(MOST, float(np.log10(max(abs(one.excess), 1e-300) / max(room, 1e-300)))))
        best = sorted((d for d in digits if d > 0), reverse=True)[: self.array.size]
        return bool(sum(best[repair.fitted :]) >= DIGITS + np.log10(max(repair.tries, 1)))
