"""The random roundings of one run, inside a graph."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import tensorflow as tf

from gradwitness.rounding.framework import Counting
from gradwitness.rounding.widths import Width

GOLDEN, MIXING = 0x9E3779B9, 0x85EBCA6B
"""Odd constants that spread consecutive numbers over 32 bits."""


AXES = 8
"""Tensors with more axes are not broadcast by every kernel."""


def is_floating(dtype: Any) -> bool:
    """Whether a dtype is real floating or complex."""
    return bool(dtype.is_floating or dtype.is_complex)


def wide(tensor: Any) -> Any:
    """A tensor in float64 or complex128, if it is floating; unchanged otherwise."""
    if not is_floating(tensor.dtype):
        return tensor
    return tf.cast(tensor, tf.complex128 if tensor.dtype.is_complex else tf.float64)


def whole(value: Any, largest: float) -> Any:
    """Which elements are whole numbers, up to the largest below which a dtype holds them all. Arithmetic on them is exact. A
    count that is kept in floats must not become 2.9999999, because it may be cast to an integer.
    """
    return tf.logical_and(tf.equal(value, tf.floor(value)), tf.abs(value) <= largest)


def _row(value: Any) -> Any:
    """A tensor with its elements in one row; what has no axes as it is."""
    return tf.reshape(value, [-1]) if tf.is_tensor(value) and value.shape.rank else value


class Noise(Counting):
    """The random roundings of one run: stretches of a pool of random numbers that the graph is called with.

    pool     numbers from -1 to 1, times the magnification; zeros for the run that rounds nothing
    step     the iteration of the loops around it, a tensor of int64
    places   counts the operations in the graph
    finer    constants of the graph that are rounded numbers of its source: see constants.py
    """

    def inside(self, iteration: Any) -> Noise:
        """The noise of an iteration of a loop."""
        step = (self.step + 1) * MIXING % 2**32 + tf.cast(iteration, tf.int64)
        return Noise(self.pool, step, self.places, self.finer, self.most)

    def round(self, value: Any, error: Any, smallest: float = 0.0, exact: Any = None, largest: float = -1.0) -> Any:
        """The value with a random relative error of up to `error` in each element. Zeros, infinities and nan do not change.

        smallest   an element may be off by half of it, but no further than to zero: it underflows
        exact      which elements do not change
        largest    whole numbers up to this one do not change: see `whole`
        """
        if not is_floating(value.dtype):
            return value
        if (value.shape.rank or 0) > AXES:
            return tf.reshape(self.round(_row(value), _row(error), smallest, _row(exact), largest), tf.shape(value))
        if value.dtype.is_complex:  # each part is off by up to `error` of the absolute value
            size = tf.abs(value)
            parts = [tf.where(tf.math.is_finite(size), self.round(size, error, smallest) - size, 0) for _ in range(2)]
            return value + tf.complex(*parts)
        place = tf.constant(next(self.places) * GOLDEN % 2**32, tf.int64) + self.step * 7919
        known = tf.constant(False) if exact is None else exact
        limits = [tf.constant(limit, tf.float64) for limit in (smallest, largest)]
        (rounded,) = _program()(value, tf.cast(error, tf.float64), known, *limits, self.pool, place)
        rounded.set_shape(value.shape)
        return rounded

    def constant(self, value: Any, precision: Width) -> Any:
        """A number of the source, off by a rounding."""
        return self.round(wide(tf.constant(value)), precision.of_constant(value))


@cache
def _program() -> Any:
    """How a tensor is rounded. It is one function of the graph, for graphs of hundreds of roundings take long to build."""
    real, any_shape = tf.TensorSpec(None, tf.float64), tf.TensorSpec(None, tf.bool)
    number, whole_number = tf.TensorSpec([], tf.float64), tf.TensorSpec([], tf.int64)
    signature = [real, real, any_shape, number, number, tf.TensorSpec([None], tf.float32), whole_number]

    @tf.function(autograph=False, input_signature=signature)
    def rounded(value: Any, error: Any, exact: Any, smallest: Any, largest: Any, pool: Any, place: Any) -> list[Any]:
        size = tf.size(value, tf.int64)
        start = place % (tf.size(pool, tf.int64) - size)
        stretch = tf.cast(tf.reshape(pool[start : start + size], tf.shape(value)), tf.float64)
        zero = tf.zeros_like(value)
        lost = tf.where(tf.equal(value, 0), zero, tf.minimum(smallest / 2 / tf.abs(value), 1))
        relative = tf.maximum(lost, error) * stretch
        return [value * (1 + tf.where(tf.logical_or(exact, whole(value, largest)), zero, relative))]

    with tf.init_scope():
        return rounded.get_concrete_function()


def pool(seed: int, sample: int, magnified: float, largest: int) -> Any:
    """The pool of a run. largest is the number of elements of the largest tensor of the graph."""
    size = max(2**16, 2 * largest)
    return np.random.default_rng((seed, sample)).uniform(-magnified, magnified, size).astype(np.float32)
