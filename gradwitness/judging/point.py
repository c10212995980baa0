"""A user's function at one point: what forward returns, the gradient that is claimed, and its rounding."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, Literal

import numpy as np

from gradwitness.arrays import Array, unit_roundoff
from gradwitness.judging.claims import Claim, claims_of, row
from gradwitness.subjects.errors import UserError
from gradwitness.subjects.function import Call, Function
from gradwitness.subjects.state import State
from gradwitness.subjects.trace import Narrow, narrowest

LITTLE = 1 / 8
"""Of what is usual in an array: the least first step of an element. The steps of all are shortened until the function bends for
none of them."""
FLOAT32 = float(np.finfo(np.float32).eps)
"""A function that computes in it hides small steps in its noise. There no step is longer than its element: on its way it would
meet a kink at 0, and it cannot be shortened.
"""


class Point:
    """A function at a point.

    dtype      in which it is evaluated: float64, or longdouble for code that keeps it
    arrays     the differentiated arrays in dtype
    douts      the cotangents, random normal numbers that float64 holds; 1 for a loss that comes with its gradients
    why        why it is not evaluated in longdouble; empty where it is
    noise      of one value, measured, as a standard deviation
    constant   whether outputs were left out, and were the same at other points; False before another point was tried
    narrow     what narrower than float64 forward computes in inside, if that was looked for and found
    flat       what forward returns, as one row in longdouble; weights: the cotangents likewise. Both are 0 for outputs that are
               left out: infinite ones, as those of a causal mask, beside finite ones. At other points they have to be the same
    """

    why = ""
    noise = 0.0
    narrow: Narrow | None = None
    constant = False

    def __init__(self, function: Function, seed: int, state: State, dtype: Any = np.float64) -> None:
        self.function, self.seed, self.state, self.dtype = function, seed, state, np.dtype(dtype)
        self.arrays: list[Array] = [leaf.array.astype(self.dtype) for leaf in function.leaves]
        self.evaluations = 0
        call = self.call(self.arrays)
        rng = np.random.default_rng((seed, 1))
        self.out_names = call.out_names
        self.outs = [np.asarray(out) for out in call.outs]
        self._returned, self._tried = row(self.outs), False
        self._infinite = np.isinf(self._returned) & bool(np.isfinite(self._returned).any())
        self.flat = np.where(self._infinite, 0, self._returned)
        drawn = [np.asarray(rng.normal(size=out.shape)) for out in self.outs]
        self.douts = [(np.ones_like(dout) if function.of_a_loss else dout).astype(self.dtype) for dout in drawn]
        if self._infinite.any():
            self.douts = [np.where(np.isinf(out), 0, dout) for out, dout in zip(self.outs, self.douts, strict=True)]
        self.weights = row(self.douts)

    @property
    def finite(self) -> bool:
        """Whether all outputs are finite."""
        return bool(np.isfinite(self._returned).all())

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

    def call(self, arrays: Sequence[Any], invalid: Literal["ignore", "raise"] = "ignore") -> Call:
        """One call of forward, from the state in which the user's objects came.

        invalid   what NumPy does where forward divides by 0 or makes nan
        """
        self.evaluations += 1
        self.state.restore()
        with np.errstate(all="ignore", invalid=invalid, divide=invalid):
            return self.function.forward([np.array(array) for array in arrays])

    def gradients(self, arrays: Sequence[Any], douts: Sequence[Array] | None = None) -> list[Any]:
        """One call of forward and backward."""
        call = self.call(arrays)
        self.evaluations += 1
        with np.errstate(all="ignore"):
            return call.backward([dout.copy() for dout in (self.douts if douts is None else douts)])

    def narrowest(self) -> Narrow | None:
        """Look for it. Three evaluations; none where casts round nothing."""
        if self.narrow is None and not self.function.undone:
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
        return self._without(row(outs)) if same else np.full_like(self.flat, np.nan)

    def _without(self, values: Array) -> Array:
        """A row of outputs without those that are left out; nan where one of them is another one than at the point."""
        if not self._infinite.any():
            return values
        moved = self._infinite & (values != self._returned)
        self.constant, self._tried = not moved.any() and (self.constant or not self._tried), True
        return np.where(moved, np.nan, np.where(self._infinite, 0, values))

    @cached_property
    def claims(self) -> list[Claim | None]:
        """The user's gradients; None for one that was not returned."""
        return claims_of(self)

    @cached_property
    def scales(self) -> list[Array]:
        """A first step for each element: its own size, or that of its array where it is zero; 1 where all is zero.

        It is zero where the element is inf or nan: those cannot be moved.
        """
        return [_scale(array, LITTLE if self.function.eps < FLOAT32 else 0) for array in self.arrays]


def _scale(array: Array, little: float) -> Array:
    own = np.abs(array)
    finite = own[np.isfinite(own) & (own > 0)]
    common = float(np.exp(np.mean(np.log(finite)))) if finite.size else 1.0
    return np.where(np.isfinite(own), np.where(own > 0, np.maximum(own, common * little), common), 0)
