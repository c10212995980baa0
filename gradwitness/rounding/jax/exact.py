"""Functions that cast to a narrower dtype inside, as `softmax(x.astype(float32))` does, without the rounding of that."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import jax
import numpy as np
from jax.extend import core

from gradwitness.rounding.jax.interpreter import evaluate
from gradwitness.rounding.jax.noise import Noise, is_floating, wide
from gradwitness.rounding.widths import width

Run = Callable[[Sequence[Any]], list[Any]]
Vjp = Callable[[Run, Sequence[Any]], tuple[list[Any], Callable[[Sequence[Any]], list[Any]]]]


class Silent(Noise):
    """Nothing rounds."""

    def __init__(self) -> None:
        super().__init__(None)

    def inside(self, iteration: Any) -> Noise:  # noqa: ARG002  as the others have it
        """The same."""
        return self

    def round(self, value: Any, *_: Any) -> Any:
        """The value."""
        return value


class Exact:
    """Every primitive is carried out in float64, whatever dtype the program gives its result.

    vjp   how a function is differentiated
    """

    def __init__(self, vjp: Vjp) -> None:
        self._vjp = vjp

    def run(self, run: Run) -> Run:
        """What run returns, in float64. It is traced once."""
        programs: list[Callable[..., list[Any]]] = []

        def exactly(inputs: Sequence[Any]) -> list[Any]:
            if not programs:
                programs.append(_program(lambda *leaves: run(leaves), inputs))
            return programs[0](*inputs)

        return exactly

    def vjp(self, run: Run, inputs: Sequence[Any]) -> tuple[list[Any], Callable[[Sequence[Any]], list[Any]]]:
        """What run returns for these inputs, and its pull, in float64."""
        outs = self.run(run)(inputs)

        def differentiated(leaves: Sequence[Any], douts: Sequence[Any]) -> list[Any]:
            found, pull = self._vjp(run, leaves)
            gradients = pull([dout.astype(out.dtype) for dout, out in zip(douts, found, strict=True)])
            return [np.zeros(leaf.shape) if g is None else g for g, leaf in zip(gradients, leaves, strict=True)]

        def pull(douts: Sequence[Any]) -> list[Any]:
            given = [wide(np.zeros(out.shape) if dout is None else dout) for out, dout in zip(outs, douts, strict=True)]
            return _program(differentiated, [list(inputs), given])(*inputs, *given)

        return outs, pull


def _program(function: Callable[..., Any], arguments: Sequence[Any]) -> Callable[..., list[Any]]:
    """A function of the leaves of its arguments, with every primitive in float64."""
    with jax.enable_x64(True):
        traced = jax.make_jaxpr(function)(*arguments)
        compiled = jax.jit(
            lambda *values: evaluate(traced.jaxpr, traced.consts, values, Silent()),
            compiler_options={"xla_backend_optimization_level": 0},
        )

    def program(*values: Any) -> list[Any]:
        with jax.enable_x64(True):
            return list(compiled(*map(wide, values)))

    return program


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
