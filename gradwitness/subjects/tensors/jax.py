"""JAX: jax.vjp. Flax modules run on the variables that come as their first input."""

from __future__ import annotations

import importlib
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.core import jaxprs_in_params

from gradwitness.arrays import Array
from gradwitness.frameworks import load, reproducible
from gradwitness.rounding.exact import Exact
from gradwitness.rounding.jax.exact import exact, narrowed
from gradwitness.subjects.tensors.backend import Calling, Inside, Precision, Pull
from gradwitness.subjects.tensors.places import Place, exchanged, places
from gradwitness.subjects.tensors.programs import kept
from gradwitness.subjects.tensors.tree import Path, replaced, tensors

SLOW, TWICE = 5e-3, 2
"""Seconds of a call that takes long, and how many of them there are before a function is compiled."""
DECOMPOSITIONS = ("eig", "eigh", "svd")
"""Primitives whose vectors have arbitrary phases where they are complex."""
WIDE = tuple(map(np.dtype, ("float64", "complex128", "int64", "uint64")))


class Jax:
    """See `Backend`."""

    name, title = "jax", "JAX"
    layouts = ()
    cure = "Convert: jnp.asarray(x)"
    _x64 = False

    def without_values(self, tensor: Any) -> str:
        """Inside of jit arrays are traced."""
        return "that is traced" if isinstance(tensor, jax.core.Tracer) else ""

    def holds(self, value: Any) -> bool:
        """An array of JAX, traced or not."""
        return isinstance(value, jax.Array)

    def marked(self, tensor: Any) -> bool:
        """Arrays of JAX do not say."""
        return False

    def dtype(self, tensor: Any) -> str:
        """As NumPy names it."""
        return str(tensor.dtype)

    def array(self, tensor: Any) -> Array:
        """From any device."""
        values = np.array(tensor)
        if values.dtype.kind == "c":
            return np.stack([values.real, values.imag], -1)
        return values.astype(np.float32) if is_narrow(values) else values

    def tensor(self, array: Array, like: Any, dtype: str) -> Any:
        """Where `like` is: on its devices if it was put there, else wherever it is needed."""
        wanted = jnp.dtype(dtype)
        values = np.array(array)
        if wanted.kind == "c":
            values = values[..., 0] + 1j * values[..., 1]
        return jax.device_put(values.astype(wanted), like.sharding if like.committed else None)

    def zeros(self, tensor: Any) -> Any:
        """Zeros like it."""
        return jnp.zeros_like(tensor)

    def laid_out(self, tensor: Any, layout: str) -> Any:
        """Tensors of JAX have one layout."""
        raise ValueError(f"no layout {layout!r}")

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

    def of_triangles(self, outs: Sequence[Any]) -> bool:
        """None is known."""
        return False

    def has_phases(self, run: Callable[[Sequence[Any]], list[Any]], inputs: Sequence[Any]) -> bool:
        """By its jaxpr, if there is one."""
        with suppress(Exception):  # code that cannot be traced raises anything
            return _any(_has_phases, jax.make_jaxpr(lambda *leaves: run(leaves))(*inputs).jaxpr)
        return False

    def samples(self, run: Callable[[Sequence[Any]], list[Any]], inputs: Sequence[Any]) -> bool:
        """By its jaxpr, if there is one."""
        with suppress(Exception):  # code that cannot be traced raises anything
            return _any(
                lambda eqn: eqn.primitive.name == "random_gamma", jax.make_jaxpr(lambda *leaves: run(leaves))(*inputs).jaxpr
            )
        return False

    def calling(self, function: Any, mode: str = "eager") -> Calling:
        """A module of flax.linen is called by its apply, one of flax.nnx on a copy of itself."""
        held = [] if _is_nnx(function) else places(function, self.holds)
        called = function
        if _is_nnx(function):
            called = partial(_on_copy, function)
        elif _is_linen(function):
            called = function.apply
        run = called if mode == "eager" else _Jitted(called, mode, self.holds)

        def call(
            parameters: Mapping[str, Any], args: tuple[Any, ...], kwargs: Mapping[str, Any], precision: Precision
        ) -> tuple[Any, Inside]:
            copies = {id(place.tensor): rounded(place.tensor, precision) for place in held}
            inside = partial(_inside, held, copies, precision.computed == "float64" or self._x64 or _wide((args, kwargs)))
            with inside():
                return (run(parameters, precision, *args, **kwargs) if _is_nnx(function) else run(*args, **kwargs)), inside

        return call

    def evaluator(self, _: Any, run: Callable[[Sequence[Any]], list[Any]]) -> Callable[[Sequence[Any]], list[Any]]:
        """Compiled if it takes long: tracing a loop anew at each call does."""
        return _Evaluator(run)

    def vjp(self, run: Callable[[Sequence[Any]], list[Any]], inputs: Sequence[Any]) -> tuple[list[Any], Pull]:
        """Cotangents of None count as zeros. A complex gradient of JAX is the conjugate of that of the others."""
        outs, pulled = jax.vjp(lambda *leaves: run(leaves), *inputs)

        def pull(douts: Sequence[Any]) -> list[Any]:
            given = [jnp.zeros_like(out) if dout is None else jnp.conj(dout) for out, dout in zip(outs, douts, strict=True)]
            return [jnp.conj(gradient) for gradient in pulled(given)]

        return outs, pull

    def narrowed(self, run: Callable[[Sequence[Any]], list[Any]], inputs: Sequence[Any]) -> str:
        """By its jaxpr, if there is one."""
        with suppress(Exception):  # code that cannot be traced raises anything
            return narrowed(jax.make_jaxpr(lambda *leaves: run(leaves))(*inputs).jaxpr)
        return ""

    def exact(self) -> Exact:
        """By its jaxpr, in float64."""
        return exact(self.vjp)

    def second(
        self, run: Callable[[Sequence[Any]], list[Any]], inputs: Sequence[Any], cotangents: Sequence[Any]
    ) -> tuple[list[Any], Pull]:
        """A vjp of a vjp."""
        count = len(inputs)
        return self.vjp(lambda all_: self.vjp(run, all_[:count])[1](all_[count:]), [*inputs, *cotangents])

    def jvp(self, run: Callable[[Sequence[Any]], list[Any]], inputs: Sequence[Any], tangents: Sequence[Any]) -> list[Any]:
        """jax.jvp."""
        _, found = jax.jvp(lambda *leaves: run(leaves), tuple(inputs), tuple(tangents))
        return list(found)

    def vmapped(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """jax.vmap."""
        mapped: Callable[..., Any] = jax.vmap(function)
        return mapped

    @contextmanager
    def reproducible(self) -> Iterator[None]:
        """float64 is kept. In their own dtypes functions run as the process has it: there a Python float may be a float32."""
        self._x64 = bool(jax.config.jax_enable_x64)
        with reproducible("jax"), kept():
            yield

    def random_state(self) -> Callable[[], None]:
        """JAX has no state of its own: keys are handed over."""
        return lambda: None

    def stir(self) -> None:
        """There is no state."""

    def drawn(self) -> object:
        """Nothing: there is no state."""
        return None

    def version(self) -> str:
        """Name and version."""
        return load("jax").version()


BACKEND = Jax()


def _has_phases(eqn: Any) -> bool:
    """Whether an equation decomposes a complex matrix."""
    return eqn.primitive.name in DECOMPOSITIONS and any(jnp.iscomplexobj(atom.aval) for atom in eqn.invars)


def _is_gamma(eqn: Any) -> bool:
    """Whether an equation draws a gamma variable, of which the others are made."""
    return bool(eqn.primitive.name == "random_gamma")


def _any(holds: Callable[[Any], bool], jaxpr: Any) -> bool:
    """Whether something holds of one of the equations, or of those inside of them."""
    return any(holds(eqn) or any(_any(holds, inner) for inner in jaxprs_in_params(eqn.params)) for eqn in jaxpr.eqns)


def _is_linen(function: Any) -> bool:
    return "flax.linen" in sys.modules and isinstance(function, sys.modules["flax.linen"].Module)


def _is_nnx(function: Any) -> bool:
    return "flax.nnx" in sys.modules and bool(_nnx().is_module(function))


def _nnx() -> Any:
    """flax.py, which imports flax.nnx."""
    return importlib.import_module("gradwitness.subjects.tensors.flax")


def _on_copy(module: Any, parameters: Mapping[str, Any], precision: Precision, *args: Any, **kwargs: Any) -> Any:
    """A call of a module of nnx on given parameters."""
    return _nnx().on(module, parameters, partial(rounded, precision=precision))(*args, **kwargs)


class _Jitted:
    """A function that is compiled for its arrays. Whatever else it is given (an axis, a flag, a name) is part of the program."""

    def __init__(self, called: Callable[..., Any], mode: str, holds: Callable[[Any], bool]) -> None:
        self._called, self._mode, self._holds = called, mode, holds
        self._compiled: dict[tuple[Path, ...], Callable[..., Any]] = {}

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        given = {"args": args, "kwargs": kwargs}
        paths, arrays = zip(*tensors(given, self._holds), strict=True)
        if paths not in self._compiled:

            def body(*arrays: Any) -> Any:
                new = replaced(given, dict(zip(paths, arrays, strict=True)))
                return self._called(*new["args"], **new["kwargs"])

            self._compiled[paths] = load("jax").compile(body, self._mode)
        return self._compiled[paths](*arrays)


class _Evaluator:
    """A function that is compiled once two calls of it took long; as it is where it cannot be compiled."""

    def __init__(self, run: Callable[[Sequence[Any]], list[Any]]) -> None:
        self._run, self._slow, self._compiled = run, 0, False

    def __call__(self, inputs: Sequence[Any]) -> list[Any]:
        start = time.perf_counter()
        found = self._run(inputs)
        self._slow += time.perf_counter() - start > SLOW
        if self._slow == TWICE and not self._compiled:
            self._compiled, eager = True, self._run
            compiled = jax.jit(lambda values: eager(values))
            try:
                jax.block_until_ready(compiled(list(inputs)))
                self._run = compiled
            except Exception:  # it looks at values, which a compiled function cannot
                self._run = eager
        return found


@contextmanager
def _inside(held: list[Place], copies: Mapping[int, Any], x64: bool) -> Iterator[None]:
    with exchanged(held, copies), jax.enable_x64(x64):
        yield


def _wide(given: Any) -> bool:
    """Whether there is a number of 64 bits among what a function is given."""
    return any(getattr(value, "dtype", None) in WIDE for value in jax.tree.leaves(given))


def is_narrow(values: Array) -> bool:
    """Whether these are floats of less than 32 bits."""
    return values.dtype.itemsize < 4 and (values.dtype.kind == "f" or "float" in values.dtype.name)


def rounded(value: Any, precision: Precision) -> Any:
    """Floats, and complex numbers, in a precision; anything else as it is."""
    for dtype in (precision.stored, precision.computed):
        if dtype is not None and hasattr(value, "dtype") and jnp.issubdtype(value.dtype, jnp.inexact):
            complex_ = jnp.issubdtype(value.dtype, jnp.complexfloating)
            value = value.astype(jnp.result_type(dtype, jnp.complex64) if complex_ else dtype)
    return value
