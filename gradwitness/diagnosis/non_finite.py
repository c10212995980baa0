"""nan or inf where forward is finite."""

from __future__ import annotations

import math

import numpy as np

from gradwitness.diagnosis.case import Case, Explanation
from gradwitness.diagnosis.masks import masks

CHANCE = 20


def non_finite(case: Case) -> Explanation | None:
    """The mask of a known array at which it is nan or inf, and nowhere else."""
    if case.came.shape != case.array.shape:
        return None
    gone = ~np.isfinite(case.came)
    if not gone.any():
        return None
    what = "nan" if np.isnan(case.came).any() else "inf"
    sets = math.comb(gone.size, int(gone.sum()))
    for number, (mask, words) in enumerate(masks(case), start=1):
        if sets < CHANCE * number:
            return None  # some mask would be the same by chance
        if np.array_equal(mask, gone):
            return Explanation(
                "mask", f"It is {what} where {words}, and nowhere else: a division or logarithm there needs a mask"
            )
    return None
