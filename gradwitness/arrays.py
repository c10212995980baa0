"""The type of an array, and the precision of a dtype."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]


def unit_roundoff(dtype: np.typing.DTypeLike) -> float:
    """Half the distance from 1 to the next number: the largest relative error of one rounding to nearest."""
    return float(np.finfo(dtype).eps) / 2


def wider(dtype: np.typing.DTypeLike) -> np.dtype[Any]:
    """The dtype in which the truth is computed: longdouble for float64, float64 for any narrower dtype."""
    return np.dtype(np.longdouble if np.dtype(dtype).itemsize >= 8 else np.float64)
