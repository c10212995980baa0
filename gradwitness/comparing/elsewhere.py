"""What numbers from another program have in common with the truth that they are not: few digits, an order of axes, a factor."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from gradwitness.arrays import Array
from gradwitness.comparing.orders import orders, places, slabs
from gradwitness.diagnosis import factors, terms, whole
from gradwitness.diagnosis.case import ROOM, Case, Measurement, Repair
from gradwitness.diagnosis.constants import DENOMINATORS
from gradwitness.diagnosis.places import element
from gradwitness.rounding.projection import projection
from gradwitness.rounding.widths import Width

DECIMALS = 9
"""Numbers with more than so many decimals, or digits, are not taken to be shortened."""
UNITS = 2.0**10
"""Unit roundoffs of the dtype, of the largest element, that numbers in another order, or times a factor, may be off."""
LARGEST = 4_000_000
"""Elements of a result that is looked into."""
SAMPLED, FEW, MANY = 32, 4, 4096
"""Elements that a constant is fitted to; and of an array of many elements, each of which takes an array of its own."""
COARSEST = 2.0**-8
"""Of the largest element, or of a factor: the most that these are off, however coarse the dtype is."""
SAME = 64
"""Unit roundoffs that a factor may be off from a number that is known."""
OF_VALUES: tuple[Callable[[Case], Iterator[Repair]], ...] = (whole.axes, element)
OF_GRADIENTS = (*OF_VALUES, whole.sums, whole.exchanged)
PARTS = (factors.known_factors, terms.known_terms)


@dataclass(frozen=True, kw_only=True)
class Numbers(Case):
    """Numbers of which the whole truth is known, so that a repair is held against every element.

    truth   what is right
    room    by how much each element of what is repaired may be off
    """

    truth: Array
    room: Array

    def proves(self, repair: Repair) -> bool:
        """Whether a repaired result is the truth, by more digits than chance would give."""
        if repair.gradient.shape != self.truth.shape or not np.isfinite(repair.gradient).all():
            return False
        if not (np.abs(repair.gradient - self.truth) <= self.room).all():
            return False
        ratios = [abs(one.excess) / float(self.room[one.index]) for one in self.measurements if self.room[one.index]]
        digits = sorted((np.log10(max(ratio, 1.0)) for ratio in ratios), reverse=True)[repair.fitted :]
        return bool(sum(digits) >= np.log10(max(repair.tries, 1)) + 1)


def numbers(
    name: str,
    got: Array,
    truth: Array,
    allowance: Array,
    of: Width,
    known: Mapping[str, Array],
    others: Mapping[str, tuple[Array, bool]],
) -> Numbers:
    """The case of a result that is off.

    allowance   what rounding may do to each element of the truth
    known       inputs, outputs and cotangents by name
    others      the other numbers that came, and whether they are right
    """
    room = ROOM * allowance + min(UNITS * of.unit, COARSEST) * float(np.max(np.abs(truth), initial=0))
    fits = got.shape == truth.shape
    excess = truth - got if fits else truth
    count = SAMPLED if truth.size <= MANY else FEW
    at = np.argsort(-np.abs(excess), axis=None)[:: max(1, truth.size // count)][:count]
    measured = []
    for number in at:
        index = tuple(int(i) for i in np.unravel_index(int(number), truth.shape))
        direction = np.zeros(truth.shape)
        direction[index] = 1
        bar = float(allowance[index]) or float(room[index])
        measured.append(Measurement(direction, float(excess[index]), bar, index))
    known = {each: array for each, array in known.items() if each != name}  # an output is not explained by itself
    array = known.get(name.removeprefix("d"), np.full(truth.shape, np.nan))
    return Numbers(name, array, got, measured, known, {}, others, truth=truth, room=room)


def in_common(case: Numbers, of: Width, *, gradient: bool) -> str:
    """In a sentence or two; empty where nothing is found.

    gradient   whether it is one, and no output
    """
    got, truth = case.came, case.truth
    if not 0 < truth.size <= LARGEST or not (np.isfinite(got).all() and np.isfinite(truth).all()):
        return ""
    if got.shape == (*truth.shape, 2) and (np.abs(got[..., 0] - truth) <= case.room).all():
        return "It is complex, and the reference is real. Its real part agrees"
    if got.size and not got.any():
        return "It is zero everywhere"
    with np.errstate(all="ignore"):
        found = next((repair.explanation for repair in _repairs(case, of, gradient=gradient) if case.proves(repair)), "")
    if found or got.shape != truth.shape:
        return found
    return shortened(got, truth, of) or slabs(got, truth, case.room)


def _repairs(case: Numbers, of: Width, *, gradient: bool) -> Iterator[Repair]:
    yield from _times(case, of)
    for hypothesis in (*(OF_GRADIENTS if gradient else OF_VALUES), *PARTS):
        yield from hypothesis(case)
    yield from orders(case)
    yield from places(case, case.truth)


def _times(case: Numbers, of: Width) -> Iterator[Repair]:
    """A factor. Numbers of float32 show seven digits of it: it is taken for a known one that is as near as that."""
    if case.came.shape != case.truth.shape:
        return
    factor = projection(case.came, case.truth)
    if not np.isfinite(factor) or factor == 0:
        return
    close = min(SAME * of.unit, COARSEST)
    fraction = float(Fraction(abs(factor)).limit_denominator(DENOMINATORS))
    known = [fraction, *(value for value, _ in case.numbers if np.isfinite(value))]
    exact = next((value for value in known if value > 0 and abs(abs(factor) - value) <= close * value), abs(factor))
    ratio = np.copysign(1 / exact, factor)
    words, is_known = whole.factor_words(case, ratio)
    yield Repair(case.came * ratio, "sign" if ratio == -1 else "constant factor", words, 0 if is_known else 1)


def shortened(got: Array, truth: Array, of: Width) -> str:
    """Whether numbers were printed with few digits, and are right to these."""
    if of.narrow or got.shape != truth.shape or not (np.isfinite(got).all() and np.isfinite(truth).all()):
        return ""  # numbers of 16 bits have few digits
    room = UNITS * of.unit * np.abs(truth)
    for places_ in range(DECIMALS):
        if _near(got, np.round(got, places_), 4 * of.unit * np.abs(got)):
            if _near(got, truth, 0.5 * 10.0**-places_ + room):
                if places_ == 0:
                    return "The numbers are whole, and the truth rounds to them: print all digits"
                return f"The numbers have {places_} decimal{'s' * (places_ > 1)}, and are right to these: print all digits"
            break
    exponents = np.floor(np.log10(np.where(got == 0, 1, np.abs(got))))
    for digits in range(2, DECIMALS):
        last = 10.0 ** (exponents - digits + 1)
        if _near(got, np.rint(got / last) * last, 4 * of.unit * np.abs(got)):
            right = _near(got, truth, 0.5 * last + room)
            return f"The numbers have {digits} digits, and are right to these: print all digits" if right else ""
    return ""


def _near(one: Array, other: Array, room: float | Array) -> bool:
    return bool((np.abs(one - other) <= room).all())
