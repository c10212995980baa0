"""The gradients that a user's backward returns at a point, and what rounding to float64 may do to each element of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from gradwitness.arrays import Array
from gradwitness.subjects.errors import UserError
from gradwitness.subjects.function import Call, Function

EPS = float(np.finfo(np.float64).eps)
FURTHER, HIGH = 2.0**10, 2.0**5
"""A larger jitter; and by how much a jump is then smaller, in units of the jitter. Rounding is the same."""
JITTERS = (1.0, 1.0)
"""Sizes of random relative moves of inputs and cotangents, in units of eps: how far rounding may carry a gradient."""
TYPICAL = 16.0
"""Units of eps: no element has more than that for others' sake."""
SMALL = 2.0**-6
"""A jitter that float64 does not see."""
WILD = 2.0**-26
"""Of the largest element: what a jitter of one last digit changes where rounding is hardly the reason."""
REPEATED = 8
"""Calls that must give the same gradient, where one may not."""
DETOUR = 4.0
"""Beyond this ratio a small jitter moves a gradient by more or less than its share: something inside rounds to float64."""


@dataclass(frozen=True)
class Claim:
    """One gradient that the user's backward returns.

    spread   standard deviation, for each element, of what rounding to float64 does to it
    detour   whether backward rounds to float64 on its way, although its inputs are wider
    """

    name: str
    value: Array
    spread: Array
    detour: bool = True


class Evaluated(Protocol):
    """What is asked of a `Point`."""

    function: Function
    seed: int
    dtype: np.dtype[Any]
    arrays: list[Array]
    douts: list[Array]

    def call(self, arrays: Sequence[Any]) -> Call:
        """One call of forward."""

    def gradients(self, arrays: Sequence[Any], douts: Sequence[Array] | None = None) -> list[Any]:
        """One call of forward and backward."""

    def moved(self, step: float, directions: Sequence[Array]) -> list[Array]:
        """The arrays, moved."""


def claims_of(point: Evaluated) -> list[Claim | None]:
    """The user's gradients; None for one that was not returned.

    Rounding is that of float64 in any dtype: the constants in the code are no better.
    """
    came = [None if g is None else np.asarray(g) for g in point.gradients(point.arrays)]
    values = [None if g is None else g.astype(point.dtype) for g in came]
    rng = np.random.default_rng((point.seed, 5))
    sizes = JITTERS if point.dtype == np.float64 else (*JITTERS[:1], SMALL)
    changes = [_beside_jumps(point, values, rng, size) for size in sizes]
    narrow = _changes(point, values) if point.dtype != np.float64 else [np.zeros(())] * len(values)
    if _is_wild(values, [*changes, narrow]) and _is_erratic(point, values):
        narrow, *changes = [[np.zeros(())] * len(values)] * (len(sizes) + 1)  # what changes without a cause is no rounding
    return [
        None
        if value is None
        else _claim(
            f"d{leaf.name}", value, [change[i] for change in changes], narrow[i], _last_digit(came[i], point.function.eps)
        )
        for i, (leaf, value) in enumerate(zip(point.function.leaves, values, strict=True))
    ]


def _last_digit(came: Array | None, eps: float) -> float:
    """The eps that a gradient is rounded to: that of its own dtype, where backward keeps it in a narrower one than its inputs."""
    return max(eps, float(np.finfo(came.dtype).eps)) if came is not None and came.dtype.kind == "f" else eps


def _beside_jumps(point: Evaluated, values: Sequence[Array | None], rng: np.random.Generator, size: float) -> list[Array]:
    """What a jitter changes in each gradient, in units of the jitter.

    At a jump, as of floor(x) where x is whole, a jitter of x may lead to its other side, where another element of a table is
    read. That is no rounding. A jitter that leads upwards, or downwards, stays on the side of the point. Where neither does, as
    beside the kink of |a - b| where a is b, a change that is no larger for a larger jitter is a jump, and no rounding either.
    """
    digits, found = np.sqrt(point.function.eps), _changes(point, values, rng, size)
    for side in (1, -1):
        if not any(_exceeds(change, value, digits) for change, value in zip(found, values, strict=True)):
            break
        others = _changes(point, values, rng, size, side)
        found = [np.where(np.abs(other) < digits * np.abs(f), other, f) for f, other in zip(found, others, strict=True)]
    if any(_exceeds(change, value, digits) for change, value in zip(found, values, strict=True)):
        longer = [_changes(point, values, rng, FURTHER * size) for _ in range(2)]
        stays = [np.abs(f) > HIGH * np.maximum(np.abs(a), np.abs(b)) for f, a, b in zip(found, *longer, strict=True)]
        others = _changes(point, values, rng, size, moved=False)
        found = [
            np.where(jumps & _exceeds(f, value, digits), other, f)
            for f, jumps, other, value in zip(found, stays, others, values, strict=True)
        ]
    return found


def _exceeds(change: Array, value: Array | None, digits: float) -> bool:
    """Whether a jitter of the last digit changes half of the digits of a gradient."""
    if value is None or change.shape != value.shape:
        return False
    return bool(np.max(np.abs(change), initial=0) > digits * np.max(np.abs(value), where=np.isfinite(value), initial=0))


def _changes(
    point: Evaluated,
    values: Sequence[Array | None],
    rng: np.random.Generator | None = None,
    size: float = 1.0,
    side: int = 0,
    moved: bool = True,
) -> list[Array]:
    """What a jitter changes in each gradient, in units of the jitter; without random numbers, what float64 changes.

    side    1 for a jitter to larger numbers alone, -1 for one to smaller ones
    moved   whether the inputs are moved, beside the cotangents
    """

    def changed(array: Array) -> Array:
        if rng is None:
            return array.astype(np.float64)
        moves = jitter(array, rng)
        moves = side * np.abs(moves) * np.sign(array) if side else moves
        return np.asarray(array * (1 + np.longdouble(size * point.function.eps) * moves)).astype(array.dtype)

    try:
        others = point.gradients([changed(a) if moved else a for a in point.arrays], [changed(dout) for dout in point.douts])
    except UserError:
        others = [None] * len(values)
    changes = []
    for value, other in zip(values, others, strict=True):
        if value is None or other is None or np.shape(other) != value.shape:
            changes.append(np.zeros(()))
        else:
            with np.errstate(invalid="ignore"):
                difference = np.asarray(other, np.longdouble) - value
            changes.append(np.where(np.isfinite(difference), difference, 0) / size)
    return changes


def _is_wild(values: Sequence[Array | None], changes: Sequence[Sequence[Array]]) -> bool:
    """Whether a jitter changes a gradient by a share of itself that rounding seldom does."""
    with np.errstate(all="ignore"):
        return any(
            value is not None and bool(np.max(np.abs(each), initial=0) > WILD * np.max(np.abs(value), initial=0))
            for change in changes
            for value, each in zip(values, change, strict=True)
        )


def _is_erratic(point: Evaluated, values: Sequence[Array | None]) -> bool:
    """Whether the same call gives other gradients from time to time. Caches are kept: the next objects lie elsewhere."""
    kept: list[Call] = []
    for _ in range(REPEATED):
        kept.append(point.call(point.arrays))
        with np.errstate(all="ignore"):
            again = kept[-1].backward([dout.copy() for dout in point.douts])
        pairs = [(a, b) for a, b in zip(values, again, strict=True) if a is not None and b is not None]
        if any(not np.array_equal(a, np.asarray(b).astype(a.dtype), equal_nan=True) for a, b in pairs):
            return True
    return False


def jitter(array: Array, rng: np.random.Generator) -> Array:
    """Random numbers from -1/2 to 1/2, the same for equal values: what is tied stays tied."""
    values, which = np.unique(array, return_inverse=True)
    return (rng.random(values.size) - 0.5)[which.ravel()].reshape(array.shape)


def row(arrays: Sequence[Any]) -> Array:
    """Arrays laid in one row, in longdouble."""
    rows = [np.ravel(np.asarray(array, np.longdouble)) for array in arrays]
    return np.concatenate(rows) if rows else np.zeros(0, np.longdouble)


def _claim(name: str, value: Array, changes: Sequence[Array], narrow: Array, eps: float) -> Claim:
    """What rounding may do to each element: its own deviation, or its array's if larger, and in quadrature the last digit.

    changes   what jitters change; in a wide dtype the last of them is so small that float64 does not see it
    narrow    what float64 changes
    eps       of the dtype that it came in, or of the inputs if that is wider
    """
    if any(change.shape not in ((), value.shape) for change in changes):
        return Claim(name, value, np.zeros(value.shape))  # a gradient of another shape is no gradient
    changes = [change + np.zeros(value.shape) for change in changes]
    large, small = [float(np.sqrt(np.mean(np.square(c)))) if c.size else 0.0 for c in (changes[0], changes[-1])]
    with np.errstate(over="ignore"):
        wide = value.dtype != np.float64 and bool((value != value.astype(np.float64)).any())
    detour = not (wide and large / DETOUR <= small <= DETOUR * large)
    kept = changes[:1] if detour and value.dtype != np.float64 else changes
    own = np.fmax(np.sqrt(np.mean(np.square(np.stack(kept)), axis=0)), np.abs(narrow))
    size = np.abs(np.where(np.isfinite(value), value, 0))
    shown = (size > 0) & (own > 0)
    typical = min(float(np.median(own[shown] / size[shown])), TYPICAL * eps) if shown.any() else 0.0
    return Claim(name, value, np.hypot(np.maximum(own, typical * size), eps / 2 * size), detour)
