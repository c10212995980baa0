"""Whether two programs are the same. JAX compiles those that it has traced anew, however often it has traced the same before."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import jax
import numpy as np
from jax.extend import core

from gradwitness.rounding.same import Same, Unlike

LARGEST = 2**16
"""Elements of a constant that are compared."""


def program(traced: Any) -> Same:
    """A program that was traced. Raises Unlike where it cannot be compared with others."""
    return Same(traced, structure(traced.jaxpr, traced.consts))


def operation(eqn: Any) -> Same:
    """An operation of a program. Raises Unlike likewise."""
    return Same(eqn, (eqn.primitive, _settings(eqn.params)))


def structure(jaxpr: Any, consts: Sequence[Any] = ()) -> Hashable:
    """What programs have in common that do the same: their operations in order, their numbers, the dtypes and shapes of both.

    Raises Unlike where it cannot be told.
    """
    names: dict[Any, int] = {}

    def named(atom: Any) -> Hashable:
        if isinstance(atom, core.Literal):
            return _number(atom.val), str(atom.aval)
        return names.setdefault(atom, len(names)), str(atom.aval)

    if jaxpr.effects:
        raise Unlike("it has effects")
    inputs = tuple(named(var) for var in (*jaxpr.constvars, *jaxpr.invars))
    equations = tuple(
        (eqn.primitive, tuple(map(named, eqn.invars)), _settings(eqn.params), tuple(map(named, eqn.outvars)))
        for eqn in jaxpr.eqns
    )
    return inputs, equations, tuple(map(named, jaxpr.outvars)), tuple(map(_number, consts))


def _settings(params: Mapping[str, Any]) -> Hashable:
    """The same of the parameters of an operation, among which programs are."""
    return tuple((name, _setting(value)) for name, value in params.items())


def _setting(value: Any) -> Hashable:
    if isinstance(value, core.ClosedJaxpr):
        return structure(value.jaxpr, value.consts)
    if isinstance(value, core.Jaxpr):
        return structure(value)
    if isinstance(value, (jax.Array, np.ndarray)):
        return _number(value)
    if type(value) in {tuple, list}:
        return tuple(map(_setting, value))
    if callable(value) and not isinstance(value, type):
        raise Unlike(f"it calls {value!r}")
    try:
        hash(value)
    except TypeError:
        raise Unlike(f"it has {value!r}") from None
    known: Hashable = value
    return type(value), known


def _number(value: Any) -> Hashable:
    """A constant: its bytes, for 0.0 equals -0.0."""
    if isinstance(value, jax.core.Tracer):
        raise Unlike("it holds a value that is traced")
    array = np.asarray(value)
    if array.size > LARGEST or array.dtype == object:
        raise Unlike("it has a large constant")
    return type(value), array.dtype, array.shape, array.tobytes()
