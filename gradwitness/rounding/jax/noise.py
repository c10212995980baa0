"""The random roundings of one run, inside a compiled program."""

from __future__ import annotations

from math import prod
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from gradwitness.rounding.framework import Counting
from gradwitness.rounding.widths import Width

GOLDEN, MIXING = 0x9E3779B9, 0x85EBCA6B
"""Odd constants that spread consecutive numbers over 32 bits."""


def is_floating(dtype: Any) -> bool:
    """Whether a dtype is real floating or complex; random keys have dtypes of their own."""
    return jax.dtypes.issubdtype(dtype, np.inexact)


def wide(value: Any) -> Any:
    """An array in float64 or complex128, if it is floating; unchanged otherwise."""
    dtype = getattr(value, "dtype", None) or np.asarray(value).dtype
    if not is_floating(dtype):
        return value
    return jnp.asarray(value).astype(np.complex128 if jax.dtypes.issubdtype(dtype, np.complexfloating) else np.float64)


def whole(value: Any, largest: float) -> Any:
    """Which elements are whole numbers, up to the largest below which a dtype holds them all. Arithmetic on them is exact. A
    count that is kept in floats must not become 2.9999999, because it may be cast to an integer.
    """
    return (value == jnp.trunc(value)) & (jnp.abs(value) <= largest)


class Noise(Counting):
    """The random roundings of one run: stretches of a pool of random numbers that the program is called with.

    pool     numbers from -1 to 1, times the magnification; zeros for the run that rounds nothing
    step     the iteration of the loops around it, a traced integer
    places   counts the operations in the program
    finer    constants of the program that are rounded numbers of its source: see constants.py
    """

    def inside(self, iteration: Any) -> Noise:
        """The noise of an iteration of a loop."""
        step = (self.step + 1) * np.uint32(MIXING) + iteration.astype(jnp.uint32)
        return Noise(self.pool, step, self.places, self.finer, self.most)

    def round(self, value: Any, error: Any, smallest: float = 0.0, exact: Any = False) -> Any:
        """The value with a random relative error of up to `error` in each element. Zeros, infinities and nan do not change.

        smallest   an element may be off by half of it, but no further than to zero: it underflows
        exact      which elements do not change
        """
        if not value.size or not is_floating(value.dtype):
            return value
        if jnp.iscomplexobj(value):  # each part is off by up to `error` of the absolute value
            size = jnp.abs(value)
            parts = [jnp.where(jnp.isfinite(size), self.round(size, error, smallest) - size, 0) for _ in range(2)]
            return value + lax.complex(*parts)
        if smallest:
            error = jnp.maximum(jnp.minimum(smallest / 2 / jnp.abs(value), 1), error)
        return value * (1 + jnp.where(exact, 0, error * self._stretch(value.shape)))

    def constant(self, value: Any, precision: Width) -> Any:
        """A number of the source, off by a rounding."""
        return self.round(wide(value), precision.of_constant(value))

    def _stretch(self, shape: tuple[int, ...]) -> Any:
        """Random numbers for the elements of an array, from a place in the pool that belongs to the operation."""
        size = prod(shape)
        start = (np.uint32(next(self.places) * GOLDEN % 2**32) ^ jnp.asarray(self.step, jnp.uint32)) % np.uint32(
            self.pool.size - size
        )
        return lax.dynamic_slice(self.pool, (start,), (size,)).reshape(shape).astype(jnp.float64)


def pool(seed: int, sample: int, magnified: float, largest: int) -> Any:
    """The pool of a run. largest is the number of elements of the largest array of the program."""
    size = max(2**16, 2 * largest)
    return np.random.default_rng((seed, sample)).uniform(-magnified, magnified, size).astype(np.float32)
