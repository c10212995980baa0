"""How far results are from the truth, and whether that is more than rounding explains."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from gradwitness.arrays import Array
from gradwitness.rounding.arithmetic import Measured
from gradwitness.rounding.widths import Width, width
from gradwitness.verdict import k_of


def distances(got: Array, truth: Array, of: Width) -> Array:
    """That of each element. The infinity that a dtype has for a truth beyond its largest number is no distance off."""
    with np.errstate(invalid="ignore", over="ignore"):
        held = np.where(np.abs(truth) > of.largest, np.copysign(np.inf, truth), truth)
        same = (got == held) | (np.isnan(got) & np.isnan(held))
        return np.asarray(np.where(same, 0, np.abs(got - held)))


def allowances(expected: Measured, of: Width) -> Array:
    """What rounding may do to each element."""
    return np.asarray(k_of(of.name) * np.asarray(expected.spread) + of.kept)


def apart(values: Mapping[str, Array], truth: Mapping[str, Measured], dtype: str) -> bool:
    """Whether one element of one result at least is off by more than rounding in a dtype explains."""
    of = width(dtype)
    return any(
        value.shape != np.shape(truth[name].truth)
        or not (distances(value, np.asarray(truth[name].truth), of) <= allowances(truth[name], of)).all()
        for name, value in values.items()
    )
