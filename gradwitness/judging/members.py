"""Which member of a kink a gradient is: the slopes to either side of one element."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gradwitness.arrays import Array
from gradwitness.judging.directions import likely
from gradwitness.judging.point import Point
from gradwitness.report.findings import element

LOOKED = 4
"""Elements that are looked at, those first that may lie at a kink."""
STEP = 2.0**-18
"""Of an element's own size, for the slopes at a kink."""


def member(point: Point, which: int) -> str:
    """Which of the slopes at a kink the gradient is, at one element that lies there; empty where none is found."""
    claim, array = point.claims[which], point.arrays[which]
    if claim is None:
        return ""
    for number in np.argsort(~np.ravel(likely(array)), kind="stable")[:LOOKED]:
        index = tuple(int(i) for i in np.unravel_index(int(number), array.shape))
        below, above = sides(point, which, index)
        unit = unit_of(point, which, index)
        got = float(claim.value[index]) / unit
        below, above = below / unit, above / unit
        span = above - below
        if abs(span) > 1e-5 * max(abs(above), abs(below), 1e-300):
            share = (got - below) / span
            picked = "the slope from below" if abs(share) < 1e-4 else "the slope from above" if abs(share - 1) < 1e-4 else ""
            picked = picked or ("the mean of both" if abs(share - 0.5) < 1e-4 else "a number between them")
            name = element(point.function.leaves[which].name, index)
            by = "" if unit != 1 else ", times the cotangent"
            return f"At {name} the slopes are {below:.4g} from below and {above:.4g} from above{by}; {got:.4g} came, {picked}"
    return ""


def unit_of(point: Point, which: int, index: tuple[int, ...]) -> float:
    """The cotangent of the one output that an element moves; 1 where it moves several."""
    changed = [point.at(_stepped(point, which, index, step)) != point.flat for step in (-STEP, STEP)]
    moved = np.flatnonzero(np.logical_or(*changed))  # to either side: beside a tie it may be another one
    weight = float(point.weights[moved[0]]) if len(moved) == 1 else 1.0
    return weight or 1.0


def sides(point: Point, which: int, index: tuple[int, ...]) -> tuple[float, float]:
    """The slopes from below and from above, to a few digits."""
    slopes = []
    for sign in (-1, 1):
        quotients = []
        for step in (sign * STEP, sign * STEP / 2):
            arrays = _stepped(point, which, index, step)
            way = np.longdouble(arrays[which][index]) - point.arrays[which][index]
            quotients.append(float(((point.at(arrays) - point.flat) * point.weights).sum() / way))
        slopes.append(2 * quotients[1] - quotients[0] + 0.0)
    return slopes[0], slopes[1]


def _stepped(point: Point, which: int, index: tuple[int, ...], step: float) -> list[Array]:
    parts: Sequence[Array] = [np.zeros_like(array) for array in point.arrays]
    parts[which][index] = point.scales[which][index]
    return point.moved(step, parts)
