"""Numerical derivatives of a subject: its forward becomes functions of one number, along elements or directions of its inputs;
Monte Carlo arithmetic measures what rounding may do to a value of them, and `derivative` does the rest.
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
"""Steps small enough to show the sign of an infinite derivative, and large enough to rise out of rounding."""

HALVINGS = np.finfo(np.longdouble).nmant + 1
"""Of an interval of a few float64 numbers: as many as leave nothing between its ends."""

DWINDLED = 2.0**-16
"""What a continuous function keeps of its rise at most, after so many halvings: 2^-32 of a square root, 2^-64 of a smooth one.
Many jumps that lie side by side are told apart, and one of a few thousand keeps more than this of their sum.
"""


@dataclass(frozen=True)
class Interval:
    """What numerical differentiation says of one element: the derivative lies in [low, high], widened by error to both sides.

    low and high are one value, but at a kink, where they are the one-sided derivatives.
    """

    low: np.longdouble
    high: np.longdouble
    error: np.longdouble

    def __str__(self) -> str:
        value = f"{self.low:.12g}" if self.low == self.high else f"in [{self.low:.12g}, {self.high:.12g}]"
        return f"{value} +- {self.error:.2g}"


class Numerics:
    """Numerical derivatives of F(x) = <cotangent, forward(x)> in the widest dtype there is.

    below      the dtype in which noise is measured
    noise      the error that rounding may put into one value of F
    measured   truth and spread of F's value, of each array of out, and of each gradient
    gradient   the last of them: what backward returns
    """

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.wide = np.dtype(np.longdouble)
        # Noise is measured one dtype below the widest, where rounding can be simulated, and scales with the unit roundoff.
        self.below = np.dtype(np.float64 if np.finfo(np.longdouble).eps < np.finfo(np.float64).eps else np.float32)
        self.scale = unit_roundoff(self.wide) / unit_roundoff(self.below)
        self.static = tree_map(floats_to(self.wide), subject.static)
        self.inputs = tree_map(floats_to(self.wide), subject.inputs)
        self.measured = measure(
            lambda lift: [self._value(tree_map(lambda a: lift(a) + 0, subject.inputs)), *subject.run(lift, self.wide)],
            self.below,
            seed=subject.seed,
        )
        self.noise = K * self.scale * float(self.measured[0].spread)
        self.gradient = self.measured[len(self.measured) - len(subject.gradients) :]

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

    def jumps(self, which: int, direction: Array) -> bool:
        """Whether F jumps between -direction and +direction of its which-th array.

        The half of the interval across which F rises more is halved in its turn, and so on. The rise of a continuous function
        dwindles on the way, or is lost in noise. A jump keeps its size. Where F is not finite nothing is told.
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
        """The derivative with respect to one element of the which-th array; from both sides where the subject declares a kink."""
        direction = unit(list(leaves(self.inputs))[which], index)
        sides = [self.along(which, direction, side) for side in ((-1, 1) if self.subject.kink else (0,))]
        values = [estimate.value for estimate in sides]
        return Interval(min(values), max(values), sum((estimate.error for estimate in sides), np.longdouble(0)))

    def entries(self, which: int, side: int = 0) -> tuple[Array, Array]:
        """Value and error bar of the derivative with respect to each element of the which-th array."""
        array = list(leaves(self.inputs))[which]
        value, bar = np.zeros_like(array), np.zeros_like(array)
        for index in np.ndindex(array.shape):
            estimate = self.along(which, unit(array, index), side)
            value[index], bar[index] = estimate.value, estimate.error
        return value, bar

    def infinite(self, which: int, analytic: Array, value: Array, bar: Array) -> Array:
        """The numerical derivative, and an infinity where the quotients have no limit and an analytic one of their sign is
        claimed: only an infinite gradient can be right there.
        """
        value = value.copy()
        for index in map(tuple, np.argwhere(np.isinf(bar) & np.isinf(analytic))):
            if float(np.sign(analytic[index])) in self.slopes(which, unit(value, index)):
                value[index] = analytic[index]
        return value


def unit(array: Array, index: tuple[int, ...]) -> Array:
    """The direction of one element."""
    direction = np.zeros_like(array)
    direction[index] = 1
    return direction
