"""Functions of JAX, and modules of Flax: linen modules run on the variables that come as their first input."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

import jax
import numpy as np

from gradwitness.subjects.errors import BadCall
from gradwitness.subjects.tensors.backend import Calling, Inside, Rewrite
from gradwitness.subjects.tensors.jax.compiled import Jitted
from gradwitness.subjects.tensors.jax.process import Process
from gradwitness.subjects.tensors.jax.rewritten import rewritten
from gradwitness.subjects.tensors.jax.values import Values, rounded
from gradwitness.subjects.tensors.places import Place, exchanged, places
from gradwitness.subjects.tensors.precision import Precision

VARIABLES = "Bind them, module.bind(variables), or hand them over as the first input"
WIDE = tuple(map(np.dtype, ("float64", "complex128", "int64", "uint64")))


class Functions(Values, Process):
    """See `backend.Functions`."""

    def prepared(self, function: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
        """Nothing: parameters are arguments."""

    def parameters(self, function: Any) -> Mapping[str, Any]:
        """Of modules of flax.nnx alone; other functions of JAX get theirs as arguments."""
        return dict(_nnx().parameters(function)) if _is_nnx(function) else {}

    def trained(self, _: Any) -> list[str]:
        """Arrays of JAX do not say."""
        return []

    def unused(self, run: Callable[[], object]) -> list[str]:
        """None: they are always called."""
        return []

    def lost(self, *_: Any) -> bool:
        """None does."""
        return False

    def rewritten(self, calling: Calling, rewrite: Callable[[], Rewrite]) -> Calling:
        """See rewritten.py."""
        return rewritten(calling, rewrite)

    def calling(self, function: Any, mode: str = "eager") -> Calling:
        """A module of flax.linen is called by its apply, one of flax.nnx on a copy of itself."""
        held = [] if _is_nnx(function) else places(function, self.holds)
        indices = [] if _is_nnx(function) else places(function, _is_wide_index)
        called = function
        if _is_nnx(function):
            called = partial(_on_copy, function)
        unbound = _is_linen(function) and function.scope is None
        if unbound:  # one that is bound has its variables
            called = function.apply
        run = called if mode == "eager" else Jitted(called, mode, self.holds)

        def call(
            parameters: Mapping[str, Any], args: tuple[Any, ...], kwargs: Mapping[str, Any], precision: Precision
        ) -> tuple[Any, Inside]:
            copies = {id(place.tensor): rounded(place.tensor, precision) for place in held}
            x64 = precision.computed == "float64" or self._x64 or _wide((args, kwargs))
            if not x64 and any(map(_is_integer, jax.tree.leaves((args, kwargs)))):
                args, kwargs = jax.tree.map(_narrowed, (args, kwargs))
            if x64 and not self._x64:
                copies |= {id(place.tensor): place.tensor.copy() for place in indices}
            inside = partial(_inside, [*held, *indices], copies, x64)
            if unbound and not (isinstance(next(iter(args), None), Mapping) or "variables" in kwargs):
                raise BadCall("function", "a module of flax.linen without its variables", "one that has them", VARIABLES)
            with inside():
                return (run(parameters, precision, *args, **kwargs) if _is_nnx(function) else run(*args, **kwargs)), inside

        return call


def _is_wide_index(value: Any) -> bool:
    """An array of NumPy of whole numbers of 64 bits. JAX remembers by its identity that it has them: what indexes by it fails
    without x64 once it was traced with x64. So a copy is traced.
    """
    return isinstance(value, np.ndarray) and value.dtype in WIDE and value.dtype.kind in "iu"


def _is_linen(function: Any) -> bool:
    return "flax.linen" in sys.modules and isinstance(function, sys.modules["flax.linen"].Module)


def _is_nnx(function: Any) -> bool:
    return "flax.nnx" in sys.modules and bool(_nnx().is_module(function))


def _nnx() -> Any:
    """flax.py, which imports flax.nnx."""
    return importlib.import_module("gradwitness.subjects.tensors.jax.flax")


def _on_copy(module: Any, parameters: Mapping[str, Any], precision: Precision, *args: Any, **kwargs: Any) -> Any:
    """A call of a module of nnx on given parameters."""
    return _nnx().on(module, parameters, partial(rounded, precision=precision))(*args, **kwargs)


@contextmanager
def _inside(held: list[Place], copies: Mapping[int, Any], x64: bool) -> Iterator[None]:
    with exchanged(held, copies), jax.enable_x64(x64):
        yield


def _wide(given: Any) -> bool:
    """Whether a function is given a number of 64 bits: a float, or an integer that 32 bits do not hold."""
    leaves = [leaf for leaf in jax.tree.leaves(given) if getattr(leaf, "dtype", None) in WIDE]
    return any(not _is_integer(leaf) or not _fits(leaf) for leaf in leaves)


def _is_integer(value: Any) -> bool:
    """Whether it is an array of whole numbers of 64 bits."""
    dtype = getattr(value, "dtype", None)
    return dtype in WIDE and np.dtype(dtype).kind in "iu"


def _fits(value: Any) -> bool:
    """Whether 32 bits hold its numbers; those of a tracer are not known."""
    if isinstance(value, jax.core.Tracer):
        return True
    numbers, limits = np.asarray(value), np.iinfo(np.int32 if np.dtype(value.dtype).kind == "i" else np.uint32)
    return not numbers.size or bool(limits.min <= numbers.min() and numbers.max() <= limits.max)


def _narrowed(value: Any) -> Any:
    """Whole numbers as JAX takes them where x64 is off, in 32 bits; anything else as it is."""
    if not _is_integer(value):
        return value
    return value.astype(np.int32 if np.dtype(value.dtype).kind == "i" else np.uint32)
