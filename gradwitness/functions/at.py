"""A framework's function at its point, and everything that is measured once and asked often."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from gradwitness.arrays import Array
from gradwitness.subjects.tensors.call import TensorCall
from gradwitness.subjects.tensors.function import Differentiated
from gradwitness.verdict import K

JITTERS = 3
"""Runs with inputs that are moved by up to one unit of their last digit: what rounding may do."""
SMALL = 2.0**-18
"""Of the largest element: what rounding may do to a gradient that is added up in float32 on its way, and no more."""
FACTORS = (1.1, 1.3, 1.7)
"""Of the cotangent: backward multiplies by it, and rounds at other places. Terms that cancel show only so."""


@dataclass
class At:
    """A function in one precision, at its inputs and one random cotangent, or the one that `draw` makes.

    outs, gradients            what it returns; None for a gradient that the framework does not give
    out_spreads, spreads       the standard deviation of what rounding does to each element
    repeated                   what further calls returned that were the same: outputs and gradients
    lasting                    whether backward works more than once through the same graph
    """

    subject: Differentiated
    arrays: list[Array]
    seed: int
    draw: Callable[[tuple[int, ...]], Array] | None = None
    douts: list[Array] = field(init=False)
    calls: int = 0
    repeated: list[tuple[list[Array], list[Array | None]]] = field(default_factory=list)
    lasting: bool = True

    def __post_init__(self) -> None:
        self.precision = self.subject.precision
        self.rng = np.random.default_rng((self.seed, 1))
        call = self.call()
        self.outs = call.outs
        self.out_names = call.out_names
        self.douts = [self.draw(out.shape) if self.draw else cotangent(self.rng, out.shape) for out in self.outs]
        self.gradients = self.shaped(call.pulled(call.cotangents(self.douts)))
        self.eps = self.subject.eps
        self.out_spreads, gradients = self._moved_inputs()
        self.spreads = self._other_factors(gradients)

    def call(self, arrays: Sequence[Array] | None = None, **options: object) -> TensorCall:
        """One call."""
        self.calls += 1
        return self.subject.run(self.arrays if arrays is None else arrays, self.precision, **options)  # type: ignore[arg-type]

    def pulled(self, call: TensorCall, douts: Sequence[Array | None] | None = None) -> list[Array | None]:
        """Gradients for a cotangent, of which some parts may be None."""
        self.calls += 1
        given = self.douts if douts is None else douts
        filled = call.cotangents(
            [np.zeros(out.shape) if dout is None else dout for out, dout in zip(self.outs, given, strict=True)]
        )
        return self.shaped(call.pulled([None if dout is None else tensor for dout, tensor in zip(given, filled, strict=True)]))

    def shaped(self, gradients: Sequence[Array | None]) -> list[Array | None]:
        """Gradients in the shapes of what they belong to. TensorFlow accepts others of a rule: nothing more is told of those."""
        return [
            gradient if gradient is None or gradient.shape == array.shape else np.full(array.shape, np.nan)
            for gradient, array in zip(gradients, self.arrays, strict=True)
        ]

    def _moved_inputs(self) -> tuple[list[Array], list[Array]]:
        """Spreads of outs and squares of those of gradients, from inputs and cotangents that are moved by their last digit."""
        outs = [np.square(self.eps / 2 * out) for out in self.outs]
        gradients = [
            np.square(self.eps / 2 * (np.zeros(a.shape) if g is None else g))
            for g, a in zip(self.gradients, self.arrays, strict=True)
        ]
        for _ in range(JITTERS):
            call = self.call([self._moved(array) for array in self.arrays])
            others = self.pulled(call, [self._moved(dout) for dout in self.douts])
            for kept, was, now in ((outs, self.outs, call.outs), (gradients, self.gradients, others)):
                for i, (one, other) in enumerate(zip(was, now, strict=True)):
                    if one is not None and other is not None and one.shape == other.shape:
                        with np.errstate(invalid="ignore", over="ignore"):
                            kept[i] = kept[i] + np.nan_to_num(np.square(other - one)) / JITTERS
        return [_steady(out) for out in outs], gradients

    def _other_factors(self, gradients: list[Array]) -> list[Array]:
        """Spreads of gradients, from those squares and from cotangents that are larger by a factor."""
        for factor in FACTORS:
            for i, other in enumerate(self.pulled(self.call(), [factor * dout for dout in self.douts])):
                if (own := self.gradients[i]) is not None and other is not None and own.shape == other.shape:
                    gradients[i] = gradients[i] + self._of_terms(i, own, other / factor) / len(FACTORS)
        return [_steady(gradient) for gradient in gradients]

    def _of_terms(self, which: int, own: Array, other: Array) -> Array:
        """The squares of differences that are small enough for rounding: a backward that is not linear has larger ones."""
        with np.errstate(all="ignore"):
            distance = np.nan_to_num(np.abs(other - own), nan=0.0, posinf=0.0)
            largest = float(np.max(np.abs(own), where=np.isfinite(own), initial=0))
            small = max(np.sqrt(self.eps) * largest, SMALL * largest, self.negligible(which))
            return np.where(distance <= small, np.square(distance), 0)

    def negligible(self, which: int, douts: Sequence[Array] | None = None) -> float:
        """What rounding of the outputs comes to in a gradient. One that is zero has nothing else, and no size of its own.

        douts   its cotangents, if it is another gradient than that which was measured
        """
        with np.errstate(all="ignore"):
            each = zip(self.outs, self.out_spreads, self.douts if douts is None else douts, strict=True)
            rounding = sum(
                float(np.nansum(np.maximum(self.eps * np.abs(out), spread) * np.abs(dout))) for out, spread, dout in each
            )
            array = self.arrays[which]
            across = float(np.sqrt(np.mean(np.square(array)))) if array.size else 0.0
            return float(K * rounding / across) if across > 0 and np.isfinite(across + rounding) else 0.0

    def _moved(self, array: Array) -> Array:
        return np.asarray(array * (1 + self.eps * self.rng.uniform(-1, 1, size=array.shape)))

    def differs(self, which: int, gradient: Array | None) -> Array:
        """The elements of a gradient that lie further from the one that was measured than rounding explains."""
        return beyond(gradient, self.gradients[which], self.spreads[which])

    def out_differs(self, which: int, out: Array) -> Array:
        """The same of an output."""
        return beyond(out, self.outs[which], self.out_spreads[which])


def cotangent(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Random numbers of eight significant bits, which every dtype holds."""
    mantissa, exponent = np.frexp(rng.normal(size=shape))
    return np.asarray(np.ldexp(np.round(mantissa * 256) / 256, np.maximum(exponent, -6)))


def beyond(got: Array | None, wanted: Array | None, spread: Array) -> Array:
    """Where two arrays differ by more than K times a spread; everywhere where the shapes differ; None counts as zeros."""
    if got is None or wanted is None:
        other = got if wanted is None else wanted
        return np.zeros((), bool) if other is None else np.asarray(other != 0)
    if got.shape != wanted.shape:
        return np.ones(wanted.shape, bool)
    same = (got == wanted) | (np.isnan(got) & np.isnan(wanted))
    with np.errstate(invalid="ignore"):
        return np.asarray(~same & ~(np.abs(got - wanted) <= K * spread))


def _steady(square: Array) -> Array:
    """A deviation for each element: its own, and that of the whole array, which steadies it."""
    finite = square[np.isfinite(square)]
    return np.asarray(np.sqrt(square + (finite.mean() if finite.size else 0.0)))
