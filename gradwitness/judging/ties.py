"""Which values tie."""

from __future__ import annotations

import numpy as np

from gradwitness.arrays import Array


def groups(values: Array, reach: Array) -> Array:
    """The number of the tie that each value is in: values tie that are equal, or apart by less than points nearby move them.

    A value that lies among them would stay in the middle of all orders that they are put in.
    """
    unique, which = np.unique(values, return_inverse=True)
    which = np.ravel(which)
    furthest = np.zeros(len(unique), reach.dtype)
    np.maximum.at(furthest, which, reach)
    first = np.arange(len(unique))
    with np.errstate(invalid="ignore"):
        for i in np.flatnonzero(np.diff(unique) <= 2 * furthest[:-1]) + 1:
            start = first[i - 1]
            if unique[i] - unique[start] <= 2 * furthest[start]:
                first[i] = start
    return np.ravel(np.unique(first[which], return_inverse=True)[1])
