"""The precision of each floating dtype that a framework computes in, by name. NumPy need not know the dtype.

An operation in 16 or 8 bits rounds twice. The kernel computes in float32, where sums accumulate, and rounds to the narrow dtype
when it stores the result. A sum of a thousand bfloat16 numbers has the error of one bfloat16 rounding and not of a thousand.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Width:
    """The precision of a dtype.

    name            "float32", "bfloat16", ...
    unit            unit roundoff: the largest relative error of one rounding to nearest
    accumulation    unit roundoff of the dtype in which kernels add: float32 for narrower dtypes, else the dtype itself
    subnormal       the smallest positive number
    normal          the smallest normal number; below it the spacing is `subnormal`
    largest         the largest finite number
    """

    name: str
    unit: float
    accumulation: float
    subnormal: float
    normal: float
    largest: float

    @property
    def narrow(self) -> bool:
        """Whether kernels add in a wider dtype than they store."""
        return self.accumulation < self.unit

    @property
    def kept(self) -> float:
        """The smallest number that every framework keeps; underflow may move an honest result by so much.

        TensorFlow and JAX flush subnormal numbers to zero, PyTorch keeps them. Both are honest, so that a result below the
        smallest normal number may be zero. float16 is computed in float32, where all its numbers are normal, so that nothing is
        flushed.
        """
        return self.spacing or self.normal

    @property
    def spacing(self) -> float:
        """The smallest number, where it is the spacing of numbers that are not rare: 6e-8 in float16; else 0."""
        return self.subnormal if self.narrow and self.normal > _FLOAT32.normal else 0.0

    @property
    def absolute(self) -> float:
        """Twice the error of a result that underflows: the spacing, or twice what may be flushed to zero. 0 in float64."""
        return self.spacing or (2 * self.normal if self.normal >= _FLOAT32.normal else 0.0)

    def of_constant(self, value: Any) -> Any:
        """The largest relative error of numbers of the source that are rounded to the dtype.

        For one that it cannot hold it is that of any other: to make 0 of 1e-8, or inf of 1e6, is no rounding.
        """
        size = np.abs(np.where(value == 0, np.inf, value))
        held = (size > self.subnormal / 2) & (size <= self.largest)
        return np.where(held, np.maximum(self.unit, self.subnormal / 2 / size), self.unit)


def _width(name: str, digits: int, lowest: int, largest: float) -> Width:
    """digits of the significand, the hidden one included; lowest exponent of a normal number."""
    unit = 2.0**-digits
    return Width(name, unit, min(unit, 2.0**-24), 2.0 ** (lowest - digits + 1), 2.0**lowest, largest)


_FLOAT32 = _width("float32", 24, -126, float(np.finfo(np.float32).max))
_WIDTHS = {
    width.name: width
    for width in (
        _width("float64", 53, -1022, float(np.finfo(np.float64).max)),
        _FLOAT32,
        _width("float16", 11, -14, 65504.0),
        _width("bfloat16", 8, -126, 2.0**127 * (2 - 2.0**-7)),
        _width("float8_e4m3fn", 4, -6, 448.0),
        _width("float8_e5m2", 3, -14, 57344.0),
    )
}


def width(dtype: Any) -> Width:
    """The precision of a dtype of NumPy, PyTorch, JAX or TensorFlow, or of one that is named.

    Raises ValueError for a dtype that is not floating, or is not known; complex dtypes have the precision of their parts.
    """
    name = _name(dtype)
    if name in _WIDTHS:
        return _WIDTHS[name]
    try:
        info = np.finfo(name)
    except (TypeError, ValueError):
        raise ValueError(f"dtype is {name}; wanted a floating one: {', '.join(_WIDTHS)}") from None
    unit = float(info.eps) / 2
    return Width(name, unit, unit, info.smallest_subnormal, info.tiny, info.max)  # type: ignore[arg-type]  # longdouble's own


def _name(dtype: Any) -> str:
    """torch.bfloat16, tf.bfloat16, numpy.dtype, a scalar type of JAX or a string -> "bfloat16"."""
    name = dtype if isinstance(dtype, str) else getattr(dtype, "name", None) or getattr(dtype, "__name__", None) or str(dtype)
    name = name.removeprefix("torch.")
    return {"complex64": "float32", "complex128": "float64"}.get(name, name)


DOUBLE = width("float64")
