"""A user's function at one point: F(x) = <cotangent, forward(x)>, the gradient that is claimed, and its rounding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from gradwitness.arrays import Array
from gradwitness.subjects.errors import UserError
from gradwitness.subjects.function import Call, Function
from gradwitness.subjects.state import State
from gradwitness.verdict import K

JITTERS = 3
"""Runs of backward at inputs that are moved by up to one unit roundoff: how far rounding may carry a gradient."""


@dataclass(frozen=True)
class Claim:
    """One gradient that the user's backward returns, and how far rounding may have carried each of its elements."""

    name: str
    value: Array
    slack: Array


class Point:
    """A function at a point.

    dtype      in which it is evaluated: float64, or longdouble for code that keeps it
    arrays     the differentiated arrays in dtype
    douts      the cotangents, random normal numbers that float64 holds
    why        why it is not evaluated in longdouble; empty where it is
    noise      of one value, measured
    """

    why = ""
    noise = 0.0

    def __init__(self, function: Function, seed: int, state: State, dtype: Any = np.float64) -> None:
        self.function, self.seed, self.state, self.dtype = function, seed, state, np.dtype(dtype)
        self.arrays: list[Array] = [leaf.array.astype(self.dtype) for leaf in function.leaves]
        self.evaluations = 0
        call = self.call(self.arrays)
        rng = np.random.default_rng((seed, 1))
        self.out_names = call.out_names
        self.outs = [np.asarray(out) for out in call.outs]
        self.douts = [np.asarray(rng.normal(size=out.shape)).astype(self.dtype) for out in self.outs]
        self.value, self.size = self._contracted(call.outs)

    def call(self, arrays: Sequence[Any]) -> Call:
        """One call of forward, from the state in which the user's objects came."""
        self.evaluations += 1
        self.state.restore()
        with np.errstate(all="ignore"):
            return self.function.forward([np.array(array) for array in arrays])

    def gradients(self, arrays: Sequence[Any]) -> list[Any]:
        """One call of forward and backward."""
        self.evaluations += 1
        call = self.call(arrays)
        with np.errstate(all="ignore"):
            return call.backward([dout.copy() for dout in self.douts])

    def moved(self, step: float, directions: Sequence[Array]) -> list[Array]:
        """The arrays, moved; what is really reached is what counts, not what was asked for."""
        asked = [array + step * direction for array, direction in zip(self.arrays, directions, strict=True)]
        return self.function.reached(asked)

    def at(self, arrays: Sequence[Array]) -> tuple[np.longdouble, np.longdouble]:
        """F, and the size of the terms that it is summed from; nan where forward raises: a step that was not taken."""
        try:
            return self._contracted(self.call(arrays).outs)
        except (UserError, ArithmeticError):
            return np.longdouble(np.nan), np.longdouble(np.nan)

    def _contracted(self, outs: Sequence[Any]) -> tuple[np.longdouble, np.longdouble]:
        shapes = [np.shape(out) for out in outs]
        if shapes != [dout.shape for dout in self.douts]:
            return np.longdouble(np.nan), np.longdouble(np.nan)
        products = [np.asarray(out, np.longdouble) * dout for out, dout in zip(outs, self.douts, strict=True)]
        with np.errstate(invalid="ignore"):
            value = sum((product.sum() for product in products), np.longdouble(0))
            size = sum((np.abs(product).sum() for product in products), np.longdouble(0))
        return np.longdouble(value), np.longdouble(size)

    @cached_property
    def claims(self) -> list[Claim | None]:
        """The user's gradients; None for one that was not returned.

        Rounding is that of float64 in any dtype: the constants in the code are no better.
        """
        returned = self.gradients(self.arrays)
        values = [None if g is None else np.asarray(g).astype(self.dtype) for g in returned]
        squares = [np.zeros(array.shape) for array in self.arrays]
        rng = np.random.default_rng((self.seed, 5))
        for _ in range(JITTERS):
            jittered = [a * (1 + np.finfo(np.float64).eps * (rng.random(a.shape) - 0.5)) for a in self.arrays]
            for i, (value, other) in enumerate(zip(values, self._again(jittered), strict=True)):
                if value is not None and other is not None and np.shape(other) == squares[i].shape == value.shape:
                    with np.errstate(invalid="ignore"):
                        difference = np.where(np.isfinite(value), np.asarray(other) - value, 0)
                    squares[i] += np.nan_to_num(difference) ** 2
        return [
            None if value is None else Claim(f"d{leaf.name}", value, _slack(square / JITTERS, value))
            for leaf, value, square in zip(self.function.leaves, values, squares, strict=True)
        ]

    def _again(self, arrays: Sequence[Array]) -> list[Any]:
        try:
            return self.gradients(arrays)
        except UserError:
            return [None] * len(arrays)

    @cached_property
    def scales(self) -> list[Array]:
        """A first step for each element: its own size, or that of its array where it is zero; 1 where all is zero."""
        return [_scale(array) for array in self.arrays]


def _slack(mean_square: Array, value: Array) -> Array:
    """What rounding may do to each element: its own deviation and its array's, and the last digit in any case."""
    if mean_square.shape != value.shape:
        return np.zeros(value.shape)  # a gradient of another shape is no gradient
    over_array = mean_square.mean() if mean_square.size else 0.0
    roundoff = np.finfo(np.float64).eps / 2 * np.abs(np.nan_to_num(value))
    return np.asarray(K * (np.sqrt(mean_square + over_array) + roundoff))


def _scale(array: Array) -> Array:
    own = np.abs(array)
    finite = own[np.isfinite(own) & (own > 0)]
    common = float(np.exp(np.mean(np.log(finite)))) if finite.size else 1.0
    return np.where(np.isfinite(own) & (own > 0), own, common)
