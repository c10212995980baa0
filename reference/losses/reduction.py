"""The last step of every loss: none, mean or sum over its elements.

    none: L = l        sum: L = sum_i l_i        mean: L = sum_i l_i / n

Derivation.  dL/dl_i is 1, 1 and 1/n; dL is a scalar under sum and mean, broadcast over the elements.
"""

from typing import Literal

import numpy as np

from ..case import Array, invalid

Reduction = Literal["none", "mean", "sum"]
REDUCTIONS: tuple[Reduction, ...] = ("mean", "sum", "none")  # the default first


def reduce(values: Array, reduction: Reduction, op: str) -> Array:
    """values (...) -> (...) under "none", a scalar of shape () otherwise.

    Raises ValueError for an unknown reduction, and for the mean of nothing.
    """
    if reduction == "none":
        return values
    if reduction not in ("mean", "sum"):
        raise invalid(op, "reduction", repr(reduction), "'none', 'mean' or 'sum'")
    total: Array = values.sum()
    if reduction == "sum":
        return total
    if not values.size > 0:
        raise invalid(op, "reduction", "'mean' of no elements", "at least one element")
    mean: Array = total / values.size
    return mean


def spread(dout: Array, values: Array, reduction: Reduction) -> Array:
    """The vjp of `reduce`: dout () or (...) -> dvalues (...), in the shape of values, which were reduced."""
    if reduction == "mean":
        dout = dout / values.size
    return np.broadcast_to(dout, values.shape, subok=True)
