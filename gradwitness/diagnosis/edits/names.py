"""The arrays that a function has at hand, as it would write them: x, self.W, cache["h"], h[t], h[t - 1]; and their shapes."""

from __future__ import annotations

import ast
import operator
import types
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any

import numpy as np

from gradwitness.diagnosis.edits.building import integer, loaded, shifted
from gradwitness.subjects.tensors.origins import origin

Shape = tuple[int, ...]
NO_DATA = (type, types.ModuleType, types.FunctionType, types.MethodType, types.BuiltinFunctionType)
CONTAINERS = (np.ndarray, list, tuple, dict)
WHOLE: Mapping[type, Callable[[int, int], int]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
}
"""Arithmetic of whole numbers."""


def shapes_of(definition: ast.AST, values: Mapping[str, Any]) -> dict[str, Shape]:
    """How an array is written -> its shape. Loop variables are none."""
    turns = {node.target.id for node in ast.walk(definition) if isinstance(node, ast.For) and isinstance(node.target, ast.Name)}
    found: dict[str, Shape] = {}
    for text in dict.fromkeys([*_written(definition, turns), *_held(values)]):
        if text not in turns and (shape := _shape(value_of(loaded(text), values))) is not None:
            found[text] = shape
    return found


def shapes_in(returned: Any) -> list[Shape]:
    """Of the arrays that a function returned: one, or several in a tuple or list."""
    each = returned if isinstance(returned, (tuple, list)) else [returned]
    return [shape for value in each if (shape := _shape(value))]


def unused(definition: ast.AST) -> dict[str, str]:
    """Variables that a function stores and reads nowhere, also those of which it stores the entries alone; parameters that it
    does not read; and what a loop stores for its next turn, which does not read it: a carry that is forgotten, though what is
    left in it is returned in the end. Each with what is to be said of it.
    """
    stored, read = _names(definition, ast.Store), _read(definition)
    found = {name: f"{name} is computed and never used" for name in stored if name not in read}
    given = [each.arg for each in ast.walk(definition) if isinstance(each, ast.arg)]
    found |= {name: f"{name} is handed in and never used" for name in given if name not in read and name not in found}
    for loop in (node for node in ast.walk(definition) if isinstance(node, ast.For)):
        carried = [name for name in _names(loop, ast.Store) if name not in _names(loop, ast.Load)]
        before = {node.id for node in _stores(definition) if node.lineno < loop.lineno}
        handed = {name: f"{name}, which a turn of the loop hands on to the next, is not used there" for name in carried}
        found |= {name: words for name, words in handed.items() if name in before and name not in found}
    return found


def _read(node: ast.AST) -> dict[str, None]:
    """The variables that are read in it, and not only to store their entries."""
    targets = (each for each in ast.walk(node) if isinstance(each, ast.Subscript) and isinstance(each.ctx, ast.Store))
    owners = [each.value for each in targets]
    names = (each for each in ast.walk(node) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Load))
    return dict.fromkeys(each.id for each in names if each not in owners)


def _stores(node: ast.AST) -> list[ast.Name]:
    return [each for each in ast.walk(node) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)]


def _names(node: ast.AST, context: type[ast.expr_context]) -> dict[str, None]:
    """The variables that are stored or read in it."""
    names = (each for each in ast.walk(node) if isinstance(each, ast.Name) and isinstance(each.ctx, context))
    return dict.fromkeys(each.id for each in names)


def _written(definition: ast.AST, turns: set[str]) -> Iterator[str]:
    """What the definition itself writes, and its neighbours in a loop."""
    for node in ast.walk(definition):
        if isinstance(node, ast.Subscript) or (isinstance(node, (ast.Name, ast.Attribute)) and isinstance(node.ctx, ast.Load)):
            yield ast.unparse(node)
        if isinstance(node, ast.Subscript) and integer(node.slice) is not None:
            yield from (f"{ast.unparse(node.value)}[{ast.unparse(shifted(node.slice, by))}]" for by in (1, -1))
        if isinstance(node, ast.Subscript):
            names = [each for each in ast.walk(node.slice) if isinstance(each, ast.Name) and each.id in turns]
            for turn in names if not isinstance(node.slice, (ast.Tuple, ast.Slice)) else ():
                for index in (turn, shifted(turn, -1), shifted(turn, 1)):
                    yield f"{ast.unparse(node.value)}[{ast.unparse(index)}]"


def _held(values: Mapping[str, Any]) -> Iterator[str]:
    """Variables, what objects hold in attributes, and dicts under their keys."""
    for name, value in values.items():
        yield name
        if isinstance(value, dict):
            yield from (f"{name}[{key!r}]" for key in value if isinstance(key, (str, int)))
        elif not isinstance(value, (*NO_DATA, *CONTAINERS)):
            yield from (f"{name}.{key}" for key in getattr(value, "__dict__", {}))


def value_of(node: ast.AST, values: Mapping[str, Any]) -> Any:
    """The value of a name, an attribute of an object or an entry; None if it cannot be had without running anything."""
    match node:
        case ast.Constant() | ast.UnaryOp(op=ast.USub()):
            return node.value if isinstance(node, ast.Constant) else integer(node)
        case ast.Name():
            return values.get(node.id)
        case ast.Attribute():
            return getattr(value_of(node.value, values), "__dict__", {}).get(node.attr)
        case ast.BinOp(op=ast.Add() | ast.Sub() | ast.Mult() | ast.FloorDiv()):
            left, right = value_of(node.left, values), value_of(node.right, values)
            whole = all(isinstance(each, (int, np.integer)) for each in (left, right))
            return WHOLE[type(node.op)](left, right) if whole and (right or not isinstance(node.op, ast.FloorDiv)) else None
        case ast.Subscript():
            return _entry(value_of(node.value, values), _index(node.slice, values))
    return None


def _index(node: ast.AST, values: Mapping[str, Any]) -> Any:
    """What stands in brackets: a value, a slice of whole numbers, or several of them; None if it cannot be had."""
    if isinstance(node, ast.Tuple):
        parts = [_index(part, values) for part in node.elts]
        return None if any(part is None for part in parts) else tuple(parts)
    if isinstance(node, ast.Slice):
        written = [part for part in (node.lower, node.upper, node.step) if part is not None]
        ends = [None if part is None else value_of(part, values) for part in (node.lower, node.upper, node.step)]
        return slice(*ends) if sum(isinstance(end, int) for end in ends) == len(written) else None
    return value_of(node, values)


def _entry(owner: Any, index: Any) -> Any:
    try:
        return owner[index] if type(owner) in CONTAINERS and index is not None else None
    except (IndexError, KeyError, TypeError, ValueError):
        return None


def _shape(value: Any) -> Shape | None:
    if isinstance(value, (np.ndarray, np.generic)):
        return value.shape if value.dtype.kind in "fiub" else None
    if origin(value) and hasattr(type(value), "shape") and hasattr(type(value), "dtype"):  # a tensor, or one that is traced
        with suppress(TypeError, ValueError):  # a length that is not known yet
            return tuple(operator.index(length) for length in value.shape)
        return None
    return () if isinstance(value, (int, float)) and not isinstance(value, bool) else None
