"""The constants of a program as its source has them.

JAX writes a number of the source into the program in the dtype that it computes in: eps = 1e-8 is 0 in float16, 0.1 is another
number. The same function is traced once more with arrays in float64, where numbers are as they are in the source. Where both
programs have the same primitives in the same order, and a constant of one is that of the other, rounded, the latter is the truth.
That it was rounded is an error like any other.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from typing import Any

import jax
import numpy as np
from jax.extend import core

from gradwitness.rounding.jax.noise import is_floating, wide

Finer = Mapping[tuple[int, int], Any]
"""(id of an equation, position of an operand) -> its value in float64."""


def finer(function: Callable[..., Any], arguments: Sequence[Any], traced: Any) -> Finer:
    """Those constants of a traced program that are rounded numbers of its source.

    function, arguments   the same function, and its arguments in float64
    """
    if not any(_candidates(traced.jaxpr, dict(zip(traced.jaxpr.constvars, traced.consts, strict=True)))):
        return {}
    try:
        other = jax.make_jaxpr(function)(*arguments)
    except Exception:  # it need not run in float64, or not be traced there
        return {}
    found = {}
    for key, narrow, source in _pairs(traced.jaxpr, traced.consts, other.jaxpr, other.consts):
        if narrow.shape == source.shape and is_floating(narrow.dtype) and is_floating(source.dtype):
            with np.errstate(over="ignore"):
                same = np.array_equal(source.astype(narrow.dtype), narrow, equal_nan=True)
            if same and not np.array_equal(np.asarray(wide(narrow)), source, equal_nan=True):
                found[key] = source
    return found


def numbered(constants: Finer, jaxpr: Any) -> Hashable:
    """Such constants, each with the number of its equation: what equal programs have in common."""
    numbers: dict[int, int] = {}
    for number, eqn in enumerate(_equations(jaxpr)):
        numbers.setdefault(id(eqn), number)
    values = {key: np.asarray(value) for key, value in constants.items()}
    return tuple((numbers[key[0]], key[1], str(value.dtype), value.shape, value.tobytes()) for key, value in values.items())


def _equations(jaxpr: Any) -> Iterator[Any]:
    for eqn in jaxpr.eqns:
        yield eqn
        for inner, _ in _inside(eqn):
            yield from _equations(inner)


def in_float64(arguments: Sequence[Any]) -> list[Any]:
    """The same values in float64."""
    return jax.tree.map(lambda leaf: wide(leaf) if hasattr(leaf, "dtype") else leaf, list(arguments))


def _candidates(jaxpr: Any, consts: Mapping[Any, Any]) -> Iterator[bool]:
    """Whether there are constants that may be rounded ones: floats that are no small whole numbers; 0, which 1e-8 may be, is."""
    for eqn in jaxpr.eqns:
        for atom in eqn.invars:
            value = _constant(atom, consts)
            if value is not None and is_floating(value.dtype):
                number = np.asarray(value).astype(np.complex128)
                narrow = value.dtype.itemsize < 4
                yield bool(((number != np.round(number)) | (narrow & (number == 0)) | ~(np.abs(number) < 2.0**8)).any())
        for inner, inner_consts in _inside(eqn):
            yield from _candidates(inner, dict(zip(inner.constvars, inner_consts, strict=False)))


def _pairs(jaxpr: Any, consts: Any, other: Any, other_consts: Any) -> Iterator[tuple[tuple[int, int], Any, Any]]:
    """(key, constant, constant of the other program) for operands that are constants in both."""
    here, there = ([eqn for eqn in each.eqns if eqn.primitive.name != "convert_element_type"] for each in (jaxpr, other))
    if [eqn.primitive.name for eqn in here] != [eqn.primitive.name for eqn in there]:
        return
    known, others = dict(zip(jaxpr.constvars, consts, strict=True)), dict(zip(other.constvars, other_consts, strict=True))
    for one, two in zip(here, there, strict=True):
        for position, (atom, source) in enumerate(zip(one.invars, two.invars, strict=False)):
            narrow, value = _constant(atom, known), _constant(source, others)
            if narrow is not None and value is not None:
                yield (id(one), position), np.asarray(narrow), np.asarray(value)
        for inner, outer in zip(_inside(one), _inside(two), strict=False):
            yield from _pairs(*inner, *outer)


def _constant(atom: Any, consts: Mapping[Any, Any]) -> Any:
    """The value of an operand that is a constant; None for any other."""
    if isinstance(atom, core.Literal):
        return np.asarray(atom.val, atom.aval.dtype)
    value = consts.get(atom)
    return None if value is None or jax.dtypes.issubdtype(value.dtype, jax.dtypes.prng_key) else value


def _inside(eqn: Any) -> list[tuple[Any, Any]]:
    """The programs inside an equation, each with its constants."""
    found = []
    for value in eqn.params.values():
        for each in value if isinstance(value, (tuple, list)) else (value,):
            if isinstance(each, core.ClosedJaxpr):
                found.append((each.jaxpr, each.consts))
            elif isinstance(each, core.Jaxpr):
                found.append((each, ()))
    return found
