"""Along which axes a function may normalise, and with which epsilon."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import numpy as np

from gradwitness.diagnosis.case import Case

EPSILONS = (0.0, 1e-5, 1e-6, 1e-8, 1e-3, 1e-12)
"""Usual ones."""


def groupings(case: Case) -> Iterator[tuple[tuple[int, ...], tuple[int, ...], str]]:
    """Shapes and axes along which statistics may be taken: any axes, and groups of channels."""
    shape = case.array.shape
    for count in range(1, len(shape) + 1):
        for axes in combinations(range(len(shape)), count):
            yield shape, axes, (f"along axis {axes[0]}" if count == 1 else f"along axes {', '.join(map(str, axes))}")
    for name, value in case.known.items():
        if (
            value.ndim == 0
            and value.dtype.kind in "iu"
            and len(shape) > 1
            and 1 < value <= shape[1]
            and shape[1] % int(value) == 0
        ):
            size = int(np.prod(shape)) // (shape[0] * int(value))
            yield (shape[0], int(value), size), (2,), f"in {int(value)} {name}"


def epsilons(case: Case) -> list[float]:
    """Those that the user's code names; else the usual ones."""
    named = [float(v.reshape(())) for n, v in case.known.items() if n.startswith("eps") and v.size == 1]
    return named or list(EPSILONS)
