"""Loops outside of jit. JAX traces and differentiates each of them anew at every call; here each is compiled once.

The code of a function runs at each call, and whatever it does is seen. Where it traces a loop as before, that one is taken.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import jax
from jax.extend import core

from gradwitness.rounding.jax.structure import operation
from gradwitness.rounding.same import Same, Unlike
from gradwitness.subjects.tensors.backend import Pull, Run, Vjp

LOOPS = ("scan", "while")
SLOW = 0.05
"""Seconds of a differentiation that takes long: from then on loops are looked for."""


class Looping:
    """Differentiates one function, its loops compiled once a call took long."""

    def __init__(self, vjp: Vjp) -> None:
        self._vjp, self._slow, self._has_loops = vjp, False, True

    def __call__(self, run: Run, inputs: Sequence[Any]) -> tuple[list[Any], Pull]:
        start = time.perf_counter()
        outs, pull = self._vjp(self._kept(run) if self._slow and self._has_loops else run, inputs)
        self._slow |= time.perf_counter() - start > SLOW
        return outs, pull

    def _kept(self, run: Run) -> Run:
        def kept(leaves: Sequence[Any]) -> list[Any]:
            try:
                traced = jax.make_jaxpr(lambda *leaves: run(leaves))(*leaves)
            except Exception:  # it looks at values, which a traced function cannot
                self._has_loops = False
                return run(leaves)
            self._has_loops = any(eqn.primitive.name in LOOPS for eqn in traced.eqns) and not traced.effects
            return evaluated(traced.jaxpr, traced.consts, leaves) if self._has_loops else run(leaves)

        return kept


def evaluated(jaxpr: Any, consts: Sequence[Any], args: Sequence[Any]) -> list[Any]:
    """The results of a jaxpr, with its loops compiled."""
    values: dict[Any, Any] = dict(zip((*jaxpr.constvars, *jaxpr.invars), (*consts, *args), strict=True))

    def read(atom: Any) -> Any:
        return atom.val if isinstance(atom, core.Literal) else values[atom]

    for eqn in jaxpr.eqns:
        with eqn.ctx.manager:  # settings of JAX that held where it was traced
            found = _bound(eqn)(*map(read, eqn.invars))
        values.update(zip(eqn.outvars, found if eqn.primitive.multiple_results else [found], strict=True))
    return [read(atom) for atom in jaxpr.outvars]


def _bound(eqn: Any) -> Callable[..., Any]:
    """An equation as a function of its operands."""
    if eqn.primitive.name in LOOPS:
        try:
            return _compiled(operation(eqn))
        except Unlike:
            pass
    return _as_it_is(eqn)


def _as_it_is(eqn: Any) -> Callable[..., Any]:
    """An equation as JAX evaluates it."""
    params = eqn.primitive.get_bind_params(eqn.params)
    functions, params = params if isinstance(params, tuple) else ((), params)  # before 0.10 rules came apart
    return lambda *operands: eqn.primitive.bind(*functions, *operands, **params)


@lru_cache(64)
def _compiled(loop: Same) -> Callable[..., Any]:
    compiled: Callable[..., Any] = jax.jit(_as_it_is(loop.what))
    return compiled
