"""The projection of a result on its truth: a constant factor that no element shows alone."""

from __future__ import annotations

import numpy as np

from gradwitness.arrays import Array


def projection(got: Array, truth: Array) -> float:
    """<got, truth> / <truth, truth>: 1 for the truth itself, 1.03 for a result that is 3% too large everywhere.

    Rounding errors of single elements cancel in it, so that it is known far better than any element. Elements whose truth is not
    finite are left out. nan where the truth is zero everywhere or got is not finite.
    """
    finite = np.isfinite(truth)
    got, truth = np.asarray(got)[finite], np.asarray(truth)[finite]
    size = np.abs(truth).max(initial=0)
    if not size or not np.isfinite(got).all():
        return float("nan")
    parts = (truth / size).astype(np.result_type(truth, np.longdouble))  # their squares neither overflow nor vanish
    return float((np.vdot(parts, got / size) / np.vdot(parts, parts)).real)
