"""What a claimed gradient says of the way from one point to another: an inner product, as exact as longdouble makes it."""

from __future__ import annotations

import numpy as np

from gradwitness.arrays import Array

MANY = 2**13
"""Elements of one array beyond which float64 is used. It is also the size of a block, which stays in the processor's cache."""
SPLIT = 2.0**27 + 1
LARGE, SMALL = 2.0**700, 2.0**-700
"""Sums between these bounds have neither overflow nor an underflow that counts on their way."""


def explained(claim: Array, array: Array, start: Array) -> tuple[np.longdouble, float]:
    """<claim, array - start>, and the sum of the sizes of its terms. Elements that did not move do not count.

    The rounding of the first is at most longdouble's eps times the second, in either way of computing it.
    """
    if np.array_equal(array, start):
        return np.longdouble(0), 0.0
    if array.size > MANY and {claim.dtype, array.dtype, start.dtype} == {np.dtype(np.float64)}:
        with np.errstate(all="ignore"):
            found, size = _in_blocks(claim.ravel(), array.ravel(), start.ravel())
        if SMALL < size < LARGE and np.isfinite(found):
            return found, size
    way = array.astype(np.longdouble) - start
    products = np.where(way != 0, claim, 0) * way
    return np.longdouble(products.sum()), float(np.abs(products).sum())


def _in_blocks(claim: Array, array: Array, start: Array) -> tuple[np.longdouble, float]:
    """The same for arrays of float64, three times as fast as in longdouble. nan or inf where a number is too large.

    Each factor is split into an upper part of 26 bits and the rest (Dekker, 1971). The products of the upper parts are exact, and
    are added in longdouble. All other terms together are below 2^-25 of the sum of the sizes. The n = 2^13 of a block are added
    in float64, with an error below n 2^-53 2^-25 = 2^-65 of it.
    """
    found, size = np.longdouble(0), 0.0
    for first in range(0, array.size, MANY):
        block = slice(first, first + MANY)
        way, rest = _difference(array[block], start[block])
        upper_claim, upper_way = _upper(claim[block]), _upper(way)
        products = upper_claim * upper_way
        lower = (way - upper_way) + rest
        found += products.sum(dtype=np.longdouble)
        found += claim[block] @ lower + (claim[block] - upper_claim) @ upper_way
        size += float(np.abs(products).sum())
    return np.longdouble(found), size


def _difference(a: Array, b: Array) -> tuple[Array, Array]:
    """a - b, and what its rounding left out (Knuth)."""
    difference = a - b
    virtual = difference - a
    return difference, (a - (difference - virtual)) - (b + virtual)


def _upper(a: Array) -> Array:
    """The upper 26 bits."""
    scaled = SPLIT * a
    return np.asarray(scaled - (scaled - a))
