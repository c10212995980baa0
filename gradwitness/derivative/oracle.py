"""Is this backward the derivative of this forward? Numerical differentiation answers.

`check_subject` requires two things: each gradient lies within the error bar of the numerical one (numerics.py), and the bars are
narrow enough for a wrong gradient to lie outside.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from gradwitness.derivative.extrapolation import SMALLEST_STEP
from gradwitness.derivative.numerics import Numerics, unit
from gradwitness.subjects.pair import Subject, leaves
from gradwitness.verdict import Disagreement, K, judge_between, judge_within

ENTRYWISE = 32
"""Arrays of at most so many elements are differentiated element by element, larger ones along a random direction."""
BLIND = 1e-6
"""An error bar wider than this fraction of the gradient would prove nothing."""

AT_THE_POINT = 4
"""A jump at a distance of at most so many float64 numbers is at the point, because rounding may cross it."""
BESIDE_THE_POINT = 32 * SMALLEST_STEP
"""A jump at a smaller distance spoils all steps but the smallest few, and extrapolation needs more."""


class Vacuous(AssertionError):
    """The check could not have failed: the gradient is zero within rounding, or not much larger than its error bar."""


def check(
    forward: Callable[..., tuple[Any, Any]],
    backward: Callable[[Any, Any], Sequence[Any]],
    inputs: tuple[Any, ...],
    static: Mapping[str, Any] | None = None,
    *,
    seed: int = 0,
    kink: bool = False,
    zero: tuple[str, ...] = (),
) -> dict[str, float]:
    """Is this backward the derivative of this forward? Numerical differentiation with an error bar decides.

    forward    forward(*inputs, **static) -> (out, cache), in NumPy, for inputs of any floating dtype
    backward   backward(dout, cache) -> one gradient for each input
    inputs     float64 arrays, or dicts of them
    seed       of the random cotangent and of the random roundings
    kink       whether the point is a kink; then each element must lie between the one-sided derivatives
    zero       names of inputs whose gradient is exactly zero by the mathematics

    Returns the distance of each gradient from the numerical one, in units of its error bar. Arrays of up to 32 elements are
    checked element by element, larger ones along a random direction.

    Raises Disagreement, which names the gradient, the element and both values, or says that the function jumps where a gradient
    is zero; Vacuous if the gradient is zero within rounding and `zero` does not name it, or if the error bar is too wide to prove
    anything; TypeError for an input that is no array of floats, and if the function converts `Perturbed` arrays to plain ones.
    """
    subject = Subject(forward, backward, inputs, dict(static or {}), seed, kink, zero)
    for name, value in zip(subject.arguments, inputs, strict=True):
        for leaf in leaves(value):
            if not isinstance(leaf, np.ndarray) or leaf.dtype.kind != "f":
                came = f"an array of {leaf.dtype}" if isinstance(leaf, np.ndarray) else f"a {type(leaf).__name__}"
                raise TypeError(f"input {name} is {came}; wanted an array of floats, or a dict of them")
    return check_subject(subject)


def check_subject(subject: Subject, differentiate: Callable[[Subject], Numerics] = Numerics) -> dict[str, float]:
    """`check` for a subject. differentiate(subject) makes its numerical derivatives, so that a caller may reuse some."""
    numerics = differentiate(subject)
    rng = np.random.default_rng((subject.seed, 2))
    distances = {}
    arrays = list(leaves(numerics.inputs))
    owners = [name for name, value in zip(subject.arguments, subject.inputs, strict=True) for _ in leaves(value)]
    for i, (name, array, expected) in enumerate(zip(subject.gradients, arrays, numerics.gradient, strict=True)):
        analytic, slack = expected.truth, K * numerics.unit_ratio * expected.spread
        if analytic.shape != array.shape:
            raise Disagreement(name, reason=f"shape is {analytic.shape}; wanted {array.shape}")
        if owners[i] in subject.zero or (np.abs(analytic) <= K * expected.spread).all():
            _require_no_jump(name, numerics, i)
        if subject.kink:
            (below, below_bar), (above, above_bar) = numerics.entries(i, -1), numerics.entries(i, 1)
            low, high, bar = np.minimum(below, above), np.maximum(below, above), below_bar + above_bar
            distances[name] = judge_between(name, analytic, low, high, bar + slack)
            size = np.maximum(np.maximum(-low, high) - bar, 0)  # a zero in the middle of the interval is not a blind one
        elif array.size <= ENTRYWISE:
            value, bar = numerics.entries(i)
            value = numerics.infinite(i, analytic, value, bar)
            distances[name] = judge_within(name, analytic, value, bar + slack)
            size = np.abs(analytic)
        else:
            direction = rng.normal(size=array.shape).astype(np.float32)  # a direction of few digits, so that x + t v rounds less
            estimate = numerics.along(i, direction)
            projected, slack = (analytic * direction).sum(), np.abs(slack * direction).sum()
            bar = np.asarray(estimate.error)
            distances[name] = judge_within(f"{name} along a random direction", projected, estimate.value, bar + slack)
            size = np.abs(analytic)
        below_rounding = bool((size <= K * expected.spread).all())
        _require_sight(name, owners[i] in subject.zero, below_rounding, np.sqrt((size**2).sum()), bar.max(initial=0))
    return distances


def _require_no_jump(name: str, numerics: Numerics, which: int) -> None:
    """Raise if the function jumps. It may be flat on both sides of a jump, but zero is no derivative there.

    Raises Disagreement for a jump at the point, Vacuous for one so near that numerical differentiation cannot see past it.
    """
    array = np.asarray(list(leaves(numerics.inputs))[which])
    values = np.abs(array).astype(np.float64)
    scale = np.sqrt(np.mean(values**2)) if array.size else 0
    signs = np.random.default_rng((numerics.subject.seed, 4)).choice([-1, 1], size=array.shape)
    reach = (AT_THE_POINT * signs * np.spacing(np.where(values == 0, scale or 1, values))).astype(array.dtype)
    if numerics.jumps(which, reach):
        one_by_one = np.ndindex(array.shape) if array.size <= ENTRYWISE else ()
        index = next((at for at in one_by_one if numerics.jumps(which, reach * unit(array, at))), ())
        raise Disagreement(name, index, reason="the function jumps at this point. A jump has no derivative, and zero is not one")
    if numerics.jumps(which, BESIDE_THE_POINT * signs):
        raise Vacuous(f"{name}: the function jumps beside this point, nearer than {BESIDE_THE_POINT:.1g}. Move the point away")


def _require_sight(name: str, declared_zero: bool, below_rounding: bool, gradient: np.longdouble, bar: np.longdouble) -> None:
    """Raise if agreement means nothing. gradient is the norm of the gradient, bar its widest error bar."""
    if declared_zero:
        if not below_rounding:
            raise Disagreement(name, reason=f"declared zero, but its norm is {gradient:.3g}")
    elif below_rounding:
        raise Vacuous(f"{name} is zero within rounding: no backward could fail here. If that is the mathematics, declare it zero")
    elif not bar <= BLIND * gradient:
        raise Vacuous(f"{name}: the error bar {bar:.3g} is not small against the norm of the gradient, {gradient:.3g}")
