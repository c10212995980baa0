"""Functions that cast to a narrower dtype inside, as `softmax(x.astype(float32))` does, without the rounding of that."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache, partial
from typing import Any

import jax
import jax.numpy as jnp
from jax.extend import core

from gradwitness.rounding.exact import Exact, Silent, Vjp
from gradwitness.rounding.jax.interpreter import evaluate
from gradwitness.rounding.jax.noise import is_floating, wide
from gradwitness.rounding.jax.structure import program
from gradwitness.rounding.same import Same, Unlike
from gradwitness.rounding.widths import width

SILENT: Any = Silent()
"""In place of the framework's Noise."""


def exact(vjp: Vjp, dtypes: Sequence[str]) -> Exact:
    """How functions run so. vjp is how they are differentiated, dtypes what they claim."""
    cast = _in_x64(lambda array, dtype: array.astype(dtype))
    return Exact(vjp, _program, _in_x64(jnp.zeros_like), _in_x64(wide), cast, dtypes, anew=lambda: True)


def _in_x64(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function where float64 exists, whatever the process is set to: without it JAX makes float32 of float64."""

    def inside(*args: Any) -> Any:
        with jax.enable_x64(True):
            return function(*args)

    return inside


def _program(function: Callable[..., Any], arguments: Sequence[Any]) -> Callable[..., list[Any]]:
    """A function of the leaves of its arguments, with every primitive in float64."""
    with jax.enable_x64(True):
        traced = jax.make_jaxpr(function)(*arguments)
        try:
            compiled = _kept(program(traced))
        except Unlike:
            compiled = _compiled(traced)

    def run(*values: Any) -> list[Any]:
        with jax.enable_x64(True):
            return list(compiled(*map(wide, values)))

    return run


def _compiled(traced: Any) -> Callable[..., list[Any]]:
    evaluated = partial(evaluate, traced.jaxpr, traced.consts)
    return jax.jit(lambda *values: evaluated(values, SILENT), compiler_options={"xla_backend_optimization_level": 0})


@lru_cache(64)
def _kept(known: Same) -> Callable[..., list[Any]]:
    """A gradient is traced anew for each cotangent, and is compiled once."""
    return _compiled(known.what)


def narrowed(jaxpr: Any) -> str:
    """The narrowest dtype that something is cast to in a program; empty if nothing is."""
    names = {str(eqn.outvars[0].aval.dtype) for eqn in _casts(jaxpr)}
    return max(names, key=lambda name: width(name).unit, default="")


def _casts(jaxpr: Any) -> Iterator[Any]:
    """The casts of floats that hold fewer digits afterwards."""
    for eqn in jaxpr.eqns:
        if eqn.primitive.name == "convert_element_type":
            source, target = eqn.invars[0].aval.dtype, eqn.outvars[0].aval.dtype
            if is_floating(source) and is_floating(target) and width(source).unit < width(target).unit:
                yield eqn
    for inner in core.subjaxprs(jaxpr):
        yield from _casts(inner)
