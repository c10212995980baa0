"""What the user's own dtype returns, against the truth from the same code in a wider one.

The truth about float32 inputs is the user's code on the same numbers in longdouble or float64. The scale of honest error is
measured: by inputs that are moved by up to one unit roundoff of their dtype, and by Monte Carlo arithmetic (rounding/) where that
can run the code. Beyond K times it a gradient is wrong, if every operation was watched. If not, what the operations in between
may round is not known, and the finding is a note.

An overflow is judged in any case, float64 included: inf or nan where the wider dtype has a number that the narrow one can hold.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from gradwitness.arrays import Array, largest, smallest, unit_roundoff
from gradwitness.judging.point import Point
from gradwitness.report.findings import Finding, elements
from gradwitness.rounding.arithmetic import Unstable, measure
from gradwitness.subjects.errors import BadCall, UserError
from gradwitness.verdict import K

JITTERS = 3
SAMPLES = 8
"""Runs under Monte Carlo arithmetic. Every spread includes that of its whole array, which steadies it."""
CUT = 2.0**-57
"""Noise of one value, as a share of its terms, beyond which part of the values is kept in float64, unwatched."""


def native(point: Point) -> Iterator[Finding]:
    """Findings about the user's own dtype. point is the function in a wider one; in float64 there may be none."""
    yield from _undefined(point)
    dtype = _dtype(point)
    own = _Own(point, dtype)
    for name, result, truth in own.results:
        yield from _overflow(name, result, truth, dtype)
    if dtype.itemsize < 8 and not point.function.keeps_dtype:  # in place the wider dtype is the own one
        yield from own.judged()


@dataclass
class _Own:
    """A function in the dtype of its inputs."""

    point: Point
    dtype: np.dtype[Any]

    def __post_init__(self) -> None:
        leaves = self.point.function.leaves
        call = self.point.call([leaf.array for leaf in leaves])
        self.outs = [np.asarray(out) for out in call.outs]
        fits = [out.shape for out in self.outs] == [dout.shape for dout in self.point.douts]
        self.douts = [d.astype(o.dtype) for d, o in zip(self.point.douts, self.outs, strict=True)] if fits else []
        self.gradients: list[Any] = [None] * len(leaves)
        if fits:
            self.point.evaluations += 1
            with np.errstate(all="ignore"):
                self.gradients = [g if g is None else np.asarray(g) for g in call.backward([d.copy() for d in self.douts])]

    @property
    def results(self) -> list[tuple[str, Array, Array]]:
        """Name, what came and the truth, of the outputs and of each gradient that can be one."""
        names = [f"d{leaf.name}" for leaf in self.point.function.leaves]
        outs = list(zip(self.point.out_names, self.outs, self.point.outs, strict=False))
        pairs = zip(names, self.gradients, self._truths, strict=True)
        gradients = [(name, g, truth) for name, g, truth in pairs if g is not None and np.shape(truth) == g.shape]
        return [each for each in outs if each[1].shape == each[2].shape] + gradients

    @cached_property
    def _truths(self) -> list[Any]:
        """The gradients in the wider dtype, for the cotangent that the own dtype holds."""
        if self.dtype.itemsize >= 8:
            return [claim and claim.value for claim in self.point.claims]
        return self._wide(self.point.arrays)

    def _wide(self, arrays: Sequence[Array]) -> list[Any]:
        try:
            call = self.point.call(arrays)
            self.point.evaluations += 1
            with np.errstate(all="ignore"):
                return list(call.backward([dout.astype(self.point.dtype) for dout in self.douts]))
        except (UserError, BadCall):
            return [None] * len(arrays)

    def judged(self) -> Iterator[Finding]:
        """Each gradient against the truth."""
        watched, spreads = self._spreads()
        leaves = self.point.function.leaves
        for leaf, result, truth, spread in zip(leaves, self.gradients, self._truths, spreads, strict=True):
            shapes = {np.shape(result), np.shape(truth), spread.shape}  # a gradient of another shape has a finding of its own
            if result is None or truth is None or len(shapes) > 1 or not np.isfinite(truth).all():
                continue
            got, wanted = result.astype(np.longdouble), np.asarray(truth, np.longdouble)
            if np.isfinite(got).all():  # an overflow has its own finding
                allowance = K * (spread + float(smallest(self.dtype)))
                yield _finding(f"d{leaf.name} in {self.dtype}", got, wanted, allowance, watched)

    def _spreads(self) -> tuple[bool, list[Array]]:
        """Whether every operation was watched; and what rounding may do to each element."""
        squares = self._jittered()
        carlo = self._monte_carlo()
        if carlo is not None:
            squares = [s + c**2 if c.shape == s.shape else s for s, c in zip(squares, carlo, strict=True)]
        roundoffs = [
            unit_roundoff(self.dtype) * np.abs(np.zeros(s.shape) if truth is None or np.shape(truth) != s.shape else truth)
            for s, truth in zip(squares, self._truths, strict=True)
        ]
        kept = self.point.dtype == np.longdouble and self.point.noise <= CUT * float(self.point.size)
        return carlo is not None and kept, [
            np.sqrt(np.asarray(s + s.mean() + r**2 if s.size else s, np.longdouble))
            for s, r in zip(squares, roundoffs, strict=True)
        ]

    def _jittered(self) -> list[Array]:
        """Mean squares of what inputs that are moved by a roundoff do."""
        rng = np.random.default_rng((self.point.seed, 8))
        squares: list[Array] = [np.zeros(array.shape, np.longdouble) for array in self.point.arrays]
        for _ in range(JITTERS):
            unit = 2 * unit_roundoff(self.dtype)
            moved = [array * (1 + unit * (rng.random(array.shape) - 0.5)) for array in self.point.arrays]
            for i, (truth, other) in enumerate(zip(self._truths, self._wide(moved), strict=True)):
                if truth is not None and other is not None and np.shape(other) == np.shape(truth) == squares[i].shape:
                    with np.errstate(invalid="ignore"):
                        squares[i] = squares[i] + np.nan_to_num(np.asarray(other - truth, np.longdouble)) ** 2 / JITTERS
        return squares

    def _monte_carlo(self) -> list[Array] | None:
        """Spreads by Monte Carlo arithmetic; None where the code cannot be watched."""
        leaves = self.point.function.leaves
        missing = [gradient is None for gradient in self.gradients]

        def run(lift: Callable[[Array], Array]) -> list[Any]:
            self.point.evaluations += 2
            self.point.state.restore()
            call = self.point.function.forward([lift(leaf.array) for leaf in leaves])
            gradients = call.backward([lift(dout) for dout in self.douts])
            return [gradient for gradient, none in zip(gradients, missing, strict=True) if not none]

        try:
            measured = iter(measure(run, self.dtype, seed=self.point.seed, samples=SAMPLES))
        except (TypeError, ValueError, AttributeError, ArithmeticError, Unstable, UserError, BadCall):
            return None
        return [np.zeros(leaf.array.shape) if none else next(measured).spread for leaf, none in zip(leaves, missing, strict=True)]


def _dtype(point: Point) -> np.dtype[Any]:
    """The coarsest dtype among the inputs; Python's floats take that of what they meet."""
    arrays = [leaf.array.dtype for leaf in point.function.leaves if type(leaf.value) is not float]
    return max(arrays or [np.dtype(np.float64)], key=unit_roundoff)


def _undefined(point: Point) -> Iterator[Finding]:
    """Outputs that are nan, or inf and are not left out, in a wider dtype as well: there is nothing to differentiate."""
    for name, out in zip(point.out_names, point.outs, strict=True):
        odd = np.argwhere(np.isnan(out) if point.constant else ~np.isfinite(out))
        if len(odd):
            at = f"[{', '.join(map(str, odd[0]))}]" if out.ndim else ""
            message = f"Forward returns {out[tuple(odd[0])]} at {name}{at}: there is no derivative. Try inputs where it is finite"
            yield Finding(name, "undefined", message, of=out.size)


def _overflow(name: str, result: Array, truth: Array, dtype: np.dtype[Any]) -> Iterator[Finding]:
    """Where a result is inf or nan, and the truth is a number that its dtype holds."""
    values, truth = result.astype(np.longdouble), np.asarray(truth, np.longdouble)
    lost = ~np.isfinite(values) & np.isfinite(truth)
    if not lost.any():
        return  # masks and integers, which have no largest float, come no further
    held = lost & (np.abs(truth) <= float(largest(result.dtype)))
    if held.any():
        index = tuple(int(i) for i in np.argwhere(held)[0])
        at = f"[{', '.join(map(str, index))}]" if index else ""
        yield Finding(
            f"{name} in {dtype}",
            "overflow",
            f"It is {values[index]} at {name}{at}, where a wider dtype gives {float(truth[index]):.6g}: something on "
            "the way is too large, or 0 / 0. Rewrite it so that no intermediate value overflows",
            **elements(held),
            index=index,
            got=values[index],
            truth=truth[index],
        )
    else:
        limit = f"{float(largest(result.dtype)):.2g}"
        message = f"{int(lost.sum())} of {result.size} elements are beyond the largest number of {dtype}, {limit}"
        yield Finding(f"{name} in {dtype}", "note", message)


def _finding(name: str, got: Array, truth: Array, allowance: Array, watched: bool) -> Finding:
    """Right within the allowance; else wrong where every operation was watched, and a note where not."""
    distance = np.abs(got - truth)
    wrong = distance > allowance
    if not wrong.any():
        return Finding(name, "right", "", of=got.size)
    with np.errstate(divide="ignore", invalid="ignore"):
        index = tuple(int(i) for i in np.unravel_index(int(np.argmax(np.where(wrong, distance / allowance, 0))), got.shape))
    relative = float(distance[index] / (abs(truth[index]) or 1))
    what = f"It differs from the same code in a wider dtype by {relative:.1g} of itself"
    if not watched:
        at = f" at [{', '.join(map(str, index))}]" if index else ""
        return Finding(name, "note", f"{what}{at}, in {int(wrong.sum())} of {got.size} elements: digits are lost on the way")
    return Finding(
        name,
        "wrong",
        f"{what}, which is more than rounding explains",
        **elements(wrong),
        index=index,
        got=got[index],
        truth=truth[index],
        distance=float(distance[index]),
        allowance=float(allowance[index]),
    )
