"""A jaxpr with float64 values, each primitive rounded at random as the dtypes of its results may round it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.extend import core

from gradwitness.rounding.framework import NotWatched, operand, result
from gradwitness.rounding.jax.noise import Noise, is_floating, whole, wide
from gradwitness.rounding.jax.primitives import (
    CALLS,
    CONTRACTIONS,
    EXACT,
    FOREIGN,
    NATIVE,
    OF_COMPLEX,
    ONCE,
    PASSES,
    REDUCTIONS,
    SCATTERS,
    SELECTING,
    VECTORS,
)
from gradwitness.rounding.vectors import aligned
from gradwitness.rounding.widths import DOUBLE, Width, width

Values = Sequence[Any]


def evaluate(jaxpr: Any, consts: Values, args: Values, noise: Noise) -> list[Any]:
    """The results of a jaxpr, floating ones in float64.

    consts, args   the values of its variables; floating ones of args are in float64
    """
    values: dict[Any, Any] = dict(zip(jaxpr.constvars, map(wide, consts), strict=True))
    values.update(zip(jaxpr.invars, args, strict=True))

    def read(atom: Any) -> Any:
        if not isinstance(atom, core.Literal):
            return values[atom]
        return (
            wide(np.asarray(atom.val, atom.aval.dtype))
            if is_floating(atom.aval.dtype)
            else jnp.asarray(atom.val, atom.aval.dtype)
        )

    for eqn in jaxpr.eqns:
        operands = [read(atom) for atom in eqn.invars]
        for i, atom in enumerate(eqn.invars):
            if (id(eqn), i) in noise.finer:
                operands[i] = noise.constant(noise.finer[id(eqn), i], width(atom.aval.dtype))
        results = _equation(eqn, operands, noise)
        values.update(zip(eqn.outvars, results, strict=True))
    return [read(atom) for atom in jaxpr.outvars]


def _equation(eqn: Any, operands: Values, noise: Noise) -> list[Any]:  # noqa: PLR0911  one return for each kind
    name, params = eqn.primitive.name, eqn.params
    if name in FOREIGN or "callback" in name:
        raise NotWatched(f"the function calls {name}, whose inside cannot be seen")
    if name in CALLS:
        inner = next(params[key] for key in ("jaxpr", "call_jaxpr", "fun_jaxpr") if key in params)
        return evaluate(*_opened(inner), operands, noise)
    if name in _ENTERED:
        return _ENTERED[name](params, operands, noise)
    claimed = [width(v.aval.dtype) if is_floating(v.aval.dtype) else None for v in eqn.outvars]
    if name in NATIVE:
        return _native(eqn, operands)
    if name in SELECTING:
        return [getattr(lax, SELECTING[name])(*operands, **_without_update(params))]
    if name in SCATTERS and claimed[0]:
        return [_scatter(noise, getattr(lax, SCATTERS[name]), operands, params, claimed[0])]
    params = {key: _wide_dtype(value) for key, value in params.items()}

    def compute(*operands: Any) -> list[Any]:
        results = _listed(eqn.primitive.bind(*operands, **params))
        return aligned(jnp, VECTORS[name], results, _native(eqn, operands)) if name in VECTORS and _is_narrow(eqn) else results

    of_complex = name in OF_COMPLEX and jnp.iscomplexobj(operands[0])
    if (name in EXACT and not of_complex) or not any(claimed) or (name == "convert_element_type" and not _narrows(eqn)):
        return compute(*operands)
    if name == "convert_element_type":  # a constant that the narrower dtype holds is exact
        (value,), dtype = compute(*operands), eqn.outvars[0].aval.dtype
        return [noise.round(value, width(dtype).unit, width(dtype).absolute, value == wide(value.astype(dtype)))]
    if name in ONCE or of_complex:
        same = operands if name in PASSES else ()
        return [_round(noise, value, w, 1, same) for value, w in zip(compute(*operands), claimed, strict=True)]
    return _kernel(noise, name, compute, operands, params, claimed)


def _native(eqn: Any, operands: Values) -> list[Any]:
    """What a primitive returns in the dtypes that its operands claim, in float64."""
    avals = [atom.aval for atom in eqn.invars]
    narrow = [value.astype(aval.dtype) if is_floating(aval.dtype) else value for aval, value in zip(avals, operands, strict=True)]
    return [wide(value) for value in _listed(eqn.primitive.bind(*narrow, **eqn.params))]


def _is_narrow(eqn: Any) -> bool:
    return any(is_floating(atom.aval.dtype) and width(atom.aval.dtype).unit > DOUBLE.unit for atom in eqn.invars)


def _call(params: Mapping[str, Any], operands: Values, noise: Noise) -> list[Any]:
    inner = next(params[key] for key in ("jaxpr", "call_jaxpr", "fun_jaxpr") if key in params)
    return evaluate(*_opened(inner), operands, noise)


def _kernel(noise: Noise, name: str, compute: Any, operands: Values, params: Any, claimed: Sequence[Width | None]) -> list[Any]:
    """A primitive that rounds inside: its operands are perturbed as well as its results, by as much as its length warrants."""
    accumulation = min((w for w in claimed if w), key=lambda w: w.unit)
    shapes = jax.eval_shape(lambda: compute(*operands))
    if name in CONTRACTIONS or name in REDUCTIONS:
        terms = [(CONTRACTIONS.get(name) or REDUCTIONS[name])(operands, params)] * len(shapes)
    else:
        largest = max((value.size for value in operands), default=1)
        terms = [max(1, largest // max(1, shape.size)) for shape in shapes]
    error = operand(accumulation, max(terms), 2 if name in CONTRACTIONS else 1)
    floats = [value for value in operands if is_floating(value.dtype)]
    exact = jnp.all(jnp.stack([jnp.all(whole(value, 2.0**24)) for value in floats if not jnp.iscomplexobj(value)] or [False]))
    results = compute(*(noise.round(value, error, 0.0, exact) if is_floating(value.dtype) else value for value in operands))
    return [_round(noise, value, w, n) for value, w, n in zip(results, claimed, terms, strict=True)]


def _round(noise: Noise, value: Any, width: Width | None, terms: float = 1, operands: Values = ()) -> Any:
    """A result, rounded. Where it equals an operand (x + 0, 1 * x) or is a whole number, it is exact."""
    if width is None:
        return value
    exact = False if jnp.iscomplexobj(value) else whole(value, 1 / width.unit)
    for x in operands:
        exact |= value == x
    return noise.round(value, result(width, terms), width.absolute, exact)


def _scatter(noise: Noise, function: Any, operands: Values, params: Mapping[str, Any], width: Width) -> Any:
    """Values that are added to the elements that an index names, or multiply them, one after the other, in the dtype that stores
    them.
    """
    target, indices, updates = operands
    named = _without_update(params)
    count = lax.scatter_add(jnp.zeros_like(target), indices, jnp.ones_like(updates), **named).real
    most = jnp.sqrt(jnp.maximum(1, jnp.max(count, initial=0) / 6))
    value = function(target, indices, noise.round(updates, width.unit * most), **named)
    scale = jnp.where(count > 0, jnp.maximum(1, jnp.sqrt(count / 3)), 0)
    return noise.round(value, width.unit * scale, width.absolute)


def _without_update(params: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of a scatter without the program that updates an element: it has the dtype that was traced."""
    return {key: value for key, value in params.items() if not key.startswith("update_")}


def _scan(params: Mapping[str, Any], operands: Values, noise: Noise) -> list[Any]:
    body, consts = _opened(params["jaxpr"])
    fixed, carried = params["num_consts"], params["num_carry"]
    constant, first, xs = operands[:fixed], operands[fixed : fixed + carried], operands[fixed + carried :]

    def step(state: Any, x: Any) -> Any:
        i, carry = state
        results = evaluate(body, consts, [*constant, *carry, *x], noise.inside(i))
        return (i + 1, results[:carried]), results[carried:]

    (_, last), ys = lax.scan(step, (jnp.int32(0), list(first)), list(xs), length=params["length"], reverse=params["reverse"])
    return [*last, *ys]


def _while(params: Mapping[str, Any], operands: Values, noise: Noise) -> list[Any]:
    m, n = params["cond_nconsts"], params["body_nconsts"]
    for_condition, for_body, first = operands[:m], operands[m : m + n], operands[m + n :]

    def wants(state: Any) -> Any:
        return evaluate(*_opened(params["cond_jaxpr"]), [*for_condition, *state[1]], noise.inside(state[0]))[0]

    def goes_on(state: Any) -> Any:
        return wants(state) if noise.most is None else wants(state) & (state[0] < noise.most)

    def step(state: Any) -> Any:
        return state[0] + 1, evaluate(*_opened(params["body_jaxpr"]), [*for_body, *state[1]], noise.inside(state[0]))

    taken, last = lax.while_loop(goes_on, step, (jnp.int32(0), list(first)))
    if noise.counts is not None:
        noise.counts.append(taken)
    if noise.most is None:
        return list(last)
    cut = taken >= noise.most
    return [jnp.where(cut, jnp.nan, value).astype(value.dtype) if is_floating(value.dtype) else value for value in last]


def _cond(params: Mapping[str, Any], operands: Values, noise: Noise) -> list[Any]:
    index, *others = operands
    inside = noise.uncounted()
    branches = [lambda *values, branch=branch: evaluate(*_opened(branch), values, inside) for branch in params["branches"]]
    return list(lax.switch(index.astype(jnp.int32), branches, *others))


def _solve(params: Mapping[str, Any], operands: Values, noise: Noise) -> list[Any]:
    """Of a linear system: the operands are the constants of four functions, of which the third solves, and the right side."""
    matvec, vecmat, solve, transposed = params["const_lengths"]
    first = matvec + vecmat
    right = operands[first + solve + transposed :]
    return evaluate(*_opened(params["jaxprs"].solve), [*operands[first : first + solve], *right], noise)


_ENTERED = {"scan": _scan, "while": _while, "cond": _cond, "custom_linear_solve": _solve}


def _opened(jaxpr: Any) -> tuple[Any, Values]:
    """A jaxpr and its constants."""
    return (jaxpr.jaxpr, jaxpr.consts) if hasattr(jaxpr, "consts") else (jaxpr, ())


def _listed(results: Any) -> list[Any]:
    return list(results) if isinstance(results, (list, tuple)) else [results]


def _narrows(eqn: Any) -> bool:
    (source,), (target,) = eqn.invars, eqn.outvars
    return is_floating(source.aval.dtype) and width(source.aval.dtype).unit < width(target.aval.dtype).unit


def _wide_dtype(value: Any) -> Any:
    """A parameter that is a floating dtype becomes float64; any other stays as it is."""
    if not isinstance(value, np.dtype) or not is_floating(value):
        return value
    return np.dtype(np.complex128 if value.kind == "c" else np.float64)


def largest_array(jaxpr: Any) -> int:
    """The number of elements of the largest array in a jaxpr and those inside it."""
    atoms = [*jaxpr.invars, *jaxpr.constvars, *(atom for eqn in jaxpr.eqns for atom in (*eqn.invars, *eqn.outvars))]
    sizes = [getattr(atom.aval, "size", 1) for atom in atoms]
    return max([1, *sizes, *map(largest_array, core.subjaxprs(jaxpr))])
