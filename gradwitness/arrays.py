"""The type of an array, and the precision of a dtype."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]


def unit_roundoff(dtype: np.typing.DTypeLike) -> float:
    """Half the distance from 1 to the next number: the largest relative error of one rounding to nearest."""
    return float(_info(dtype).eps) / 2


def largest(dtype: np.typing.DTypeLike) -> Any:
    """The largest number of a dtype."""
    return _info(dtype).max


def smallest(dtype: np.typing.DTypeLike) -> Any:
    """The smallest positive number of a dtype, subnormal ones included."""
    return _info(dtype).smallest_subnormal


def _info(dtype: np.typing.DTypeLike) -> Any:
    """`numpy.finfo`; for bfloat16 and the like that of ml_dtypes, which defines them."""
    if np.dtype(dtype).kind != "V":
        return np.finfo(dtype)
    import ml_dtypes

    finfo: Any = ml_dtypes.finfo
    return finfo(dtype)


def wider(dtype: np.typing.DTypeLike) -> np.dtype[Any]:
    """The dtype in which the truth is computed: longdouble for float64, float64 for any narrower dtype."""
    return np.dtype(np.longdouble if np.dtype(dtype).itemsize >= 8 else np.float64)
