"""What numbers from another program have in common with the truth that they are not: few digits, an order of axes, a factor."""

from __future__ import annotations

from itertools import permutations

import numpy as np

from gradwitness.arrays import Array
from gradwitness.diagnosis.constants import told
from gradwitness.rounding.projection import projection
from gradwitness.rounding.widths import Width

DECIMALS = 9
"""Numbers with more than so many decimals are not taken to be shortened."""
UNITS = 2.0**10
"""Unit roundoffs of the dtype, of the largest element, that numbers in another order, or times a factor, may be off."""


def in_common(got: Array, truth: Array, of: Width) -> str:
    """In a sentence; empty where nothing is found."""
    if not got.size or not (np.isfinite(got).all() and np.isfinite(truth).all()):
        return ""
    room = UNITS * of.unit * float(np.max(np.abs(truth), initial=0))
    for order in permutations(range(got.ndim)) if 1 < got.ndim <= 4 else ():
        turned = got.transpose(order)
        if order != tuple(range(got.ndim)) and turned.shape == truth.shape and _near(turned, truth, room):
            return "Transposed it agrees" if got.ndim == 2 else f"With its axes in the order {order} it agrees"
    if got.shape != truth.shape:
        return (
            f"Reshaped to {truth.shape} it agrees"
            if got.size == truth.size and _near(got.reshape(truth.shape), truth, room)
            else ""
        )
    factor = projection(got, truth)
    if got.size > 1 and np.isfinite(factor) and factor and _near(got / factor, truth, room):
        return f"It is {told(round(factor, 6))} times what is right"
    for decimals in range(1, DECIMALS):
        if _near(got, np.round(got, decimals), 4 * of.unit * np.abs(got)):
            half = 0.5 * 10.0**-decimals
            if _near(got, truth, half + room):
                return f"The numbers have {decimals} decimals, and are right to these: print all digits"
            break
    return ""


def _near(one: Array, other: Array, room: float | Array) -> bool:
    return bool((np.abs(one - other) <= room).all())
