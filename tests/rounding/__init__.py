"""Arrays under Monte Carlo arithmetic, for the tests of the engine."""

from typing import Any

import numpy as np

from gradwitness.arrays import unit_roundoff
from gradwitness.rounding.noise import Noise
from gradwitness.rounding.perturbed import Perturbed, lift

U = unit_roundoff("float32")


class Upward:
    """In place of a Generator: every rounding goes up, as far as it can."""

    def random(self, shape: tuple[int, ...], dtype: Any = float) -> np.ndarray:
        return np.ones(shape, dtype)


def lifted(array: Any, seed: int = 0, dtype: str = "float32") -> Perturbed:
    return lift(Noise(dtype, np.random.default_rng(seed)), np.asarray(array))


def upward(array: Any, dtype: str = "float32") -> Perturbed:
    return lift(Noise(dtype, Upward()), np.asarray(array))  # type: ignore[arg-type]


def units(result: Any, exact: Any, unit: float = U) -> list[float]:
    """By how many units roundoff (of float32 unless told) each element of result is off, to three decimals."""
    return [round(float(r), 3) + 0.0 for r in np.ravel((np.asarray(result) / exact - 1) / unit)]
