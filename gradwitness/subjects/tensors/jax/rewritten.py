"""Functions of JAX with other results of some operations: they are traced, and the jaxpr is evaluated."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import numpy as np
from jax.extend import core

from gradwitness.subjects.tensors.backend import Calling, Inside, Rewrite
from gradwitness.subjects.tensors.precision import Precision

NAMES = {"add": "add", "div": "divide", "max": "maximum", "sqrt": "sqrt", "rsqrt": "rsqrt", "reshape": "reshape"}
PASSED = ("broadcast_in_dim", "convert_element_type", "copy", "stop_gradient", "squeeze")
"""Primitives that keep the values."""
ENTERED = ("jaxpr", "call_jaxpr", "fun_jaxpr")
"""Parameters of primitives that call another jaxpr."""
CALLS = ("pjit", "jit", "closed_call", "core_call", "remat", "checkpoint", "custom_jvp_call", "custom_vjp_call")
POWERS = {0.5: "sqrt", -0.5: "rsqrt"}


def rewritten(calling: Calling, rewrite: Callable[[], Rewrite]) -> Calling:
    """See `backend.Functions`."""

    def call(
        parameters: Mapping[str, Any], args: tuple[Any, ...], kwargs: Mapping[str, Any], precision: Precision
    ) -> tuple[Any, Inside]:
        leaves, tree = jax.tree.flatten((dict(parameters), args, dict(kwargs)))
        arrays = [i for i, leaf in enumerate(leaves) if isinstance(leaf, jax.Array)]
        insides: list[Inside] = []

        def run(*values: Any) -> Any:
            given = list(leaves)
            for i, value in zip(arrays, values, strict=True):
                given[i] = value
            own, positional, keywords = jax.tree.unflatten(tree, given)
            out, inside = calling(own, positional, keywords, precision)
            insides.append(inside)
            return out

        values = [leaves[i] for i in arrays]
        wide = any(value.dtype in (np.float64, np.complex128) for value in values)
        with jax.enable_x64(wide or jax.config.jax_enable_x64):
            traced, shapes = jax.make_jaxpr(run, return_shape=True)(*values)
            outs = evaluated(traced.jaxpr, traced.consts, values, rewrite())
        return jax.tree.unflatten(jax.tree.structure(shapes), outs), insides[0]

    return call


def evaluated(jaxpr: Any, consts: Sequence[Any], args: Sequence[Any], rewrite: Rewrite) -> list[Any]:
    """The results of a jaxpr. Loops and branches run as they are."""
    values: dict[Any, Any] = dict(zip((*jaxpr.constvars, *jaxpr.invars), (*consts, *args), strict=True))

    def read(atom: Any) -> Any:
        return atom.val if isinstance(atom, core.Literal) else values[atom]

    for eqn in jaxpr.eqns:
        name, operands = eqn.primitive.name, [read(atom) for atom in eqn.invars]
        inner = next((eqn.params[key] for key in ENTERED if key in eqn.params), None)
        if name in CALLS and inner is not None:
            closed = hasattr(inner, "consts")
            results = evaluated(inner.jaxpr if closed else inner, inner.consts if closed else (), operands, rewrite)
        else:
            found = eqn.primitive.bind(*operands, **eqn.params)
            results = list(found) if eqn.primitive.multiple_results else [found]
            known = NAMES.get(name, "")
            if name == "pow" and isinstance(eqn.invars[1], core.Literal):
                known = POWERS.get(float(operands[1]), "")
            if known:
                results = [rewrite(known, [_number(each) for each in operands], results[0])]
            elif name in PASSED:
                rewrite.same(_number(operands[0]), results[0])
        values.update(zip(eqn.outvars, results, strict=True))
    return [read(atom) for atom in jaxpr.outvars]


def _number(value: Any) -> Any:
    """A number of the code as a number of Python."""
    is_number = not isinstance(value, jax.Array) and np.ndim(value) == 0
    return float(value) if is_number and np.issubdtype(np.asarray(value).dtype, np.floating) else value
