"""`Perturbed`, an array whose every operation rounds at random, and how NumPy passes its calls to it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from gradwitness.arrays import Array
from gradwitness.rounding.noise import Noise
from gradwitness.rounding.operations import CONTRACTIONS, EXACT, MOVES, contract, reduction, round_result, scatter


class Perturbed(np.ndarray):
    """An array in the wider dtype. Each operation on it rounds at random, as the dtype under test may. `lift` makes it."""

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
            kwargs.pop("where", None)  # computed everywhere, and written only where it holds
        if method == "at":
            if not isinstance(inputs[0], Perturbed):
                raise TypeError(f"numpy.{ufunc.__name__}.at puts perturbed values into a plain array; make it from an input")
            return scatter(noise, ufunc, *plain)
        if ufunc.__name__ in EXACT:
            result = getattr(ufunc, method)(*plain, **kwargs)
        elif method in ("reduce", "accumulate", "reduceat"):
            result = reduction(noise, ufunc, method, plain, kwargs)
        elif ufunc.signature is not None:  # matmul, vecdot, ...
            result = contract(noise, ufunc, plain, kwargs, plain[0].shape[-1])
        else:
            result = round_result(noise, getattr(ufunc, method)(*plain, **kwargs))
        if out is None:
            return _wrap(noise, result)
        results = result if isinstance(result, tuple) else (result,)
        for target, value in zip(out, results, strict=True):
            np.copyto(target, value, where=where if method == "__call__" else True)
        return out[0] if len(out) == 1 else out

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if func in CONTRACTIONS:
            if kwargs.get("out") is not None or (func is np.dot and len(args) > 2):
                raise TypeError(f"numpy.{func.__name__} is not watched with out; use the array that it returns")
            noise = _noise_of([*args, *kwargs.values()])
            plain = [x.view(np.ndarray) if isinstance(x, Perturbed) else noise.constant(x) for x in args]
            ones = [np.ones(x.shape) if isinstance(x, np.ndarray) else x for x in plain]
            n = float(np.max(func(*ones, **kwargs), initial=1))  # the number of terms in each element of the result
            return _wrap(noise, contract(noise, func, plain, kwargs, n))
        result = super().__array_function__(func, types, args, kwargs)
        if func.__name__ in MOVES:
            return _wrap(_noise_of([*args, *kwargs.values()]), result)
        if func.__module__ == "numpy.linalg" or any(  # linalg computes on a plain array and converts the result back
            isinstance(r, (np.ndarray, np.floating)) and r.dtype.kind == "f" and not isinstance(r, Perturbed)
            for r in _flat(result)
        ):
            raise TypeError(
                f"numpy.{func.__name__} computes on plain arrays, which are not watched; write it with ufuncs and reductions"
            )
        return result

    def __getitem__(self, key: Any) -> Any:
        return _wrap(self.noise, super().__getitem__(key))  # a single element is watched, too

    def dot(self, other: Any) -> Any:  # type: ignore[override]
        """`numpy.dot`, which is watched. The method of ndarray is not, and neither is its argument out."""
        return np.dot(self, other)

    def argmax(self, axis: Any = None, out: Any = None, *, keepdims: bool = False) -> Any:
        """The index of the largest element. The method is no ufunc, so it calls `Noise.decides` itself."""
        self.noise.decides("argmax", "reduce", [self.view(np.ndarray)], {"axis": axis})
        return super().argmax(axis, out, keepdims=keepdims)

    def argmin(self, axis: Any = None, out: Any = None, *, keepdims: bool = False) -> Any:
        """The index of the smallest element, likewise."""
        self.noise.decides("argmin", "reduce", [self.view(np.ndarray)], {"axis": axis})
        return super().argmin(axis, out, keepdims=keepdims)


def lift(noise: Noise, array: Array) -> Perturbed:
    """The array as a `Perturbed` one, in the wider dtype of noise. Its values are exact."""
    lifted = np.array(array, dtype=noise.wide).view(Perturbed)
    lifted.noise = noise
    return lifted


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
