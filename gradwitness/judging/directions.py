"""Directions along which a gradient is checked.

`joint` moves everything, each element in proportion to its own size. Elements of equal value move together: at the tie of a
maximum each element may lie between its one-sided derivatives, and together they may be no gradient of anything.

`even` moves all elements of an array by about the same distance, so that an error of a given size is seen alike in each. Arrays
are weighted such that their largest gradients contribute alike. Signs are balanced: what the claimed gradient contributes cancels
but for about one element's share, and with it the rounding of a constant factor.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gradwitness.arrays import Array

SPAN, SWEEPS = 8.0, 3
"""Largest over smallest contribution of the arrays that move in one direction; more if that would take more than SWEEPS."""
UNEVEN = 16.0
"""An element moves by at most so many times its own size, and at least by this share of it."""


@dataclass(frozen=True)
class Direction:
    """A direction, one array for each differentiated one.

    balanced   whether the claimed gradient's contributions cancel but for about one
    """

    parts: tuple[Array, ...]
    about: str
    balanced: bool = False

    def of(self, gradients: Sequence[Array]) -> np.longdouble:
        """The inner product with arrays of the same shapes, in longdouble."""
        products = (
            (np.asarray(p, np.longdouble) * np.where(p != 0, g, 0)).sum() for p, g in zip(self.parts, gradients, strict=True)
        )
        return np.longdouble(sum(products, np.longdouble(0)))

    def within(self, masks: Sequence[Array]) -> Direction:
        """The same direction for some elements alone."""
        return Direction(tuple(np.where(m, p, 0) for p, m in zip(self.parts, masks, strict=True)), self.about, self.balanced)

    @property
    def size(self) -> int:
        """How many elements it moves."""
        return sum(int(np.count_nonzero(part)) for part in self.parts)


def joint(scales: Sequence[Array], arrays: Sequence[Array], rng: np.random.Generator) -> Direction:
    """All elements at once, each by its own scale; those of equal value in an array move together."""
    parts = []
    for scale, array in zip(scales, arrays, strict=True):
        _, which = np.unique(array, return_inverse=True)
        count = int(which.max()) + 1 if which.size else 0
        weights = rng.choice([-1.0, 1.0], size=count) * rng.uniform(0.5, 1.0, size=count)
        parts.append(scale * weights[which].reshape(array.shape))
    return Direction(tuple(parts), "all elements")


def even(
    claims: Sequence[Array], scales: Sequence[Array], remaining: Sequence[Array], rng: np.random.Generator
) -> Direction | None:
    """A direction for the arrays that contribute most among the remaining elements (masks); None where nothing remains."""
    moves = [np.where(mask, _even(scale), 0) for scale, mask in zip(scales, remaining, strict=True)]
    contributions = [_largest(np.abs(claim) * move) for claim, move in zip(claims, moves, strict=True)]
    positive = [c for c in contributions if c > 0]
    most = max(positive, default=0.0)
    span = max(SPAN, (most / min(positive)) ** (1 / SWEEPS)) if positive else 1.0
    taken = [c > most / span or (c == 0 and bool(move.any())) for c, move in zip(contributions, moves, strict=True)]
    if not any(taken):
        return None
    least = min((c for c, take in zip(contributions, taken, strict=True) if take and c > 0), default=0.0)
    parts = [
        move * (take * (least / c if c > 0 else 1.0)) * _balanced(claim, move, rng)
        for claim, move, c, take in zip(claims, moves, contributions, taken, strict=True)
    ]
    return Direction(tuple(np.asarray(part) for part in parts), "all elements alike", balanced=True)


def likely(array: Array) -> Array:
    """The elements that may lie at a kink, as a mask: zeros, and values that tie."""
    _, inverse, count = np.unique(array, return_inverse=True, return_counts=True)
    return np.asarray((array == 0) | (count[inverse].reshape(array.shape) > 1))


def _even(scale: Array) -> Array:
    """The same distance for all elements of an array, as far as their own sizes allow."""
    positive = scale[scale > 0]
    common = np.exp(np.mean(np.log(positive))) if positive.size else 1.0
    return np.where(scale > 0, np.clip(common, scale / UNEVEN, scale * UNEVEN), 0)


def _balanced(claim: Array, move: Array, rng: np.random.Generator) -> Array:
    """Weights of 0.8 to 1 whose signs make the contributions of the claim cancel, the larger ones in pairs."""
    weights = rng.uniform(0.8, 1.0, size=claim.size)
    flat = np.ravel(claim * move)
    order = rng.permutation(flat.size)
    order = order[np.argsort(-np.abs(flat[order]), kind="stable")]
    signs = np.where(np.arange(flat.size) % 2, -1.0, 1.0)
    signs[1::2] = -signs[0::2][: signs[1::2].size] * 1.0
    flip = np.repeat(rng.choice([-1.0, 1.0], size=(flat.size + 1) // 2), 2)[: flat.size]
    signs = signs * flip
    weights[order] *= signs * np.where(flat[order] < 0, -1.0, 1.0)
    return weights.reshape(claim.shape)


def _largest(values: Array) -> float:
    return float(np.max(values, initial=0.0))
