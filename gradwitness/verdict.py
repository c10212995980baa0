"""The only comparison in the project. It raises.

`judge` compares a result with the truth: each element may differ by K times the scale of honest error. `judge_values` does so for
any dtype of a framework, and `judge_projection` judges all elements together. `judge_within` and `judge_between` compare an
analytic derivative with a numerical one: it must lie within the error bar. K is one number for each width of storage.

Where K comes from: `python -m benchmarks.calibrate` computes the worst ratio |framework - truth| / spread of each cell of the
matrix. These are its results for nine ops, two models, sgd and two training runs on x86-64, with torch 2.13.0,
tensorflow 2.21.0 and jax 0.10.2:

    adapter     mode   dtype    cells  median   99%   max  cell of the maximum
    torch       eager  float64     92    0.97  4.18  6.31  linear / large
    torch       eager  float32     92    0.91  4.38  5.22  linear / odd
    tensorflow  eager  float64     91    0.87  5.49  6.23  tanh / large
    tensorflow  eager  float32     92    0.93  4.99  6.36  tanh / large
    tensorflow  graph  float64     87    0.88  5.53  6.23  tanh / large
    tensorflow  graph  float32     87    0.94  5.06  6.36  tanh / large
    tensorflow  xla    float64     87    0.88  6.44  9.33  tanh / tails
    tensorflow  xla    float32     87    0.95  3.41  5.78  tanh / large
    jax         eager  float64     92    1.09  6.26  9.20  tanh / tails
    jax         eager  float32     92    0.98  5.78  5.79  binary_cross_entropy_with_logits / saturated
    jax         jit    float64     87    1.01  6.44  9.33  tanh / tails
    jax         jit    float32     87    0.99  5.78  5.79  binary_cross_entropy_with_logits / saturated

The median is 1: the spread is the scale of honest error. The maxima are elementary functions with errors of several ulps. K = 32
is three times the worst of them. Long reductions need no larger K, because their spread grows with their length.

In 16 bits the spread is measured inside the framework (gradwitness/rounding/framework.py), and K is three times the worst
distance of the catalogue's ops on their generic cases: `K_NARROW`. `python -m benchmarks.rounding` measures it, and
docs/reference/spreads.md has its figures.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from gradwitness.arrays import Array
from gradwitness.rounding.arithmetic import Measured
from gradwitness.rounding.projection import axes, by_slice, projection, slices
from gradwitness.rounding.widths import Width, width

K = 32.0
K_NARROW = {"float16": 45.0, "bfloat16": 20.0}
"""K of the 16-bit dtypes. Those of three frameworks' kernels that are furthest from the truth, 14.7 units in float16 and 6.3 in
bfloat16, are convolutions on the CPU, which add in 16 bits."""
K_PROJECTION = 6.0
"""How many units the projection on the truth may be off, see `judge_projection`. Honest results are off by 1.2 at most on generic
cases. In units of the projection's own spread alone it is 2.8, where a convolution adds in bfloat16. 6 lets a factor of 1.03 be
seen in bfloat16."""

K_SLICES = 4.0
"""The same of each slice, see `judge_slices`. Honest results are off by 1.6 at most on generic cases. 4 lets a factor of 1.03 of
one channel be seen in bfloat16."""


def k_of(dtype: Any) -> float:
    """K of a dtype of any framework, or of its name."""
    return K_NARROW.get(width(dtype).name, K)


@dataclass
class Disagreement(AssertionError):
    """Two values differ by more than rounding explains.

    gradient    the result: "out", "dx", "dweight", ...
    index       the worst element; empty for a scalar
    actual      its value
    low, high   the interval in which the truth lies; equal, except at a kink
    allowance   how far outside of it the value may lie
    ratio       the distance in units of the scale of honest error, or of the error bar of a numerical derivative
    limit       how many units are allowed: K, or 1 error bar
    count       how many elements disagree, of how many
    reason      what is wrong, if it is not a value: dtype, shape, a jump
    """

    gradient: str
    index: tuple[int, ...] = ()
    actual: Any = None
    low: Any = None
    high: Any = None
    allowance: float = 0.0
    ratio: float = float("inf")
    limit: float = K
    count: tuple[int, int] = (1, 1)
    reason: str = ""

    @property
    def _units(self) -> str:
        return (
            f"units of rounding spread; {self.limit:g} are allowed"
            if self.limit != 1
            else "error bars of the numerical derivative"
        )

    def __str__(self) -> str:
        element = f"[{', '.join(map(str, self.index))}]" if self.index else ""
        if self.reason:
            return f"{self.gradient}{element}: {self.reason}"
        truth = digits(self.low) if self.low == self.high else f"in [{digits(self.low)}, {digits(self.high)}]"
        return "\n".join(
            [
                f"{self.gradient}{element} is wrong"
                + ("" if self.count == (1, 1) else ", as {} of {} elements are".format(*self.count)),
                f"  got         {digits(self.actual)}",
                f"  truth       {truth}",
                f"  difference  {digits(_outside(self.actual, self.low, self.high))}",
                f"  allowance   {digits(self.allowance)}",
                f"  that is     {self.ratio:.3g} {self._units}",
            ]
        )


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


def judge_projection(gradient: str, values: Array, expected: Measured, dtype: Any) -> float:
    """Judge the projection of a result on the truth (rounding/projection.py): a constant factor that no element shows alone.

    Return by how many units it is off. A unit is the spread of the projection in the perturbed runs, and one unit roundoff at
    least, for what rounds a scalar once is common to all elements. Where few elements make up the result, it is K times what
    independent errors of the elements come to.

    Raises Disagreement for more than K_PROJECTION units.
    """
    off = projection(values, expected.truth) - 1
    finite = np.isfinite(expected.truth)
    truth, spread = (np.asarray(a, np.longdouble)[finite] for a in (expected.truth, expected.spread))
    if np.isnan(off) or np.isnan(expected.projection):
        return 0.0
    size = np.abs(truth).max()
    truth, spread = truth / size, spread / size
    independent = float(np.sqrt(np.sum((spread * truth) ** 2)) / np.sum(truth**2))
    unit = max(float(np.hypot(expected.projection, width(dtype).unit)), k_of(dtype) / K_PROJECTION * independent)
    ratio = abs(off) / unit
    if ratio > K_PROJECTION:
        raise Disagreement(
            gradient,
            ratio=ratio,
            limit=K_PROJECTION,
            reason=f"all elements together are {1 + off:.4g} times the truth; rounding explains 1 +- {K_PROJECTION * unit:.2g}",
        )
    return ratio


def judge_slices(gradient: str, values: Array, expected: Measured, dtype: Any) -> float:
    """The same for each slice along each axis: a constant factor of one channel, or of one row.

    Return by how many units the worst one is off. Raises Disagreement for more than K_SLICES units, with the axis and the place
    as index.
    """
    truth, spread = (np.asarray(a, np.longdouble) for a in (expected.truth, expected.spread))
    size = np.max(np.abs(truth), where=np.isfinite(truth), initial=0)
    worst = 0.0
    for axis, own, along in zip(axes(truth.shape), expected.slices, slices(truth)(values) if size else (), strict=False):
        with np.errstate(all="ignore"):
            independent = np.sqrt(by_slice((spread * truth / size**2) ** 2, axis)) / by_slice((truth / size) ** 2, axis)
            # a kernel may compute the coefficients of a slice inside, in the dtype in which it adds, as upsampling does
            inside = k_of(dtype) / K_SLICES * np.maximum(independent, width(dtype).accumulation)
            unit = np.maximum(np.hypot(own, width(dtype).unit), inside)
            ratios = np.nan_to_num(np.abs(along - 1) / unit, nan=0.0, posinf=0.0)
        place = int(np.argmax(ratios))
        if ratios[place] > K_SLICES:
            raise Disagreement(
                gradient,
                (axis, place),
                actual=float(along[place]),
                ratio=float(ratios[place]),
                limit=K_SLICES,
                reason=f"those at {place} of axis {axis} are together {along[place]:.4g} times the truth; rounding explains "
                f"1 +- {K_SLICES * unit[place]:.2g}",
            )
        worst = max(worst, float(ratios[place]))
    return worst


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
    distance = np.maximum(_outside(actual, low, high) - underflow, 0)
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


def _outside(actual: Any, low: Any, high: Any) -> Any:
    """How far actual lies outside [low, high]: 0 for equal infinities and for nan where the truth is nan; nan for other nans."""
    actual, low, high = np.asarray(actual), np.asarray(low), np.asarray(high)
    with np.errstate(invalid="ignore"):
        distance = np.maximum(np.maximum(low - actual, actual - high), 0)
    same = (actual == low) | (actual == high) | (np.isnan(actual) & np.isnan(low))
    return np.where(same, 0, distance)


def digits(value: Any) -> str:
    """The value, with as many digits as distinguish it from its neighbours in its dtype."""
    value = np.asarray(value)
    return np.format_float_scientific(value[()], trim="-")
