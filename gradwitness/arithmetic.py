"""Monte Carlo arithmetic: what rounding alone can do to a result.

A function is run on `Perturbed` arrays, whose every NumPy operation rounds at random: its exact result (computed in
a wider dtype) is multiplied by 1 + u r, where u is the unit roundoff of the dtype under test and r is uniform in
[-1, 1]. The root mean square distance of a few such runs from the unperturbed one is the scale of honest error of
*this* function at *this* point, conditioning included: a sum that cancels, a tanh that saturates, a gradient that
is exactly zero all get what they deserve, and nobody picks a number.

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

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradwitness.arrays import Array, unit_roundoff, wider

SAMPLES = 16
"""Perturbed runs per measurement. The estimate of a spread from n runs falls short by a factor of 4 with probability
P(chi^2_n < n/16): 1e-4 for n = 8, 6e-8 for n = 16; and K leaves room for it."""

_EXACT = frozenset([
    "absolute", "ceil", "clip", "conjugate", "copysign", "fabs", "floor", "fmax", "fmin", "maximum", "minimum", "negative",
    "positive", "rint", "sign", "trunc",
])  # fmt: skip
_CONTRACTIONS = {np.dot, np.einsum, np.inner, np.tensordot, np.vdot}
_MOVES = frozenset([
    "where", "concatenate", "pad", "copy", "choose", "broadcast_to", "broadcast_arrays", "select", "block", "sliding_window_view",
])  # fmt: skip
"""NumPy functions that only move values, and return a plain array."""


class Unstable(ArithmeticError):
    """Rounding alone can turn a finite result into inf or nan: no allowance can be derived at this point."""


class Noise:
    """The source of random rounding errors of one run: dtype is the one under test, rng a Generator."""

    def __init__(self, dtype: np.typing.DTypeLike, rng: np.random.Generator) -> None:
        self.dtype = np.dtype(dtype)
        self.wide = wider(dtype)
        self.unit = unit_roundoff(dtype)
        self.rng = rng

    def lift(self, array: Array) -> Perturbed:
        """The array as a `Perturbed` one in the wider dtype. Its values are taken as exact."""
        lifted = np.array(array, dtype=self.wide).view(Perturbed)
        lifted.noise = self
        return lifted

    def round(self, array: Array, scale: float | Array = 1.0) -> Array:
        """The array times 1 + scale u r, r uniform in [-1, 1] per element. Zeros, infinities and nan stay what they are.
        scale broadcasts against array.
        """
        r = np.asarray(self.rng.random(array.shape, dtype=np.float32))  # 24 random digits are plenty, and cost half
        r -= np.float32(0.5)
        r *= np.asarray(2 * self.unit * scale, np.float32)
        noisy = np.multiply(array, r, dtype=np.result_type(array, self.wide))  # in a narrower dtype noise would be lost
        noisy += array
        return noisy if np.isfinite(noisy).all() else np.where(np.isfinite(array), noisy, array)

    def decides(self, name: str, method: str, operands: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
        """Told of every ufunc and every choice of a largest element before it is computed. Noise does not care; who looks for
        kinks does (gradwitness/kinks.py).
        """

    def constant(self, value: Any) -> Any:
        """A number or array from outside: rounded at random unless the dtype under test holds it exactly."""
        if not isinstance(value, (float, np.floating, np.ndarray)):
            return value
        array = np.asarray(value)
        if array.dtype.kind != "f":
            return value
        with np.errstate(over="ignore"):
            held = array.astype(self.dtype) == array
        if held.all():
            return value
        wide = array.astype(self.wide)
        return np.where(held, wide, self.round(wide))


class Perturbed(np.ndarray):
    """An array in the wider dtype whose every operation rounds as the dtype under test might. Made by `Noise.lift`."""

    noise: Noise

    def __array_finalize__(self, obj: Any) -> None:
        if obj is not None and hasattr(obj, "noise"):
            self.noise = obj.noise

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, out: Any = None, **kwargs: Any) -> Any:
        noise = _noise_of(inputs if out is None else (*inputs, *out))
        plain = [x.view(np.ndarray) if isinstance(x, Perturbed) else noise.constant(x) for x in inputs]
        where = kwargs.get("where", True)
        if isinstance(where, Perturbed):
            where = kwargs["where"] = where.view(np.ndarray)
        noise.decides(ufunc.__name__, method, plain, kwargs)
        if method == "__call__":
            kwargs.pop("where", None)  # computed everywhere, written where it is asked for
        if method == "at":
            if not isinstance(inputs[0], Perturbed):
                raise TypeError(f"numpy.{ufunc.__name__}.at puts perturbed values into an array that is not")
            return _scatter(noise, ufunc, *plain)
        if ufunc.__name__ in _EXACT:
            result = getattr(ufunc, method)(*plain, **kwargs)
        elif method in ("reduce", "accumulate", "reduceat"):
            n = _length(plain[0], kwargs.get("axis", 0))
            if method == "reduceat":
                n = np.diff(plain[1], append=n).max()  # the longest of the slices
            if ufunc is np.add:
                plain[0] = noise.round(plain[0], _at_least_one(n / 6))
            result = _rounded(noise, getattr(ufunc, method)(*plain, **kwargs), _at_least_one(n / 3))
        elif ufunc.signature is not None:  # matmul, vecdot, ...
            result = _contract(noise, ufunc, plain, kwargs, plain[0].shape[-1])
        else:
            result = _rounded(noise, getattr(ufunc, method)(*plain, **kwargs))
        if out is None:
            return _wrap(noise, result)
        results = result if isinstance(result, tuple) else (result,)
        for target, value in zip(out, results, strict=True):
            np.copyto(target, value, where=where if method == "__call__" else True)
        return out[0] if len(out) == 1 else out

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if func in _CONTRACTIONS:
            if kwargs.get("out") is not None or (func is np.dot and len(args) > 2):
                raise TypeError(f"numpy.{func.__name__} is not watched with out; assign what it returns")
            noise = _noise_of([*args, *kwargs.values()])
            plain = [x.view(np.ndarray) if isinstance(x, Perturbed) else noise.constant(x) for x in args]
            ones = [np.ones(x.shape) if isinstance(x, np.ndarray) else x for x in plain]
            n = float(np.max(func(*ones, **kwargs), initial=1))  # the number of terms in each element of the result
            return _wrap(noise, _contract(noise, func, plain, kwargs, n))
        result = super().__array_function__(func, types, args, kwargs)
        if func.__name__ in _MOVES:
            return _wrap(_noise_of([*args, *kwargs.values()]), result)
        if func.__module__ == "numpy.linalg" or any(  # linalg computes on a stripped array, and dresses the result
            isinstance(r, (np.ndarray, np.floating)) and r.dtype.kind == "f" and not isinstance(r, Perturbed)
            for r in _flat(result)
        ):
            raise TypeError(
                f"numpy.{func.__name__} strips the subclass and computes unwatched; write it with ufuncs and reductions"
            )
        return result

    def __getitem__(self, key: Any) -> Any:
        return _wrap(self.noise, super().__getitem__(key))  # a single element stays watched too

    def dot(self, other: Any) -> Any:  # type: ignore[override]
        """The method is no ufunc and would not be watched; the function is. It takes no out, which is not watched either."""
        return np.dot(self, other)

    def argmax(self, axis: Any = None, out: Any = None, *, keepdims: bool = False) -> Any:
        """No ufunc either: where the largest element is, ties broken as NumPy does."""
        self.noise.decides("argmax", "reduce", [self.view(np.ndarray)], {"axis": axis})
        return super().argmax(axis, out, keepdims=keepdims)

    def argmin(self, axis: Any = None, out: Any = None, *, keepdims: bool = False) -> Any:
        """Likewise where the smallest is."""
        self.noise.decides("argmin", "reduce", [self.view(np.ndarray)], {"axis": axis})
        return super().argmin(axis, out, keepdims=keepdims)


def _noise_of(values: Any) -> Noise:
    for array in _perturbed(values):
        return array.noise
    raise TypeError("no Perturbed array among the arguments")


def _perturbed(values: Any) -> Iterator[Perturbed]:
    """The Perturbed arrays in nested tuples and lists."""
    for value in values:
        if isinstance(value, Perturbed):
            yield value
        elif isinstance(value, (tuple, list)):
            yield from _perturbed(value)


def _flat(result: Any) -> Sequence[Any]:
    return result if isinstance(result, (tuple, list)) else (result,)


def _wrap(noise: Noise, result: Any) -> Any:
    if isinstance(result, Perturbed):
        return result
    if isinstance(result, (tuple, list)):
        return type(result)(_wrap(noise, r) for r in result)
    if isinstance(result, (np.ndarray, np.floating)) and np.asarray(result).dtype.kind == "f":
        wrapped = np.asarray(result).view(Perturbed)
        wrapped.noise = noise
        return wrapped
    return result


def _rounded(noise: Noise, result: Any, scale: float | Array = 1.0) -> Any:
    if isinstance(result, tuple):
        return tuple(_rounded(noise, r) for r in result)
    array = np.asarray(result)
    return noise.round(array, scale) if array.dtype.kind == "f" else result


def _contract(noise: Noise, function: Any, plain: Sequence[Any], kwargs: Mapping[str, Any], n: float) -> Any:
    factors = [noise.round(x, _at_least_one(n / 12)) if isinstance(x, np.ndarray) and x.dtype.kind == "f" else x for x in plain]
    return _rounded(noise, function(*factors, **kwargs), _at_least_one(n / 3))


def _scatter(noise: Noise, ufunc: Any, target: Array, indices: Any, *values: Any) -> None:
    """`ufunc.at`: n values that meet in one element of target are a reduction of n terms, one after the other."""
    if ufunc.__name__ in _EXACT:
        ufunc.at(target, indices, *values)
        return
    counts = np.zeros(target.shape)
    np.add.at(counts, indices, 1)
    terms = counts[indices]
    ufunc.at(target, indices, *(noise.round(np.broadcast_to(v, terms.shape), _at_least_one(terms / 6)) for v in values))
    target[...] = noise.round(target, np.where(counts > 0, _at_least_one(counts / 3), 0))


def _at_least_one(square: float | Array) -> Array:
    return np.maximum(1, np.sqrt(square))


def _length(array: Array, axis: int | tuple[int, ...] | None) -> int:
    """How many terms a reduction along axis adds up."""
    if axis is None:
        return array.size
    axes = axis if isinstance(axis, tuple) else (axis,)
    return math.prod(array.shape[a] for a in axes if array.shape)


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
    arrays; it is called once with a plain conversion to the wider dtype, and `samples` times with `Noise.lift`.

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
            for i, (result, truth) in enumerate(zip(function(noise.lift), truths, strict=True)):
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
