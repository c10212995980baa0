"""Arrays brought into another array's shape."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import numpy as np

from gradwitness.arrays import Array


def to_shape(values: Array, shape: tuple[int, ...]) -> Iterator[Array]:
    """The array broadcast to a shape, in each way in which its axes, in order, fit some of the shape's: the last ones first."""
    seen = set()
    for places in reversed(list(combinations(range(len(shape)), values.ndim))):
        full = [1] * len(shape)
        for place, length in zip(places, values.shape, strict=True):
            full[place] = length
        if tuple(full) not in seen and all(inner in (1, outer) for inner, outer in zip(full, shape, strict=True)):
            seen.add(tuple(full))
            yield np.broadcast_to(values.reshape(full), shape)
