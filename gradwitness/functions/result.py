"""One result of a function against its truth, in words."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradwitness.arrays import Array
from gradwitness.functions.apart import allowances, distances
from gradwitness.report.findings import Finding, elements
from gradwitness.rounding.arithmetic import Measured
from gradwitness.rounding.projection import projection
from gradwitness.rounding.widths import Width
from gradwitness.verdict import Disagreement, judge_projection, judge_slices

FEW = 0.5
"""Of the largest element: rounding that may do as much leaves hardly a digit."""
UNSURE = (
    "Hardly a digit is sure in {} here: rounding alone may change an element by {:.1g} of the largest. `compare` tells whether "
    "another way to compute it keeps more"
)


def compared(about: str, got: Array, expected: Measured, of: Width) -> Finding:
    """One result against its truth: element by element, and as a whole along the truth."""
    truth = np.asarray(expected.truth)
    if got.shape != truth.shape:
        return Finding(about, "wrong", f"Its shape is {got.shape}; wanted {truth.shape}", wrong=got.size, of=got.size)
    distance, allowance = distances(got, truth, of), allowances(expected, of)
    wrong = ~(distance <= allowance)
    sight = _sight(truth, allowance)
    if wrong.any():
        return beyond(about, got, truth, distance, allowance, wrong, of)
    if np.isnan(truth).any():
        lost = f"{int(np.isnan(truth).sum())} of {truth.size} elements are nan in exact arithmetic as well"
        return Finding(about, "note", f"{lost}: rounding has nothing to do with it")
    try:
        judge_projection(about, got, expected, of.name)
        judge_slices(about, got, expected, of.name)
    except Disagreement as factor:
        along = factor.actual if factor.index else projection(got, truth)
        message = f"Each element alone may be rounding, and all together are not: {factor.reason}"
        where = f" at {factor.index[1]} of axis {factor.index[0]}" if factor.index else ""
        why = f"A constant factor of {along:.4g}{where}"
        return Finding(
            about, "wrong", message, got.size, got.size, got=along, truth=1.0, distance=abs(along - 1), explanation=why
        )
    message = UNSURE.format(of.name, min(sight, 1)) if sight >= FEW else ""
    return Finding(about, "right", _underflowed(got, truth, of) or message, of=got.size, sight=sight)


def _underflowed(got: Array, truth: Array, of: Width) -> str:
    """How many elements are lost on the way: 0, where exact arithmetic gives less than the product of any two that are kept."""
    zero = (got == 0) & (truth != 0) & (np.abs(truth) < np.sqrt(of.kept))
    if not zero.any():
        return ""
    count = "1 element is" if zero.sum() == 1 else f"{int(zero.sum())} elements are"
    largest = f"exact arithmetic gives {np.max(np.abs(truth[zero])):.2g}{' at most' * (int(zero.sum()) > 1)}"
    return f"{count} 0 in {of.name}: what it is made of underflows, overflows or cancels; {largest}"


def beyond(about: str, got: Array, truth: Array, distance: Array, allowance: Array, wrong: Array, of: Width) -> Finding:
    """A result with elements that are wrong: which, and the worst of them."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(wrong, np.where(np.isnan(distance), np.inf, distance / allowance), 0)
    index = tuple(int(i) for i in np.unravel_index(int(np.argmax(ratio)), got.shape))
    lost = not np.isfinite(got[index])
    message = ""
    if lost:
        exact = f"exact arithmetic on the same {of.name} inputs gives {float(truth[index]):.6g}"
        message = f"{got[index]} came where {exact}. {_lost(truth[index], of)}"
    return Finding(
        about,
        "overflow" if np.isinf(got[index]) else "wrong",
        message,
        **elements(wrong),
        index=index,
        got=got[index],
        truth=float(truth[index]),
        distance=float(distance[index]),
        allowance=float(allowance[index]),
    )


def _lost(truth: Any, of: Width) -> str:
    """What makes nan or inf of a number, in words."""
    if of.spacing and (truth == 0 or abs(truth) > of.largest):
        return f"An epsilon below {of.spacing:.1g} is 0 in {of.name}, and 0 / 0 is nan: take a larger one, or compute in float32"
    return (
        "An intermediate value overflows, or a branch that is not taken does: 0 * inf is nan. Bound the argument inside the "
        "branch (where(c, f(where(c, x, 0)), ...))"
    )


def _sight(truth: Array, allowance: Array) -> float:
    """The error of an element, relative to the largest, that would have been seen."""
    finite = truth[np.isfinite(truth)]
    largest = float(np.max(np.abs(finite), initial=0))
    return float(np.max(allowance, initial=0)) / largest if largest else float("nan")
