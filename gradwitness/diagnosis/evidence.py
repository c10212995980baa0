"""The case of one gradient of a function that is examined: measurements, and every array that a repair may use."""

from __future__ import annotations

import ast
import inspect
import textwrap
import types
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from gradwitness.arrays import Array
from gradwitness.diagnosis.case import Case, finite
from gradwitness.diagnosis.measuring import measure
from gradwitness.diagnosis.slices import along, by_row, slopes_of
from gradwitness.judging.black_box import BlackBox
from gradwitness.judging.directions import joint
from gradwitness.judging.point import Point
from gradwitness.subjects.errors import BadCall, UserError

DEEP = 3
NO_DATA = (type, types.ModuleType, types.FunctionType, types.MethodType, types.BuiltinFunctionType)
"""What holds code and no arrays."""
ENTRIES = 12
"""Of a list whose arrays are known by their position."""
SMALL = 200_000
"""Elements of a known array at most."""


def case_of(
    box: BlackBox, which: int, came: Array, wrong: Iterable[tuple[int, ...]] = (), right: Mapping[str, bool] | None = None
) -> Case:
    """The case of the gradient at a position.

    came    what backward returned for it, in its own shape
    wrong   elements that are known to be wrong
    right   whether the other gradients are right, by name
    """
    point = box.point
    leaves = point.function.leaves
    others = {
        claim.name: (claim.value, bool((right or {}).get(claim.name)))
        for i, claim in enumerate(point.claims)
        if claim is not None and i != which
    }
    return Case(
        name=f"d{leaves[which].name}",
        array=point.arrays[which],
        came=np.asarray(came),
        measurements=measure(box, which, wrong),
        known=known(point),
        douts=_cotangents(point),
        others=others,
        again=_again(point, which),
        finer=lambda case: by_row(box, which, case),
        along=lambda direction: along(box, which, direction),
        slopes=lambda index: slopes_of(box, which, index),
    )


def box_of(point: Point) -> BlackBox:
    """What measures the excess over the gradients that came; over zero where one does not fit, and where it is nan or inf."""
    fitting = [
        claim is not None and claim.value.shape == array.shape and bool(np.isfinite(claim.value).all())
        for claim, array in zip(point.claims, point.arrays, strict=True)
    ]
    values = [
        finite(None if claim is None else claim.value, array) for claim, array in zip(point.claims, point.arrays, strict=True)
    ]
    spreads = [
        c.spread if c and fits else np.zeros_like(a) for c, a, fits in zip(point.claims, point.arrays, fitting, strict=True)
    ]
    detour = any(claim.detour for claim in point.claims if claim is not None)
    return BlackBox(point, values, spreads, joint(point.scales, point.arrays, np.random.default_rng((point.seed, 8))), detour)


def _cotangents(point: Point) -> dict[str, Array]:
    """The cotangents by name: none of a loss that comes with its gradients, for the user's code has no such factor."""
    if point.function.of_a_loss:
        return {}
    return {name.replace("out", "dout", 1): dout for name, dout in zip(point.out_names, point.douts, strict=True)}


def _again(point: Point, which: int) -> Any:
    def again(douts: Sequence[Array]) -> Array | None:
        if point.function.of_a_loss:  # there is no other cotangent to ask for
            return None
        point.evaluations += 1
        try:
            with np.errstate(all="ignore"):
                came = point.call(point.arrays).backward([np.asarray(dout).astype(point.dtype) for dout in douts])[which]
            return None if came is None else np.asarray(came, np.longdouble)
        except (UserError, BadCall, TypeError, ValueError):
            return None

    return again


def known(point: Point) -> dict[str, Array]:
    """Arrays and numbers by name: inputs, static arguments, outs, what forward keeps, what the user's functions reach."""
    function = point.function
    found: dict[str, Array] = {leaf.name: array for leaf, array in zip(function.leaves, point.arrays, strict=True)}
    found |= dict(zip(point.out_names, point.outs, strict=True))
    for source in (function.handed, *(reach(code) for code in function.code for reach in (_defaults, _reached))):
        for name, value in _flat(source):
            found.setdefault(name, value)
    for number in dict.fromkeys(number for code in function.code for number in _constants(code)):
        found.setdefault(f"{number:g}", np.asarray(number))
    return found | _cached(point, found)


def _constants(function: Any) -> Iterator[float]:
    """The decimals that a function's code has."""
    code = getattr(inspect.unwrap(getattr(function, "func", function)), "__code__", None)
    for number in code.co_consts if code is not None else ():
        if isinstance(number, float) and number != round(number) and number != 0.5:
            yield number


def _cached(point: Point, found: Mapping[str, Array]) -> dict[str, Array]:
    """What forward keeps for backward, and is not known by another name: under the names that backward unpacks it to."""
    cache = getattr(point.call(point.arrays), "cache", None)
    names = _unpacked(point.function.code[-1])
    if isinstance(cache, tuple) and len(cache) == 1:  # all that forward returns beside its output, as one
        cache = cache[0]
    kept = list(cache) if isinstance(cache, (tuple, list)) else [cache]
    every = {"cache": cache} if len(kept) == 1 else {f"cache[{i}]": one for i, one in enumerate(kept)}
    flat = dict(_flat(dict(zip(names, kept, strict=True)) if len(names) == len(kept) else every))
    same = {(array.shape, array.astype(float).tobytes()) for array in found.values()}
    return {
        name: array
        for name, array in flat.items()
        if name not in found and (array.shape, array.astype(float).tobytes()) not in same
    }


def _unpacked(backward: Any) -> list[str]:
    """The names in backward's line `a, b, c = cache`."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(backward)))
    except (TypeError, OSError, SyntaxError):
        return []
    for node in ast.walk(tree):
        target = node.targets[0] if isinstance(node, ast.Assign) and isinstance(node.value, ast.Name) else None
        names = [name.id for name in target.elts if isinstance(name, ast.Name)] if isinstance(target, ast.Tuple) else []
        if isinstance(target, ast.Tuple) and len(names) == len(target.elts):
            return names
    return []


def _flat(source: Mapping[Any, Any]) -> Iterator[tuple[str, Array]]:
    """The arrays and numbers in dicts, lists, tuples, and in the attributes of objects."""
    waiting = [(str(name), value, 0) for name, value in source.items()]
    while waiting:
        name, value, depth = waiting.pop(0)
        if isinstance(value, (np.ndarray, np.generic, float, int)) and not isinstance(value, bool):
            array = np.asarray(value)
            if array.dtype.kind in "fiub" and array.size <= SMALL:
                yield name, array
        elif depth < DEEP and isinstance(value, Mapping):
            attributes = name == "self"  # of an object, not entries of a dict
            waiting += [(f"{name}.{key}" if attributes else f"{name}[{key}]", each, depth + 1) for key, each in value.items()]
        elif depth < DEEP and isinstance(value, (tuple, list)) and len(value) <= ENTRIES:
            if len(value) > 1 and all(type(each) in (int, float) for each in value):
                yield name, np.asarray(value)
            waiting += [(f"{name}[{key}]", each, depth + 1) for key, each in enumerate(value)]
        elif depth < DEEP and not isinstance(value, NO_DATA):
            waiting += [(f"{name}.{key}", each, depth + 1) for key, each in getattr(value, "__dict__", {}).items()]


def _defaults(function: Any) -> dict[str, Any]:
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return {}
    return {p.name: p.default for p in parameters if p.default is not p.empty}


def _reached(function: Any) -> dict[str, Any]:
    """What a function closes over, or names among its globals."""
    inner = getattr(inspect.unwrap(getattr(function, "func", function)), "__func__", function)
    try:
        variables = inspect.getclosurevars(inner)
    except TypeError:
        return {}
    owner = {"self": vars(function.__self__)} if hasattr(getattr(function, "__self__", None), "__dict__") else {}
    return {**variables.globals, **variables.nonlocals, **owner}
