"""Differences that the rounding of the inputs makes, and no mistake: a distribution rounded to bfloat16 does not sum to 1.

A rule may take for granted what its inputs fulfil but for their rounding. How far it is off goes with how far they are off: where
the inputs are moved by many roundings, it is off by as many times more. A mistake of the rule stays as large as it is.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gradwitness.arrays import Array
from gradwitness.judging.point import Point
from gradwitness.rounding.moved import moved
from gradwitness.subjects.errors import UserError
from gradwitness.subjects.tensors.function import Differentiated
from gradwitness.subjects.tensors.precision import EPS

FARTHER, GROWS = 16.0, 4.0
"""By how many last digits inputs are moved, and by how much a difference has to grow with them."""
RUNS = 3
DIRECTIONS = 4
"""One along which the parts of the gradient add up, as those of an error of one factor do, and random ones."""
STEP = 1e-3
"""Of an element's own size. Two quotients at this step and its half are exact to about its fourth power."""


def grows(point: Point, which: int, subject: Differentiated) -> bool:
    """Whether a gradient of a function of 16 bits is the further from the derivative, the further its inputs are moved.

    About 70 evaluations.
    """
    eps = max((EPS[dtype] for dtype in subject.dtypes if dtype in EPS), default=0.0)
    rng = np.random.default_rng((point.seed, 12, which))
    scale, claim = point.scales[which], point.claims[which]
    signs = [np.sign(claim.value)] if claim is not None else []
    signs += [rng.choice([-1.0, 1.0], size=scale.shape) for _ in range(DIRECTIONS - 1)]
    directions = [np.asarray(scale * sign) for sign in signs]
    try:
        here = _apart(point, point.arrays, which, directions)
        there = []
        for _ in range(RUNS):
            with subject.moved(lambda array: moved(array, FARTHER * eps, rng)):
                there.append(_apart(point, [moved(array, FARTHER * eps, rng) for array in point.arrays], which, directions))
    except UserError:
        return False
    return bool(here > 0 and min(there) >= GROWS * here)


def _apart(point: Point, arrays: Sequence[Array], which: int, directions: Sequence[Array]) -> float:
    """How far the gradient is from the derivative, relative to it, along directions in one array."""
    gradient = np.asarray(point.gradients(arrays)[which], np.longdouble)
    squares = []
    for direction in directions:

        def value(step: float, direction: Array = direction) -> np.longdouble:
            there = [array + step * direction if i == which else array for i, array in enumerate(arrays)]
            return np.longdouble((point.at(there) * point.weights).sum())

        coarse, fine = ((value(h) - value(-h)) / (2 * h) for h in (STEP, STEP / 2))
        size = float(np.abs(gradient * direction).sum()) or 1.0
        squares.append((float((gradient * direction).sum() - (4 * fine - coarse) / 3) / size) ** 2)
    return float(np.sqrt(np.mean(squares)))
