"""All elements of a result together, or those of a slice: constant factors that no element shows alone."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradwitness.arrays import Array
from gradwitness.rounding.arithmetic import Measured
from gradwitness.rounding.projection import axes, by_slice, projection, slices
from gradwitness.rounding.widths import width
from gradwitness.verdict.disagreement import Disagreement
from gradwitness.verdict.limits import K_PROJECTION, K_SLICES, k_of


def judge_projection(gradient: str, values: Array, expected: Measured, dtype: Any) -> float:
    """Judge the projection of a result on the truth (rounding/projection.py): a constant factor that no element shows alone.

    Return by how many units it is off. A unit is the spread of the projection in the perturbed runs, and one unit roundoff at
    least, for what rounds a scalar once is common to all elements. Where few elements make up the result, it is K times what
    independent errors of the elements come to.

    Raises Disagreement for more than K_PROJECTION units.
    """
    off = projection(values, expected.truth) - 1
    finite = np.isfinite(expected.truth)
    truth, spread = (np.asarray(a, np.longdouble)[finite] for a in (expected.truth, expected.spread))
    if np.isnan(off) or np.isnan(expected.projection):
        return 0.0
    size = np.abs(truth).max()
    truth, spread = truth / size, spread / size
    independent = float(np.sqrt(np.sum((spread * truth) ** 2)) / np.sum(truth**2))
    unit = max(float(np.hypot(expected.projection, width(dtype).unit)), k_of(dtype) / K_PROJECTION * independent)
    ratio = abs(off) / unit
    if ratio > K_PROJECTION:
        raise Disagreement(
            gradient,
            ratio=ratio,
            limit=K_PROJECTION,
            reason=f"all elements together are {1 + off:.4g} times the truth; rounding explains 1 +- {K_PROJECTION * unit:.2g}",
        )
    return ratio


def judge_slices(gradient: str, values: Array, expected: Measured, dtype: Any) -> float:
    """The same for each slice along each axis: a constant factor of one channel, or of one row.

    Return by how many units the worst one is off. Raises Disagreement for more than K_SLICES units, with the axis and the place
    as index.
    """
    truth, spread = (np.asarray(a, np.longdouble) for a in (expected.truth, expected.spread))
    size = np.max(np.abs(truth), where=np.isfinite(truth), initial=0)
    worst = 0.0
    for axis, own, along in zip(axes(truth.shape), expected.slices, slices(truth)(values) if size else (), strict=False):
        with np.errstate(all="ignore"):
            independent = np.sqrt(by_slice((spread * truth / size**2) ** 2, axis)) / by_slice((truth / size) ** 2, axis)
            # a kernel may compute the coefficients of a slice inside, in the dtype in which it adds, as upsampling does
            inside = k_of(dtype) / K_SLICES * np.maximum(independent, width(dtype).accumulation)
            unit = np.maximum(np.hypot(own, width(dtype).unit), inside)
            ratios = np.nan_to_num(np.abs(along - 1) / unit, nan=0.0, posinf=0.0)
        place = int(np.argmax(ratios))
        if ratios[place] > K_SLICES:
            raise Disagreement(
                gradient,
                (axis, place),
                actual=float(along[place]),
                ratio=float(ratios[place]),
                limit=K_SLICES,
                reason=f"those at {place} of axis {axis} are together {along[place]:.4g} times the truth; rounding explains "
                f"1 +- {K_SLICES * unit[place]:.2g}",
            )
        worst = max(worst, float(ratios[place]))
    return worst
