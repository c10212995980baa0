"""Numerical derivatives of a subject.

`Numerics` turns the forward into functions of one number, along elements or directions of its inputs. Monte Carlo arithmetic
measures the noise of one value of them. `extrapolation.derivative` computes the derivative and its error bar.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradwitness.arrays import Array, unit_roundoff
from gradwitness.derivative.extrapolation import Estimate, derivative
from gradwitness.rounding.arithmetic import measure
from gradwitness.subjects.pair import Subject, floats_to, leaves, tree_map
from gradwitness.verdict import K

STEEP = (2.0**-20, 2.0**-30)
"""Steps that show the sign of an infinite derivative: small, and large enough for the difference to be above the noise."""

HALVINGS = np.finfo(np.longdouble).nmant + 1
"""After so many halvings no longdouble number is left inside an interval of a few float64 numbers."""

DWINDLED = 2.0**-16
"""The share of its rise that a continuous function may keep after all halvings. A smooth function keeps 2^-64, a square root
2^-32. A jump keeps all of it, and one of many jumps that lie side by side keeps more than this share of their sum.
"""


@dataclass(frozen=True)
class Interval:
    """A numerical derivative with respect to one element: it lies in [low, high], widened by error to both sides.

    low and high are equal, except at a kink, where they are the one-sided derivatives.
    """

    low: np.longdouble
    high: np.longdouble
    error: np.longdouble

    def __str__(self) -> str:
        value = f"{self.low:.12g}" if self.low == self.high else f"in [{self.low:.12g}, {self.high:.12g}]"
        return f"{value} +- {self.error:.2g}"


class Numerics:
    """Numerical derivatives of F(x) = <cotangent, forward(x)> in longdouble.

    noise_dtype   the dtype in which noise is measured
    unit_ratio    the unit roundoff of longdouble, in units of that of noise_dtype
    noise         the error that rounding may cause in one value of F
    measured      truth and spread of F's value, of each array of out, and of each gradient
    gradient      truth and spread of each gradient that backward returns
    """

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.wide = np.dtype(np.longdouble)
        # Rounding can be simulated in a dtype that is narrower than the widest one. Noise is proportional to the unit roundoff.
        self.noise_dtype = np.dtype(np.float64 if np.finfo(np.longdouble).eps < np.finfo(np.float64).eps else np.float32)
        self.unit_ratio = unit_roundoff(self.wide) / unit_roundoff(self.noise_dtype)
        self.static = tree_map(floats_to(self.wide), subject.static)
        self.inputs = tree_map(floats_to(self.wide), subject.inputs)
        self.measured = measure(
            lambda lift: [self._value(tree_map(lambda a: lift(a) + 0, subject.inputs)), *subject.run(lift, self.wide)],
            self.noise_dtype,
            seed=subject.seed,
        )
        self.noise = K * self.unit_ratio * float(self.measured[0].spread)
        self.gradient = self.measured[len(self.measured) - len(subject.gradients) :]

    def _value(self, inputs: Any) -> Any:
        out, _ = self.subject.forward(*inputs, **self.static)
        products = [(d * o).sum() for d, o in zip(leaves(self.subject.cotangent), leaves(out), strict=True)]
        return sum(products[1:], products[0])

    def along(self, which: int, direction: Array, side: int = 0) -> Estimate:
        """The derivative of F along a direction in its which-th array; side is that of `derivative`."""
        with np.errstate(all="ignore"):
            return derivative(self._line(which, direction), self.noise, side)  # type: ignore[arg-type]

    def slopes(self, which: int, direction: Array) -> set[float]:
        """The signs of the difference quotients at small steps to both sides: where they have no limit, those of infinity."""
        f = self._line(which, direction)
        with np.errstate(all="ignore"):
            rises = [side * (f(side * np.longdouble(step)) - f(np.longdouble(0))) for side in (-1, 1) for step in STEEP]
            return {float(np.sign(rise)) for rise in rises if abs(rise) > 2 * self.noise}

    def jumps(self, which: int, direction: Array) -> bool:
        """Whether F jumps between -direction and +direction of its which-th array.

        Bisection: the half across which F rises more is halved next. The rise of a continuous function falls with each step, or
        falls below the noise. A jump keeps its size. The answer is no where F is not finite.
        """
        f = self._line(which, direction)
        left, middle, right = (np.longdouble(t) for t in (-1, 0, 1))
        with np.errstate(all="ignore"):
            at_left, at_middle, at_right = f(left), f(middle), f(right)
            whole = max(abs(at_middle - at_left), abs(at_right - at_middle))
            for _ in range(HALVINGS):
                if abs(at_middle - at_left) > abs(at_right - at_middle):
                    right, at_right = middle, at_middle
                else:
                    left, at_left = middle, at_middle
                if not 2 * self.noise < abs(at_right - at_left) < np.inf:
                    return False
                middle = (left + right) / 2
                at_middle = f(middle)
        return bool(abs(at_right - at_left) > DWINDLED * whole)

    def _line(self, which: int, direction: Array) -> Callable[[np.longdouble], np.longdouble]:
        """F along a direction in its which-th array, as a function of the distance."""

        def f(t: np.longdouble) -> np.longdouble:
            arrays = iter(range(len(self.subject.gradients)))
            moved = tree_map(lambda a: a + t * direction if next(arrays) == which else a, self.inputs)
            return np.longdouble(self._value(moved))

        return f

    def element(self, which: int, index: tuple[int, ...]) -> Interval:
        """The derivative with respect to one element of the which-th array, from both sides if the subject declares a kink."""
        direction = unit(list(leaves(self.inputs))[which], index)
        sides = [self.along(which, direction, side) for side in ((-1, 1) if self.subject.kink else (0,))]
        values = [estimate.value for estimate in sides]
        return Interval(min(values), max(values), sum((estimate.error for estimate in sides), np.longdouble(0)))

    def entries(self, which: int, side: int = 0) -> tuple[Array, Array]:
        """Values and error bars of the derivatives with respect to each element of the which-th array."""
        array = list(leaves(self.inputs))[which]
        value, bar = np.zeros_like(array), np.zeros_like(array)
        for index in np.ndindex(array.shape):
            estimate = self.along(which, unit(array, index), side)
            value[index], bar[index] = estimate.value, estimate.error
        return value, bar

    def infinite(self, which: int, analytic: Array, value: Array, bar: Array) -> Array:
        """The numerical derivative, with an infinity where the quotients have no limit and the analytic derivative is the
        infinity of their sign. Only an infinite gradient can be right there.
        """
        value = value.copy()
        for index in map(tuple, np.argwhere(np.isinf(bar) & np.isinf(analytic))):
            if float(np.sign(analytic[index])) in self.slopes(which, unit(value, index)):
                value[index] = analytic[index]
        return value


def unit(array: Array, index: tuple[int, ...]) -> Array:
    """The direction that moves one element of the array."""
    direction = np.zeros_like(array)
    direction[index] = 1
    return direction
