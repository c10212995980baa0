"""A user's function at one point: what forward returns, the gradient that is claimed, and its rounding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from gradwitness.arrays import Array, unit_roundoff
from gradwitness.derivative.difference_table import POINTS, of_two
from gradwitness.subjects.errors import UserError
from gradwitness.subjects.function import Call, Function
from gradwitness.subjects.state import State
from gradwitness.subjects.trace import Narrow, narrowest

EPS = float(np.finfo(np.float64).eps)
JITTERS = (1.0, 1.0)
"""Sizes of random relative moves of inputs and cotangents, in units of eps: how far rounding may carry a gradient."""
BESIDE = 2.0**8
"""How far beside the point rounding itself is seen, in eps."""
TYPICAL = 16.0
"""Units of eps: no element has more than that for others' sake."""
LITTLE = 1 / 8
"""Of what is usual in an array: the least first step of an element. The steps of all are shortened until the function bends for
none of them."""
SMALL = 2.0**-6
"""A jitter that float64 does not see."""
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


class Point:
    """A function at a point.

    dtype      in which it is evaluated: float64, or longdouble for code that keeps it
    arrays     the differentiated arrays in dtype
    douts      the cotangents, random normal numbers that float64 holds
    why        why it is not evaluated in longdouble; empty where it is
    noise      of one value, measured, as a standard deviation
    narrow     what narrower than float64 forward computes in inside, if that was looked for and found
    flat       what forward returns, as one row in longdouble; weights: the cotangents likewise
    """

    why = ""
    noise = 0.0
    narrow: Narrow | None = None

    def __init__(self, function: Function, seed: int, state: State, dtype: Any = np.float64) -> None:
        self.function, self.seed, self.state, self.dtype = function, seed, state, np.dtype(dtype)
        self.arrays: list[Array] = [leaf.array.astype(self.dtype) for leaf in function.leaves]
        self.evaluations = 0
        call = self.call(self.arrays)
        rng = np.random.default_rng((seed, 1))
        self.out_names = call.out_names
        self.outs = [np.asarray(out) for out in call.outs]
        self.douts = [np.asarray(rng.normal(size=out.shape)).astype(self.dtype) for out in self.outs]
        self.flat, self.weights = _row(self.outs), _row(self.douts)

    @property
    def size(self) -> np.longdouble:
        """The size of the terms that the value is summed from."""
        with np.errstate(invalid="ignore"):
            return np.longdouble(np.abs(self.flat * self.weights).sum())

    @property
    def value(self) -> np.longdouble:
        """<cotangent, forward>."""
        with np.errstate(invalid="ignore"):
            return np.longdouble((self.flat * self.weights).sum())

    def call(self, arrays: Sequence[Any]) -> Call:
        """One call of forward, from the state in which the user's objects came."""
        self.evaluations += 1
        self.state.restore()
        with np.errstate(all="ignore"):
            return self.function.forward([np.array(array) for array in arrays])

    def gradients(self, arrays: Sequence[Any], douts: Sequence[Array] | None = None) -> list[Any]:
        """One call of forward and backward."""
        call = self.call(arrays)
        self.evaluations += 1
        with np.errstate(all="ignore"):
            return call.backward([dout.copy() for dout in (self.douts if douts is None else douts)])

    def narrowest(self) -> Narrow | None:
        """Look for it. Three evaluations."""
        if self.narrow is None:
            returned = max((out.dtype for out in self.outs), key=unit_roundoff)
            roundoff = unit_roundoff(returned)
            self.state.restore()
            self.evaluations += 1
            self.narrow = narrowest(self.call, self.arrays, self.function.forward)
            if roundoff > max(unit_roundoff(np.float64), self.narrow.roundoff if self.narrow else 0):
                self.narrow = Narrow(str(returned), roundoff, f"it returns {returned}")
        return self.narrow

    def moved(self, step: float, directions: Sequence[Array]) -> list[Array]:
        """The arrays, moved; what is really reached is what counts, not what was asked for."""
        asked = [np.asarray(array + step * direction) for array, direction in zip(self.arrays, directions, strict=True)]
        return self.function.reached(asked)

    def at(self, arrays: Sequence[Array]) -> Array:
        """What forward returns, as one row; nan where it raises, or returns other shapes: a step that was not taken."""
        try:
            outs = self.call(arrays).outs
        except (UserError, ArithmeticError):
            return np.full_like(self.flat, np.nan)
        same = [np.shape(out) for out in outs] == [out.shape for out in self.outs]
        return _row(outs) if same else np.full_like(self.flat, np.nan)

    @cached_property
    def claims(self) -> list[Claim | None]:
        """The user's gradients; None for one that was not returned.

        Rounding is that of float64 in any dtype: the constants in the code are no better.
        """
        values = [None if g is None else np.asarray(g).astype(self.dtype) for g in self.gradients(self.arrays)]
        rng = np.random.default_rng((self.seed, 5))
        sizes = JITTERS if self.dtype == np.float64 else (*JITTERS[:1], SMALL)
        changes = [self._changes(values, rng, size) for size in sizes]
        narrow = self._changes(values) if self.dtype != np.float64 else [np.zeros(())] * len(values)
        return [
            None
            if value is None
            else _claim(f"d{leaf.name}", value, [change[i] for change in changes], narrow[i], self.function.eps)
            for i, (leaf, value) in enumerate(zip(self.function.leaves, values, strict=True))
        ]

    def _changes(self, values: Sequence[Array | None], rng: np.random.Generator | None = None, size: float = 1.0) -> list[Array]:
        """What a jitter changes in each gradient, in units of the jitter; without random numbers, what float64 changes."""

        def changed(array: Array) -> Array:
            if rng is None:
                return array.astype(np.float64)
            return np.asarray(array * (1 + np.longdouble(size * self.function.eps) * _tied(array, rng))).astype(array.dtype)

        try:
            others = self.gradients([changed(a) for a in self.arrays], [changed(dout) for dout in self.douts])
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

    def noise_of_gradients(self, directions: Sequence[Array], spacings: tuple[float, float]) -> list[Array]:
        """The noise of each element of each gradient, from difference tables along a direction; 0 where they show none.

        spacings   of two tables, the nearer one first
        """
        near, far = [self._gradients_along(directions, spacing) for spacing in spacings]
        with np.errstate(invalid="ignore"):
            noise = of_two(near, far)
        ends = np.cumsum([array.size for array in self.arrays])[:-1]
        return [part.reshape(array.shape) for part, array in zip(np.split(noise, ends), self.arrays, strict=True)]

    def _gradients_along(self, directions: Sequence[Array], spacing: float) -> Array:
        """The gradients as one row, at each point of a table; nan where backward raises, or returns other shapes."""
        rows = []
        for j in POINTS:
            try:
                gradients = self.gradients(self.moved(j * spacing, directions))
            except UserError:
                gradients = [None] * len(self.arrays)
            fits = [g is not None and np.shape(g) == a.shape for g, a in zip(gradients, self.arrays, strict=True)]
            rows.append(
                _row([g if fit else np.full(a.shape, np.nan) for g, a, fit in zip(gradients, self.arrays, fits, strict=True)])
            )
        return np.stack(rows)

    def rounding(self, runs: int) -> list[Array]:
        """What float64 does to each gradient, from runs in float64 and in longdouble beside the point; 0 where that says nothing.

        Moved inputs do not show it where / sqrt(3) in forward is * (1 / sqrt(3)) in backward: both move alike.
        """
        squares = [np.zeros(array.shape) for array in self.arrays]
        rng = np.random.default_rng((self.seed, 9))

        def beside(array: Array) -> Array:
            return np.asarray(array * (1 + BESIDE * EPS * _tied(array, rng))).astype(np.float64)

        for _ in range(runs if self.dtype != np.float64 else 0):
            arrays, douts = [beside(array) for array in self.arrays], [beside(dout) for dout in self.douts]
            try:
                narrow = self.gradients(arrays, douts)
                wide = self.gradients([a.astype(self.dtype) for a in arrays], [d.astype(self.dtype) for d in douts])
            except UserError:
                continue
            for i, (one, other) in enumerate(zip(narrow, wide, strict=True)):
                if one is not None and other is not None and np.shape(one) == np.shape(other) == squares[i].shape:
                    with np.errstate(invalid="ignore", over="ignore"):
                        squares[i] += np.nan_to_num(np.square(np.asarray(one, np.longdouble) - other)).astype(np.float64) / runs
        return [np.sqrt(square) for square in squares]

    @cached_property
    def scales(self) -> list[Array]:
        """A first step for each element: its own size, or that of its array where it is zero; 1 where all is zero."""
        return [_scale(array) for array in self.arrays]


def _tied(array: Array, rng: np.random.Generator) -> Array:
    """Random numbers from -1/2 to 1/2, the same for equal values: what is tied stays tied."""
    values, which = np.unique(array, return_inverse=True)
    return (rng.random(values.size) - 0.5)[which.ravel()].reshape(array.shape)


def _row(arrays: Sequence[Any]) -> Array:
    rows = [np.ravel(np.asarray(array, np.longdouble)) for array in arrays]
    return np.concatenate(rows) if rows else np.zeros(0, np.longdouble)


def _claim(name: str, value: Array, changes: Sequence[Array], narrow: Array, eps: float) -> Claim:
    """What rounding may do to each element: its own deviation, or its array's where that is larger, and the last digit.

    changes   what jitters change; in a wide dtype the last of them is so small that float64 does not see it
    narrow    what float64 changes
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
    return Claim(name, value, np.asarray(np.maximum(own, typical * size) + eps / 2 * size), detour)


def _scale(array: Array) -> Array:
    own = np.abs(array)
    finite = own[np.isfinite(own) & (own > 0)]
    common = float(np.exp(np.mean(np.log(finite)))) if finite.size else 1.0
    return np.where(np.isfinite(own) & (own > 0), np.maximum(own, common * LITTLE), common)
