"""Monte Carlo arithmetic: what rounding alone can do to a result.

`measure` runs a function on `Perturbed` arrays, whose every NumPy operation rounds at random. The result of an operation is
computed in a wider dtype and multiplied by 1 + u r, where u is the unit roundoff of the dtype under test and r is uniform in
[-1, 1]. The root mean square distance of a few such runs from the unperturbed run is the scale of honest error of *this* function
at *this* point. Conditioning is part of it: a sum that cancels has a large spread, and a gradient that is exactly zero has none.
Nobody picks a number.

`Noise` (noise.py) draws the roundings, `Perturbed` (perturbed.py) intercepts the operations, and operations.py says how each kind
of operation rounds.

What is rounded, and what is not:

- Arithmetic and elementary functions round once, by up to u.
- Selection, sign, comparison and data movement (maximum, where, negative, reshape, ...) are exact, as they are in
  IEEE arithmetic.
- A constant (a Python float, an array that is not `Perturbed`) is rounded if the dtype under test cannot hold it: in float32
  eps = 1e-7 is another number.
- A reduction of n terms x_i with sum S may be evaluated in any order; the worst is one after the other. The partial sums of a
  sequential sum in random order are s_k ~ (k/n) S plus a bridge of variance Q (k/n)(1 - k/n), where Q = sum x_i^2. Each of them
  is rounded, so that the error has variance u'^2 sum_k s_k^2 = u'^2 n (S^2/3 + Q/6). The same variance results from perturbing
  the sum by u sqrt(n/3) and each term by u sqrt(n/6), once. In a sum of products of two factors (matmul), each factor is
  perturbed by u sqrt(n/12). The values that `ufunc.at` adds to one element are such a sum, too. No perturbation is smaller than
  u. Nowhere else does an allowance grow with the length of a reduction.

Source: Parker, "Monte Carlo arithmetic", UCLA CSD-970002, 1997; Higham, "Accuracy and stability of numerical
algorithms", 2002, section 4.2.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from gradwitness.arrays import Array, wider
from gradwitness.rounding.noise import Noise
from gradwitness.rounding.perturbed import Perturbed, lift
from gradwitness.rounding.projection import axes, projection, slices

SAMPLES = 16
"""Perturbed runs for each measurement. A spread from n runs is too small by a factor of 4 with probability P(chi^2_n < n/16),
which is 1e-4 for n = 8 and 6e-8 for n = 16. K leaves room for that."""


class Unstable(ArithmeticError):
    """Rounding alone can turn a finite result into inf or nan. No allowance can be derived at this point."""


@dataclass(frozen=True)
class Measured:
    """A result: the truth in the wider dtype, the scale of honest error of each element, and that of the projection on the truth
    (projection.py); nan for a truth that is zero everywhere.

    slices   the scale of the projection of each slice, along each of `projection.axes`; none if it was not measured
    """

    truth: Array
    spread: Array
    projection: float = float("nan")
    slices: tuple[Array, ...] = ()


def measure(
    function: Callable[[Callable[[Array], Array]], Sequence[Array]],
    dtype: np.typing.DTypeLike,
    *,
    seed: int,
    samples: int = SAMPLES,
    stacked: bool = False,
) -> list[Measured]:
    """Truth and spread of each array that function returns.

    function   function(lift) -> a sequence of arrays. It converts its floating inputs, which dtype holds exactly, by lift. It is
               called once with a plain conversion to the wider dtype, and `samples` times with `perturbed.lift`
    stacked    whether axis 0 counts time steps, so that each entry along it is a tensor of its own

    The spread of an element is the root of the sum of two squares: the rms deviation of the element over the runs, and the rms
    of these deviations over its tensor. The second makes an estimate from few runs steadier, and covers elements that happen to
    be exact.

    Raises Unstable if a perturbed run is inf or nan where the truth is finite, and TypeError if a result is no `Perturbed` array:
    the function converted it to a plain array, whose roundings are not watched.
    """
    wide = wider(dtype)

    def perturbed(sample: int) -> list[Array]:
        results = function(partial(lift, Noise(dtype, np.random.default_rng((seed, sample)))))
        for i, result in enumerate(results):
            if not isinstance(result, Perturbed):
                raise TypeError(f"result {i} is a {type(result).__name__}: the function lost the subclass on the way")
        return [result.view(np.ndarray) for result in results]

    with np.errstate(all="ignore"):
        truths = [np.asarray(t) for t in function(lambda array: np.asarray(array).astype(wide))]
        return from_runs(truths, map(perturbed, range(samples)), stacked=stacked)


def from_runs(
    truths: Sequence[Array],
    runs: Iterable[Sequence[Array]],
    *,
    stacked: bool = False,
    magnified: float = 1.0,
    sliced: bool = False,
) -> list[Measured]:
    """Truth and spread of each result, from its values in perturbed runs.

    magnified   by how much the roundings of the runs are larger than those of the dtype under test
    sliced      whether the projections of slices are measured, too

    Raises Unstable as `measure` does.
    """
    squares = [np.zeros(t.shape, np.longdouble) for t in truths]
    projections = [0.0 for _ in truths]
    projected = [slices(truth) if sliced else None for truth in truths]
    of_slices: list[list[Any]] = [[0.0] * len(axes(truth.shape)) for truth in truths]
    samples = 0
    for samples, results in enumerate(runs, 1):  # noqa: B007  counted
        for i, (value, truth) in enumerate(zip(results, truths, strict=True)):
            if (lost := np.isfinite(truth) & ~np.isfinite(value)).any():
                raise Unstable(f"result {i}: rounding makes {int(lost.sum())} of {truth.size} finite elements inf or nan")
            with np.errstate(invalid="ignore"):
                deviation = np.abs(np.where(np.isfinite(truth), value - truth, 0))
            squares[i] += deviation.astype(np.longdouble) ** 2  # in longdouble squares of tiny values stay above zero
            projections[i] += (projection(value, truth) - 1) ** 2
            if (parts := projected[i]) is not None:
                of_slices[i] = [square + (part - 1) ** 2 for square, part in zip(of_slices[i], parts(value), strict=True)]
    return [
        Measured(
            t,
            combine(s / samples, stacked) / magnified,
            float(np.sqrt(p / samples)) / magnified,
            tuple(_steady(square / samples) / magnified for square in parts) if sliced else (),
        )
        for t, s, p, parts in zip(truths, squares, projections, of_slices, strict=True)
    ]


def _steady(square: Array) -> Array:
    """The deviation of each slice: its own, and that of all along the axis, which steadies it."""
    known = square[np.isfinite(square)]
    return np.asarray(np.sqrt(square + (known.mean() if known.size else 0.0)))


def combine(mean_square: Array, stacked: bool = False) -> Array:
    """The spread of each element from the mean squares of deviations: the element's own and its tensor's, see `measure`."""
    axes = tuple(range(1 if stacked else 0, mean_square.ndim))
    over_tensor = mean_square.mean(axis=axes, keepdims=True) if mean_square.size else mean_square
    return np.asarray(np.sqrt(mean_square + over_tensor))
