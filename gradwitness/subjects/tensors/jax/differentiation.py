"""jax.vjp, jax.jvp and jax.vmap."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp

from gradwitness.rounding.exact import Exact
from gradwitness.rounding.jax.exact import exact
from gradwitness.subjects.tensors.backend import Operations, Pull, Run, Vjp
from gradwitness.subjects.tensors.jax.compiled import Differentiator, Evaluator
from gradwitness.subjects.tensors.jax.loops import Looping
from gradwitness.subjects.tensors.jax.operations import operations


class Differentiation:
    """See `backend.Differentiation`."""

    def evaluator(self, _: Any, run: Run) -> Run:
        """Compiled if it takes long: tracing a loop anew at each call does."""
        return Evaluator(run)

    def differentiator(self, vjp: Vjp) -> Vjp:
        """Compiled if it takes long, likewise."""
        return Differentiator(vjp)

    def looping(self, vjp: Vjp) -> Vjp:
        """See loops.py."""
        return Looping(vjp)

    def vjp(self, run: Run, inputs: Sequence[Any]) -> tuple[list[Any], Pull]:
        """Cotangents of None count as zeros. A complex gradient of JAX is the conjugate of that of the others."""
        outs, pulled = jax.vjp(lambda *leaves: run(leaves), *inputs)

        def pull(douts: Sequence[Any]) -> list[Any]:
            given = [
                jnp.zeros_like(out) if dout is None else jnp.conj(dout).astype(out.dtype)
                for out, dout in zip(outs, douts, strict=True)
            ]
            return [jnp.conj(gradient) for gradient in pulled(given)]

        return outs, pull

    def second(self, run: Run, inputs: Sequence[Any], cotangents: Sequence[Any]) -> tuple[list[Any], Pull]:
        """A vjp of a vjp."""
        count = len(inputs)
        return self.vjp(lambda all_: self.vjp(run, all_[:count])[1](all_[count:]), [*inputs, *cotangents])

    def jvp(self, run: Run, inputs: Sequence[Any], tangents: Sequence[Any]) -> list[Any]:
        """jax.jvp."""
        _, found = jax.jvp(lambda *leaves: run(leaves), tuple(inputs), tuple(tangents))
        return list(found)

    def vmapped(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """jax.vmap."""
        mapped: Callable[..., Any] = jax.vmap(function)
        return mapped

    def operations(self, run: Run, inputs: Sequence[Any]) -> Operations:
        """By its jaxpr, if there is one."""
        return operations(run, inputs)

    def exact(self, dtypes: Sequence[str] = ()) -> Exact:
        """By its jaxpr, in float64."""
        return exact(self.vjp, dtypes)
