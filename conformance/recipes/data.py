"""The handwritten digits that scikit-learn brings along."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True)
class Digits:
    """1797 images of 8x8 pixels, scaled to [0, 1] and flattened to (N, 64), and their digits (N,), in a fixed split.

    Source: Alpaydin and Kaynak, "Optical recognition of handwritten digits", UCI repository, 1998, as scikit-learn has it.
    """

    x_train: Array
    y_train: Array
    x_test: Array
    y_test: Array

    def batches(self, epochs: int, size: int, dtype: Any = np.float64) -> Iterator[tuple[Array, Array]]:
        """Mini-batches (size, 64), (size,). Each epoch is shuffled, always in the same way, and its remainder is left out."""
        for epoch in range(epochs):
            order = np.random.default_rng((2, epoch)).permutation(len(self.x_train))
            for start in range(0, len(order) - size + 1, size):
                rows = order[start : start + size]
                yield self.x_train[rows].astype(dtype), self.y_train[rows]


@cache
def digits() -> Digits:
    """1437 images to train on and 360 to test on."""
    from sklearn.datasets import load_digits  # takes half a second, and only some recipes need it

    x, y = load_digits(return_X_y=True)
    order = np.random.default_rng(1).permutation(len(x))
    train, test = order[:1437], order[1437:]
    x = x / 16
    return Digits(x[train], y[train].astype(np.int64), x[test], y[test].astype(np.int64))
