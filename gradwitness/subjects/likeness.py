"""Whether two lists of arrays are the same: to the last bit, or in the first half of their digits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gradwitness.arrays import Array, unit_roundoff
from gradwitness.verdict import K

GROSS = 2.0**-5
"""Half the digits of float16: sums may round in any dtype that code keeps its buffers in."""


def same(first: Sequence[Any], second: Sequence[Any]) -> bool:
    """Equal to the last bit, nan where nan is."""
    return len(first) == len(second) and all(_equal(a, b) for a, b in zip(first, second, strict=True))


def _equal(a: Any, b: Any) -> bool:
    if a is None or b is None:
        return a is b
    a, b = np.asarray(a), np.asarray(b)
    if a.shape != b.shape:
        return False
    return bool(np.all((a == b) | ((a != a) & (b != b))))  # noqa: PLR0124 - nan, in every dtype


def finite(values: Sequence[Any]) -> bool:
    """Without nan and inf."""
    return all(bool(np.isfinite(np.asarray(value, np.longdouble)).all()) for value in values)


def alike(first: Sequence[Any], second: Sequence[Any]) -> bool:
    """Equal in the first half of their digits. What differs by less is left to the measurement, whose bars are known."""
    return len(first) == len(second) and all(_near(a, b) for a, b in zip(first, second, strict=True))


def adds_up(first: Any, second: Any, both: Any, thrice: Any, room: float = 0.0) -> bool:
    """Whether first + second is both, as far as rounding lets one see: thrice is 3 first, but for rounding.

    room   what is rounding in any case
    """
    g, h, both, thrice = (np.asarray(each, np.longdouble) for each in (first, second, both, thrice))
    if not g.shape == h.shape == both.shape == thrice.shape:
        return False
    with np.errstate(all="ignore"):
        apart, noise, size = np.abs(g + h - both), np.abs(thrice - 3 * g), np.abs(g) + np.abs(h)
    largest = [np.max(each, initial=0, where=np.isfinite(each)) for each in (apart, noise, size)]
    return bool(largest[0] <= max(K * largest[1], GROSS * largest[2], room))


def negligible(outs: Sequence[Any], douts: Sequence[Array], array: Array) -> float:
    """Far more than what rounding of the outputs, or of what cancels in them, comes to in a gradient that is zero otherwise; far
    less than a usual one.
    """
    across = float(np.sqrt(np.mean(np.square(array.astype(np.float64))))) if array.size else 0.0
    if not 0 < across < np.inf:
        return 0.0
    with np.errstate(all="ignore"):
        pairs = zip(outs, douts, strict=True)
        terms = [np.maximum(np.abs(np.asarray(out, np.float64)), across) * np.asarray(dout, np.float64) for out, dout in pairs]
        size = float(np.sqrt(sum(np.nansum(np.square(term)) for term in terms)))
        room = float(K * np.sqrt(unit_roundoff(array.dtype)) * size / across)
    return room if np.isfinite(room) else 0.0


def _near(a: Any, b: Any) -> bool:
    if a is None or b is None:
        return True
    if np.shape(a) != np.shape(b):
        return False
    digits = np.sqrt(max(_roundoff(a), _roundoff(b)))
    a, b = np.asarray(a, np.longdouble), np.asarray(b, np.longdouble)
    finite = np.isfinite(a) & np.isfinite(b)
    size = max(np.max(np.abs(a), initial=0, where=finite), np.max(np.abs(b), initial=0, where=finite))
    return bool(np.max(np.abs(np.where(finite, a, 0) - np.where(finite, b, 0)), initial=0) <= digits * size)


def _roundoff(value: Any) -> float:
    dtype = np.asarray(value).dtype
    return float(np.finfo(dtype).eps) if dtype.kind == "f" else 2.0**-7 if dtype.kind == "V" else 2.0**-52


def difference(first: Sequence[Any], second: Sequence[Any]) -> str:
    """By how much they differ, in words."""
    if [np.shape(v) for v in first] != [np.shape(v) for v in second]:
        return "it has another shape"
    pairs = [(np.asarray(a, np.longdouble), np.asarray(b, np.longdouble)) for a, b in zip(first, second, strict=True)]
    largest = max(float(np.max(np.abs(a - b), initial=0)) for a, b in pairs)
    return f"they differ by up to {largest:.2g}"
