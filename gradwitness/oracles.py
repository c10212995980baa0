"""Numerical differentiation as a witness: is this backward the derivative of this forward?

`Numerics` turns a subject's forward into functions of one number, along elements or directions of its inputs, and measures by
Monte Carlo arithmetic what rounding may do to a value of them; `derivative` (derivative.py) differentiates those, each with an
error bar. `check_subject` requires that every gradient lies within the bars, and that the bars are narrow enough to tell.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from gradwitness.arithmetic import measure
from gradwitness.arrays import Array, unit_roundoff
from gradwitness.derivative import Estimate, derivative
from gradwitness.subject import Subject, floats_to, leaves, tree_map
from gradwitness.verdict import Disagreement, K, judge_between, judge_within

ENTRYWISE = 32
"""Arguments of at most so many elements are differentiated one by one; larger ones along a random direction."""
BLIND = 1e-6
"""An error bar wider than this fraction of the gradient would prove nothing."""
STEEP = (2.0**-20, 2.0**-30)
"""Steps small enough to show the sign of an infinite derivative, and large enough to rise out of rounding."""


class Vacuous(AssertionError):
    """A check that could not have failed: the gradient is zero within rounding, or as small as its error bar."""


class Numerics:
    """Numerical derivatives of F(x) = <cotangent, forward(x)> in the widest dtype there is."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.wide = np.dtype(np.longdouble)
        # Noise is measured one dtype below the widest, where rounding can be simulated, and scales with the unit roundoff.
        below = np.float64 if np.finfo(np.longdouble).eps < np.finfo(np.float64).eps else np.float32
        self.scale = unit_roundoff(self.wide) / unit_roundoff(below)
        self.static = tree_map(floats_to(self.wide), subject.static)
        self.inputs = tree_map(floats_to(self.wide), subject.inputs)
        value, *gradient = measure(
            lambda lift: [self._value(tree_map(lambda a: lift(a) + 0, subject.inputs)), *subject.run(lift, self.wide)],
            below,
            seed=subject.seed,
        )
        self.noise = K * self.scale * float(value.spread)
        self.gradient = gradient[len(gradient) - len(subject.gradients) :]

    def _value(self, inputs: Any) -> Any:
        out, _ = self.subject.forward(*inputs, **self.static)
        products = [(d * o).sum() for d, o in zip(leaves(self.subject.cotangent), leaves(out), strict=True)]
        return sum(products[1:], products[0])

    def along(self, which: int, direction: Array, side: int = 0) -> Estimate:
        """The derivative of F along a direction in its which-th array."""
        with np.errstate(all="ignore"):
            return derivative(self._line(which, direction), self.noise, side)  # type: ignore[arg-type]

    def slopes(self, which: int, direction: Array) -> set[float]:
        """The signs of the difference quotients of small steps to either side; of the infinities that they grow to, if so."""
        f = self._line(which, direction)
        with np.errstate(all="ignore"):
            rises = [side * (f(side * np.longdouble(step)) - f(np.longdouble(0))) for side in (-1, 1) for step in STEEP]
            return {float(np.sign(rise)) for rise in rises if abs(rise) > 2 * self.noise}

    def _line(self, which: int, direction: Array) -> Callable[[np.longdouble], np.longdouble]:
        """F along a direction in its which-th array, as a function of the distance."""

        def f(t: np.longdouble) -> np.longdouble:
            arrays = iter(range(len(self.subject.gradients)))
            moved = tree_map(lambda a: a + t * direction if next(arrays) == which else a, self.inputs)
            return np.longdouble(self._value(moved))

        return f

    def entries(self, which: int, side: int = 0) -> tuple[Array, Array]:
        """Value and error bar of the derivative with respect to each element of the which-th array."""
        array = list(leaves(self.inputs))[which]
        value, bar = np.zeros_like(array), np.zeros_like(array)
        for index in np.ndindex(array.shape):
            estimate = self.along(which, _unit(array, index), side)
            value[index], bar[index] = estimate.value, estimate.error
        return value, bar

    def infinite(self, which: int, analytic: Array, value: Array, bar: Array) -> Array:
        """The numerical derivative, and an infinity where the quotients have no limit and an analytic one of their sign is
        claimed: only an infinite gradient can be right there.
        """
        value = value.copy()
        for index in map(tuple, np.argwhere(np.isinf(bar) & np.isinf(analytic))):
            if float(np.sign(analytic[index])) in self.slopes(which, _unit(value, index)):
                value[index] = analytic[index]
        return value


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

    forward(*inputs, **static) -> (out, cache) and backward(dout, cache) -> gradients, in NumPy, generic in dtype;
    inputs are float64 arrays or dicts of them. Returns the distance of each gradient from the numerical one, in
    units of its error bar.

    Small arguments (up to 32 elements) are checked element by element, larger ones along a random direction. With
    `kink`, each element must lie between the one-sided derivatives.

    Raises Disagreement naming the gradient, the element and both values; Vacuous where the gradient is zero within
    rounding and `zero` does not name it, or the error bar too wide to prove anything; TypeError for an input
    that is no array of floats, and where an array on the way lost its subclass.
    """
    subject = Subject(forward, backward, inputs, dict(static or {}), seed, kink, zero)
    for name, value in zip(subject.arguments, inputs, strict=True):
        for leaf in leaves(value):
            if not isinstance(leaf, np.ndarray) or leaf.dtype.kind != "f":
                came = f"an array of {leaf.dtype}" if isinstance(leaf, np.ndarray) else f"a {type(leaf).__name__}"
                raise TypeError(f"input {name} is {came}; wanted an array of floats, or a dict of them")
    return check_subject(subject)


def check_subject(subject: Subject) -> dict[str, float]:
    """`check` for a subject."""
    numerics = Numerics(subject)
    rng = np.random.default_rng((subject.seed, 2))
    distances = {}
    arrays = list(leaves(numerics.inputs))
    owners = [name for name, value in zip(subject.arguments, subject.inputs, strict=True) for _ in leaves(value)]
    for i, (name, array, expected) in enumerate(zip(subject.gradients, arrays, numerics.gradient, strict=True)):
        analytic, slack = expected.truth, K * numerics.scale * expected.spread
        if analytic.shape != array.shape:
            raise Disagreement(name, reason=f"shape is {analytic.shape}; wanted {array.shape}")
        if subject.kink:
            (below, below_bar), (above, above_bar) = numerics.entries(i, -1), numerics.entries(i, 1)
            low, high, bar = np.minimum(below, above), np.maximum(below, above), below_bar + above_bar
            distances[name] = judge_between(name, analytic, low, high, bar + slack)
            size = np.maximum(np.maximum(-low, high) - bar, 0)  # 0 is a member of many a set, and no sign of blindness
        elif array.size <= ENTRYWISE:
            value, bar = numerics.entries(i)
            value = numerics.infinite(i, analytic, value, bar)
            distances[name] = judge_within(name, analytic, value, bar + slack)
            size = np.abs(analytic)
        else:
            direction = rng.normal(size=array.shape).astype(np.float32)  # few digits: x + t v rounds less
            estimate = numerics.along(i, direction)
            projected, slack = (analytic * direction).sum(), np.abs(slack * direction).sum()
            bar = np.asarray(estimate.error)
            distances[name] = judge_within(f"{name} along a random direction", projected, estimate.value, bar + slack)
            size = np.abs(analytic)
        below_rounding = bool((size <= K * expected.spread).all())
        _require_sight(name, owners[i] in subject.zero, below_rounding, np.sqrt((size**2).sum()), bar.max(initial=0))
    return distances


def _unit(array: Array, index: tuple[int, ...]) -> Array:
    """The direction of one element."""
    direction = np.zeros_like(array)
    direction[index] = 1
    return direction


def _require_sight(name: str, declared_zero: bool, below_rounding: bool, gradient: np.longdouble, bar: np.longdouble) -> None:
    """Raise where agreement means nothing; gradient is the norm, and bar the widest error bar."""
    if declared_zero:
        if not below_rounding:
            raise Disagreement(name, reason=f"declared zero, but its norm is {gradient:.3g}")
    elif below_rounding:
        raise Vacuous(f"{name} is zero within rounding: no backward could fail here. If that is the mathematics, declare it zero")
    elif not bar <= BLIND * gradient:
        raise Vacuous(f"{name}: the error bar {bar:.3g} is not small against the norm of the gradient, {gradient:.3g}")
