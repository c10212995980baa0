"""Directions along which a gradient is checked.

A direction sees each element in proportion to its gradient times its step. One that moves all elements alike sees the largest
alone: of a thousand entries from 1e-8 to 1 the small ones could be anything. So elements are grouped by the size of what they
contribute, and within a group steps are made such that all contribute alike, with random signs and weights.

Elements of equal value are moved together in one more direction: at the tie of a maximum each element may lie between its
one-sided derivatives, and together they may be no gradient of anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gradwitness.arrays import Array

SPAN = 1e3
"""Largest over smallest contribution in a group."""
GROUPS = 6


@dataclass(frozen=True)
class Direction:
    """A direction, one array for each differentiated one, and a mask of the elements that it moves."""

    parts: tuple[Array, ...]
    about: str

    def of(self, gradients: Sequence[Array]) -> np.longdouble:
        """The inner product with arrays of the same shapes, in longdouble."""
        products = (
            (np.asarray(p, np.longdouble) * np.where(p != 0, g, 0)).sum() for p, g in zip(self.parts, gradients, strict=True)
        )
        return np.longdouble(sum(products, np.longdouble(0)))

    def within(self, masks: Sequence[Array]) -> Direction:
        """The same direction for some elements alone."""
        return Direction(tuple(np.where(m, p, 0) for p, m in zip(self.parts, masks, strict=True)), self.about)


def joint(scales: Sequence[Array], arrays: Sequence[Array], rng: np.random.Generator) -> Direction:
    """All elements at once, each by its own scale; those of equal value in an array move together."""
    parts = []
    for scale, array in zip(scales, arrays, strict=True):
        _, which = np.unique(array, return_inverse=True)
        weights = _weights(rng, (int(which.max()) + 1 if which.size else 0,))
        parts.append(scale * weights[which].reshape(array.shape))
    return Direction(tuple(parts), "all elements")


def groups(claims: Sequence[Array], scales: Sequence[Array], rng: np.random.Generator) -> list[Direction]:
    """Directions for elements whose contributions are of like size, the largest first; those that claim zero come last."""
    contributions = [np.asarray(np.abs(np.nan_to_num(c)) * s, np.float64) for c, s in zip(claims, scales, strict=True)]
    everything = np.concatenate([c.ravel() for c in contributions]) if contributions else np.zeros(0)
    positive = everything[everything > 0]
    directions = []
    for low, high in _bands(positive):
        masks = [(c > low) & (c <= high) for c in contributions]
        smallest = min(float(c[m].min()) for c, m in zip(contributions, masks, strict=True) if m.any())
        with np.errstate(divide="ignore", invalid="ignore"):
            parts = [np.where(m, s * smallest / c, 0) for c, s, m in zip(contributions, scales, masks, strict=True)]
        directions.append(Direction(tuple(p * _weights(rng, p.shape) for p in parts), f"contributions from {smallest:.1g}"))
    if (everything == 0).any():
        parts = [np.where(c == 0, s, 0) * _weights(rng, s.shape) for c, s in zip(contributions, scales, strict=True)]
        directions.append(Direction(tuple(parts), "elements that claim zero"))
    return directions


def _bands(positive: Array) -> list[tuple[float, float]]:
    """Bounds of at most GROUPS groups, each within SPAN; the last takes all that is smaller."""
    bands: list[tuple[float, float]] = []
    high = float(positive.max()) if positive.size else 0.0
    while high > 0 and len(bands) < GROUPS:
        low = 0.0 if len(bands) == GROUPS - 1 else high / SPAN
        bands.append((low, high))
        below = positive[positive <= low]
        high = float(below.max()) if below.size else 0.0
    return bands


def _weights(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Random signs, and sizes from 1/2 to 1: two wrong elements do not cancel."""
    return np.asarray(rng.choice([-1.0, 1.0], size=shape) * rng.uniform(0.5, 1.0, size=shape))
