"""Functions that normalise: standardised values, unit vectors, softmax. Their gradient has a term for each statistic.

    standardised    rstd * (g - mean(g) - xhat * mean(g * xhat))
    by mean square  r * (g - xhat * mean(g * xhat))
    unit vectors    (g - u * sum(g * u)) / length
    softmax         p * (g - sum(g * p))
    log_softmax     g - p * sum(g)

g is the cotangent, times the weight if there is one. Where one of these is the truth, what came is compared with its terms.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from gradwitness.arrays import Array
from gradwitness.diagnosis.case import Case, Repair
from gradwitness.diagnosis.constants import told
from gradwitness.diagnosis.groupings import epsilons, groupings
from gradwitness.diagnosis.shapes import to_shape

SAME = 1e-9
"""Relative: known arrays are exact to float64 only."""
LARGEST = 20_000


@dataclass(frozen=True)
class Normalised:
    """A function that normalises along some axes: its name, its gradient's formula and terms, by what they flow through."""

    words: str
    formula: str
    axes: tuple[int, ...]
    terms: dict[str, Array]

    @property
    def truth(self) -> Array:
        """The whole gradient."""
        return np.asarray(sum(self.terms.values()))


def normalising(case: Case) -> Iterator[Repair]:
    """The term that is missing, or wrong, in the gradient of a function that normalises."""
    if not case.fits or case.array.ndim == 0 or case.array.size > LARGEST:
        return
    for candidate in _candidates(case):
        truth = candidate.truth.reshape(case.array.shape)
        if all(abs(truth[index] - known) <= 4 * bar + SAME * abs(known) for index, (known, bar) in case.elements.items()):
            yield Repair(truth, *_compared(case, candidate))


def _compared(case: Case, right: Normalised) -> tuple[str, str]:
    """The kind of mistake, and the words: which terms of the right gradient are missing or wrong.

    What came is written as a sum of the terms, with numbers of its own in each group that is normalised.
    """
    forward, names = f"Forward is {right.words}", list(right.terms)
    numbers = _numbers(case, right)
    if numbers is None:
        return "normalised", f"{forward}, and what came is not its gradient: {right.formula} is"
    wrong = [i for i in range(len(names)) if np.abs(numbers[i] - 1).max() > FITTED]
    through = " and ".join(names[i] for i in wrong)
    if all(np.abs(numbers[i]).max() <= FITTED for i in wrong):
        how = "is missing" + (": held constant" if DIRECT not in through else "")
    elif all(np.ptp(numbers[i]) <= FITTED for i in wrong) and len(wrong) == 1:
        how = f"is {told(round(float(numbers[wrong[0]][0]), 9))} times what is right"
    elif all(np.ptp(numbers[i]) <= FITTED for i in wrong):
        how = "has a wrong factor"
    else:
        how = "is wrong, by another factor in each part that is standardised, as where a mean is over other axes"
    return ("term" if DIRECT in through else "statistics"), f"{forward}. The gradient through {through} {how}; all else is right"


def _numbers(case: Case, right: Normalised) -> Array | None:
    """For each term and each group, the number with which the term is part of what came; None if there are no such."""
    terms = list(right.terms.values())
    shape = terms[0].shape
    kept = [axis for axis in range(len(shape)) if axis not in right.axes]

    def rows(array: Array) -> Array:
        moved = np.transpose(np.broadcast_to(array, shape), [*kept, *right.axes])
        return np.asarray(moved, float).reshape(int(np.prod([shape[axis] for axis in kept])), -1)

    came, columns = rows(case.claimed.reshape(shape)), np.stack([rows(term) for term in terms], axis=-1)
    if came.shape[1] <= len(terms):
        return None
    found = []
    for target, table in zip(came, columns, strict=True):
        size = np.abs(table).max(axis=0)
        size[size == 0] = 1
        number = np.linalg.lstsq(table / size, target, rcond=1e-10)[0] / size
        if np.abs(table @ number - target).max() > FITTED * np.abs(target).max(initial=1e-300):
            return None
        found.append(number)
    return np.array(found).T


FITTED = 1e-7
"""Relative: numbers that were fitted in float64."""
DIRECT = "the values themselves"
STANDARDISED = "rstd * (g - mean(g) - xhat * mean(g * xhat))"
UNBIASED = "rstd * (g - mean(g) - xhat * sum(g * xhat) / (N - 1))"
SCALED = "(g - xhat * mean(g * xhat)) / root mean square"
UNIT = "(g - u * sum(g * u)) / length"


def _candidates(case: Case) -> Iterator[Normalised]:
    for name, g in _upstream(case):
        for shape, axes, words in groupings(case):
            x, d = case.array.reshape(shape).astype(np.longdouble), g.reshape(shape)
            if np.prod([shape[a] for a in axes]) < 2:
                continue
            for make in (_standardised, _unit, _softmax):
                yield from make(case, x, d, axes, words + name)


def _upstream(case: Case) -> Iterator[tuple[str, Array]]:
    """Cotangents in the array's shape; times a weight."""
    for dout in case.douts.values():
        if dout.shape == case.array.shape:
            g = np.asarray(dout, np.longdouble)
            yield "", g
            for name, weight in case.known.items():
                if (
                    weight.dtype.kind == "f"
                    and 0 < weight.ndim <= g.ndim
                    and weight.size <= g.size
                    and not name.startswith("out")
                ):
                    for shaped in to_shape(np.asarray(weight, np.longdouble), g.shape):
                        yield f", times {name}", g * shaped


def _standardised(case: Case, x: Array, g: Array, axes: tuple[int, ...], words: str) -> Iterator[Normalised]:
    mean, count = _mean(axes), int(np.prod([x.shape[axis] for axis in axes]))
    for centred, less in ((True, 0), (False, 0), (True, 1)):
        middle = x - mean(x) if centred else x
        share = count / (count - less)
        square = share * mean(middle * middle)
        for eps in epsilons(case):
            if not (square + eps > 0).all():
                continue
            rstd = 1 / np.sqrt(square + eps)
            xhat = middle * rstd
            terms = {DIRECT: rstd * g}
            if centred:
                terms["the mean"] = np.broadcast_to(-rstd * mean(g), g.shape)
            terms["the variance" if centred else "the mean square"] = -rstd * xhat * share * mean(g * xhat)
            by = " by the variance with N - 1" if less else ""
            formula = UNBIASED if less else STANDARDISED if centred else SCALED
            how = f"standardised{by}" if centred else "divided by its root mean square"
            yield Normalised(f"{how} {words}", formula, axes, terms)


def _unit(case: Case, x: Array, g: Array, axes: tuple[int, ...], words: str) -> Iterator[Normalised]:
    del case
    length = np.sqrt((x * x).sum(axis=axes, keepdims=True))
    if (length > 0).all():
        u = x / length
        terms = {DIRECT: g / length, "the length": -u * (g * u).sum(axis=axes, keepdims=True) / length}
        yield Normalised(f"divided by its length {words}", UNIT, axes, terms)


def _softmax(case: Case, x: Array, g: Array, axes: tuple[int, ...], words: str) -> Iterator[Normalised]:
    del case
    e = np.exp(x - x.max(axis=axes, keepdims=True))
    p = e / e.sum(axis=axes, keepdims=True)
    yield Normalised(
        f"a softmax {words}", "p * (g - sum(g * p))", axes, {DIRECT: p * g, "the sum": -p * (g * p).sum(axis=axes, keepdims=True)}
    )
    yield Normalised(
        f"a log_softmax {words}", "g - p * sum(g)", axes, {DIRECT: g, "the sum": -p * g.sum(axis=axes, keepdims=True)}
    )


def _mean(axes: tuple[int, ...]) -> Callable[[Array], Array]:
    return lambda a: np.asarray(a.mean(axis=axes, keepdims=True))
