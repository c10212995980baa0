"""The source of random rounding errors: one `Noise` for each run of a function under Monte Carlo arithmetic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gradwitness.arrays import Array, unit_roundoff, wider


class Noise:
    """The source of random rounding errors of one run.

    dtype   the dtype under test
    rng     a `numpy.random.Generator`
    """

    def __init__(self, dtype: np.typing.DTypeLike, rng: np.random.Generator) -> None:
        self.dtype = np.dtype(dtype)
        self.wide = wider(dtype)
        self.unit = unit_roundoff(dtype)
        self.rng = rng

    def round(self, array: Array, scale: float | Array = 1.0) -> Array:
        """The array times 1 + scale u r, where r is uniform in [-1, 1] for each element. Zeros, infinities and nan do not change.

        scale   how many units roundoff at most; it broadcasts against array
        """
        r = np.asarray(self.rng.random(array.shape, dtype=np.float32))  # 24 random bits are enough, and cost half of 53
        r -= np.float32(0.5)
        r *= np.asarray(2 * self.unit * scale, np.float32)
        noisy = np.multiply(array, r, dtype=np.result_type(array, self.wide))  # a narrower dtype would lose the noise
        noisy += array
        return noisy if np.isfinite(noisy).all() else np.where(np.isfinite(array), noisy, array)

    def decides(self, name: str, method: str, operands: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
        """Called before each ufunc and each choice of a largest element. Does nothing here.

        `Decisions` (gradwitness/derivative/decisions.py) overrides it to look for kinks.
        """

    def constant(self, value: Any) -> Any:
        """A number or array that does not depend on the inputs, rounded at random unless the dtype under test holds it."""
        if not isinstance(value, (float, np.floating, np.ndarray)):
            return value
        array = np.asarray(value)
        if array.dtype.kind != "f":
            return value
        with np.errstate(over="ignore"):
            held = array.astype(self.dtype) == array
        if held.all():
            return value
        wide = array.astype(self.wide)
        return np.where(held, wide, self.round(wide))
