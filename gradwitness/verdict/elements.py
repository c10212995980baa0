"""Each element of a result by itself: of NumPy's dtypes, of any dtype of a framework, of numerical derivatives."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from gradwitness.arrays import Array
from gradwitness.rounding.arithmetic import Measured
from gradwitness.rounding.widths import Width, width
from gradwitness.verdict.disagreement import Disagreement, outside
from gradwitness.verdict.limits import K, k_of


def judge(gradient: str, actual: Array, expected: Measured, dtype: Any, interval: tuple[Array, Array] | None = None) -> float:
    """Compare one result with the truth. Return the worst distance, in units of its spread.

    actual      the result of a framework, as a NumPy array
    expected    truth and spread, from `arithmetic.measure`
    dtype       the dtype under test, which actual must have
    interval    lower and upper bounds of the truth, if a kink makes the gradient a set

    Where the truth is nan, actual must be nan. Where the truth overflows dtype, actual must be the infinity of its sign.
    Underflow is rounding: a result may be off by one smallest number of dtype (`_smallest`), in addition to K units. A wrong
    gradient of ordinary size is off by far more.

    Raises Disagreement for a wrong dtype or shape, for nan or inf where the truth is finite, and for more than K units.
    """
    actual = np.asarray(actual)
    if actual.dtype != np.dtype(dtype):
        raise Disagreement(gradient, reason=f"dtype is {actual.dtype}; wanted {np.dtype(dtype)}")
    if actual.shape != expected.truth.shape:
        raise Disagreement(gradient, reason=f"shape is {actual.shape}; wanted {expected.truth.shape}")
    low, high = interval or (expected.truth, expected.truth)
    largest = np.finfo(dtype).max
    overflows = np.abs(expected.truth) > largest
    low, high = (np.where(overflows, np.copysign(np.inf, bound), bound) for bound in (low, high))
    return _worst(gradient, actual, low, high, K * expected.spread, K, underflow=_smallest(dtype))


def judge_values(
    gradient: str, values: Array, expected: Measured, dtype: Any, interval: tuple[Array, Array] | None = None
) -> float:
    """Compare one result of a framework with the truth, as `judge` does, for any dtype that a framework has.

    values      the result, in float64: NumPy need not know the dtype
    dtype       the dtype under test, or its name

    Where rounding may move the truth beyond the largest number of dtype, infinity agrees, and so does what is finite.

    Raises Disagreement as `judge` does.
    """
    values, precision = np.asarray(values), width(dtype)
    if values.shape != expected.truth.shape:
        raise Disagreement(gradient, reason=f"shape is {values.shape}; wanted {expected.truth.shape}")
    k = k_of(dtype)
    bounds = [_overflowing(bound, k * expected.spread, precision) for bound in interval or (expected.truth,)]
    low, high = np.minimum(bounds[0][0], bounds[-1][0]), np.maximum(bounds[0][1], bounds[-1][1])
    return _worst(gradient, values, low, high, k * expected.spread, k, underflow=precision.kept)


def _overflowing(bound: Array, allowance: Array, precision: Width) -> tuple[Array, Array]:
    """The least and the greatest number of a dtype that may stand for a bound: one of them is infinite where it may overflow."""
    size, infinity = np.abs(bound), np.copysign(np.inf, bound)
    rounding = precision.largest * precision.unit  # numbers up to half a unit above the largest are rounded to it
    surely, perhaps = size - allowance > precision.largest + rounding, size + allowance > precision.largest
    finite = np.clip(bound, -precision.largest, precision.largest)
    near = np.where(surely, infinity, np.where(perhaps, finite, bound))
    far = np.where(perhaps & np.isfinite(bound), infinity, bound)
    return np.minimum(near, far), np.maximum(near, far)


def judge_within(gradient: str, actual: ArrayLike, estimate: ArrayLike, bar: ArrayLike) -> float:
    """Compare an analytic derivative with a numerical one. Return the worst distance, in units of its error bar.

    Raises Disagreement if an analytic value lies outside estimate +- bar.
    """
    return _worst(gradient, np.asarray(actual), np.asarray(estimate), np.asarray(estimate), np.asarray(bar), 1.0)


def judge_between(gradient: str, actual: ArrayLike, low: ArrayLike, high: ArrayLike, bar: ArrayLike) -> float:
    """The same at a kink: the analytic derivative must lie between the one-sided ones, low and high, widened by their bar."""
    return _worst(gradient, np.asarray(actual), np.asarray(low), np.asarray(high), np.asarray(bar), 1.0)


def _smallest(dtype: Any) -> Array:
    """The smallest number of dtype that every framework keeps. Underflow may move a result by so much.

    TensorFlow and JAX flush subnormal numbers to zero, PyTorch keeps them. Both are honest. A result below the smallest normal
    number may therefore be zero, so the smallest number is `finfo.tiny`: 1.2e-38 in float32, 2.2e-308 in float64.

    In float16 it is the smallest subnormal number, 6e-8. Frameworks compute float16 in float32, where all its numbers are normal,
    so that nothing is flushed. The smallest normal number of float16 is 6e-5, the size of ordinary gradients.
    """
    info = np.finfo(dtype)
    return np.asarray(info.smallest_subnormal if np.dtype(dtype) == np.float16 else info.tiny)


def _worst(
    gradient: str, actual: Array, low: Array, high: Array, allowance: Array, limit: float, underflow: ArrayLike = 0.0
) -> float:
    """The largest distance, in units of allowance / limit. Raises Disagreement if it is beyond the allowance.

    underflow   a distance that is allowed in addition, and subtracted before the rest is counted in units
    """
    if actual.size == 0:
        return 0.0
    distance = np.maximum(outside(actual, low, high) - underflow, 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = np.where(distance == 0, 0, distance / allowance * limit)
    # A distance of nan is not allowed, nor an infinite one. A negative allowance allows no distance at all.
    ratios = np.where(np.isnan(ratios) | (allowance < 0), np.inf, ratios)
    index = tuple(int(i) for i in np.unravel_index(int(np.argmax(ratios)), ratios.shape))
    wrong = ratios > limit
    if wrong.any():
        raise Disagreement(
            gradient,
            index,
            actual[index],
            low[index],
            high[index],
            float(np.broadcast_to(allowance + underflow, actual.shape)[index]),
            float(ratios[index]),
            limit,
            (int(wrong.sum()), actual.size),
        )
    return float(ratios[index])
