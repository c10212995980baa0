"""The scale of honest error where roundings cannot be watched: what inputs that are moved by their last digit do to a result.

It is part of what rounding does, and may be far less than all of it. A result within it is right; of one beyond it nothing is
known.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gradwitness.arrays import Array
from gradwitness.rounding.arithmetic import Measured, combine
from gradwitness.rounding.projection import projection

RUNS = 3
"""Runs with inputs that are moved by up to one unit of their last digit."""


def moved(array: Array, eps: float, rng: np.random.Generator) -> Array:
    """An array, each element moved at random by up to eps of itself."""
    return np.asarray(array * (1 + eps * rng.uniform(-1, 1, size=array.shape)))


def spread(truth: Array, runs: Sequence[Array], eps: float) -> Measured:
    """Truth and spread, from runs with moved inputs; one rounding of the result itself at least."""
    square = np.square(eps / 2 * np.nan_to_num(truth))
    projections = [eps / 2]
    for run in runs:
        if run.shape == truth.shape:
            with np.errstate(invalid="ignore", over="ignore"):
                square = square + np.nan_to_num(np.square(run - truth)) / len(runs)
            projections.append(projection(run, truth) - 1)
    return Measured(truth, combine(square), float(np.sqrt(np.mean(np.square(projections)))))
