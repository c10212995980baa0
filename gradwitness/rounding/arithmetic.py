"""Monte Carlo arithmetic: what rounding alone can do to a result.

A function is run on `Perturbed` arrays, whose every NumPy operation rounds at random: its exact result (computed in
a wider dtype) is multiplied by 1 + u r, where u is the unit roundoff of the dtype under test and r is uniform in
[-1, 1]. The root mean square distance of a few such runs from the unperturbed one is the scale of honest error of
*this* function at *this* point, conditioning included: a sum that cancels, a tanh that saturates, a gradient that
is exactly zero all get what they deserve, and nobody picks a number.

`measure` does all this. `Noise` (noise.py) makes up the roundings, `Perturbed` (perturbed.py) catches the operations, and
operations.py knows how each kind of them rounds.

What is rounded, and what is not:

- Arithmetic and elementary functions round once, by up to u.
- Selection, sign, comparison and data movement (maximum, where, negative, reshape, ...) are exact, as they are in
  IEEE arithmetic.
- A constant (a Python float, an array that is not `Perturbed`) is rounded when the dtype under test cannot hold it:
  a framework that gets eps = 1e-7 as float32 gets another number.
- A reduction of n terms x_i with sum S may be evaluated in any order, at worst one after the other. The partial
  sums of a sequential sum in random order are s_k ~ (k/n) S plus a bridge of variance Q (k/n)(1 - k/n), Q = sum
  x_i^2, and each is rounded, so the error has variance u'^2 sum_k s_k^2 = u'^2 n (S^2/3 + Q/6). The same variance
  results from perturbing the sum by u sqrt(n/3) and every term by u sqrt(n/6), once each; for a product of two
  factors (matmul), each factor by u sqrt(n/12). So it is with the values that `ufunc.at` adds to one element. Nothing
  is perturbed by less than u, and no allowance grows with the length of a reduction anywhere else.

Source: Parker, "Monte Carlo arithmetic", UCLA CSD-970002, 1997; Higham, "Accuracy and stability of numerical
algorithms", 2002, section 4.2.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from gradwitness.arrays import Array, wider
from gradwitness.rounding.noise import Noise
from gradwitness.rounding.perturbed import Perturbed, lift

SAMPLES = 16
"""Perturbed runs per measurement. The estimate of a spread from n runs falls short by a factor of 4 with probability
P(chi^2_n < n/16): 1e-4 for n = 8, 6e-8 for n = 16; and K leaves room for it."""


class Unstable(ArithmeticError):
    """Rounding alone can turn a finite result into inf or nan: no allowance can be derived at this point."""


@dataclass(frozen=True)
class Measured:
    """A result as the reference knows it: the truth in the wider dtype, and the scale of honest error of each of
    its elements.
    """

    truth: Array
    spread: Array


def measure(
    function: Callable[[Callable[[Array], Array]], Sequence[Array]],
    dtype: np.typing.DTypeLike,
    *,
    seed: int,
    samples: int = SAMPLES,
    stacked: bool = False,
) -> list[Measured]:
    """Truth and spread of each array that function returns.

    function(lift) converts its floating inputs, already representable in dtype, by lift and returns a sequence of
    arrays; it is called once with a plain conversion to the wider dtype, and `samples` times with `lift`.

    The spread of an element is the root of the sum of two squares: its own rms deviation over the runs, and the rms
    of those over its tensor. The second steadies an estimate from few runs and covers what is accidentally exact.
    With `stacked`, axis 0 counts time steps, and tensors are the entries along it.

    Raises Unstable where a perturbed run is inf or nan and the truth is finite, TypeError where the function lost
    the subclass on the way (a result that is not `Perturbed` was not watched).
    """
    wide = wider(dtype)
    with np.errstate(all="ignore"):
        truths = [np.asarray(t) for t in function(lambda array: np.asarray(array).astype(wide))]
        squares = [np.zeros(t.shape, np.longdouble) for t in truths]
        for sample in range(samples):
            noise = Noise(dtype, np.random.default_rng((seed, sample)))
            for i, (result, truth) in enumerate(zip(function(partial(lift, noise)), truths, strict=True)):
                if not isinstance(result, Perturbed):
                    raise TypeError(f"result {i} is a {type(result).__name__}: the function lost the subclass on the way")
                value = result.view(np.ndarray)
                if (lost := np.isfinite(truth) & ~np.isfinite(value)).any():
                    raise Unstable(f"result {i}: rounding makes {int(lost.sum())} of {truth.size} finite elements inf or nan")
                deviation = np.where(np.isfinite(truth), value - truth, 0)
                squares[i] += deviation.astype(np.longdouble) ** 2  # longdouble: squares of tiny values stay above zero
    return [Measured(t, combine(s / samples, stacked)) for t, s in zip(truths, squares, strict=True)]


def combine(mean_square: Array, stacked: bool = False) -> Array:
    """The spread of each element from mean squares: its own deviation and its tensor's, as `measure` explains."""
    axes = tuple(range(1 if stacked else 0, mean_square.ndim))
    over_tensor = mean_square.mean(axis=axes, keepdims=True) if mean_square.size else mean_square
    return np.asarray(np.sqrt(mean_square + over_tensor))
