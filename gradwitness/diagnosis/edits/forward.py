"""Edits that repeat in backward what forward does: the factors that it multiplies by, and the axes that it rearranges, undone."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np

from gradwitness.diagnosis.edits.building import integer, loaded
from gradwitness.diagnosis.edits.names import value_of
from gradwitness.diagnosis.edits.sites import Edit, Site
from gradwitness.diagnosis.edits.variables import assigned, returned_by

MOST = 12
"""Products of forward that are tried."""
RESHAPES, FLAT = ("reshape",), ("reshape", "ravel", "flatten")
TRANSPOSES = ("transpose",)
Operand = tuple[ast.expr, bool]
"""A factor of a product, and whether it is one of the denominator."""


def factors_of(definition: ast.AST) -> list[str]:
    """By what a function multiplies: D / keep of h * D / keep, of each product of two factors and more."""
    found: list[list[Operand]] = []
    inner: set[int] = set()
    for node in ast.walk(definition):  # the outermost of a chain comes first
        if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Mult, ast.Div)) and id(node) not in inner:
            inner |= {id(part) for part in ast.walk(node) if isinstance(part, ast.BinOp)}
            chain = list(_chain(node))
            found += [[other for other in chain if other is not base] for base in chain if not base[1]]
        elif isinstance(node, ast.AugAssign) and isinstance(node.op, (ast.Mult, ast.Div)):
            found.append([(node.value, isinstance(node.op, ast.Div))])
    alone = [rest for rest in found if len(rest) == 1]
    found = [rest for rest in found if len(rest) > 1]
    found += [[*one, *other] for one, other in product(alone, alone) if one is not other and not one[0][1]]
    return list(dict.fromkeys(_written(rest) for rest in found if all(map(_is_plain, rest))))


def _chain(node: ast.expr) -> Iterator[Operand]:
    """The factors of a product; those of a denominator as one."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Mult, ast.Div)):
        yield from _chain(node.left)
        yield from _chain(node.right) if isinstance(node.op, ast.Mult) else [(node.right, True)]
    else:
        yield node, False


def _is_plain(operand: Operand) -> bool:
    """Whether it is made of names and numbers alone: nothing is called a second time."""
    return not any(isinstance(part, ast.Call) for part in ast.walk(operand[0]))


def _written(rest: Sequence[Operand]) -> str:
    above = " * ".join(_bracketed(node) for node, below in rest if not below) or "1"
    return above + "".join(f" / {_bracketed(node)}" for node, below in rest if below)


def _bracketed(node: ast.expr) -> str:
    text = ast.unparse(node)
    return f"({text})" if isinstance(node, (ast.BinOp, ast.Compare, ast.UnaryOp, ast.IfExp)) else text


def multiplied(site: Site, factors: Sequence[str], known: Collection[str]) -> Iterator[Edit]:
    """The factors of a product of forward, where all of them are at hand under the same names.

    known   names that the edited function has
    """
    fitting = [text for text in factors if all(n.id in known for n in ast.walk(loaded(text)) if isinstance(n, ast.Name))]
    values = [(value, made) for _, value, made in assigned(site)] + list(returned_by(site))
    for value, made in values:
        for text in fitting[:MOST]:
            words = f"forward multiplies by {text}: that factor is missing"
            yield Edit(site, made(ast.BinOp(value, ast.Mult(), loaded(f"({text})"))), "factor", words)


Orders = list[tuple[tuple[int, ...], tuple[str, ...]]]
"""Orders of axes, each with the lengths before it, as they may be written in backward; none where they are not known."""


def orders_of(definition: ast.AST, values: Mapping[str, Any]) -> Orders:
    """How a function rearranges axes: x.reshape(lengths).transpose(order)."""
    found: Orders = []
    for node in ast.walk(definition):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or node.func.attr not in TRANSPOSES:
            continue
        order = [integer(each) for each in _arguments(node)]
        if len(order) > 1 and None not in order and sorted(order) == list(range(len(order))):  # type: ignore[type-var]  # none is None
            inner = node.func.value
            lengths = _arguments(inner) if _is_method(inner, RESHAPES) else []
            texts = [text for each in lengths if (text := _length(each, values))]
            found.append((tuple(int(n or 0) for n in order), tuple(texts) if len(texts) == len(order) else ()))
    return list(dict.fromkeys(found))


def _length(node: ast.expr, values: Mapping[str, Any]) -> str:
    """A length as a number; empty if it is not known."""
    value = value_of(node, values)
    return str(int(value)) if isinstance(value, (int, np.integer)) and value >= 0 else ""


def _lengths(call: Any, rank: int) -> list[str]:
    """The lengths that a call asks for, as they are written: N, C, or x.shape[0], x.shape[1]; none if their number differs."""
    arguments = _arguments(call)
    if len(arguments) == 1 < rank:
        return [f"{ast.unparse(arguments[0])}[{axis}]" for axis in range(rank)]
    return [ast.unparse(each) for each in arguments] if len(arguments) == rank else []


def _is_method(node: ast.AST, names: Sequence[str]) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in names


def _arguments(node: Any) -> list[ast.expr]:
    """The arguments of a call, also those of a tuple."""
    packed = len(node.args) == 1 and isinstance(node.args[0], (ast.Tuple, ast.List))
    return list(node.args[0].elts) if packed else list(node.args)


def undone(site: Site, orders: Orders) -> Iterator[Edit]:
    """The inverse of what forward does to axes, where backward reshapes: before it, and of an array that is flat."""
    node: Any = site.node
    if not _is_method(node, FLAT) or not isinstance(node.func.value, ast.expr):
        return
    operand = node.func.value
    for order, lengths in orders:
        inverse = ", ".join(str(order.index(axis)) for axis in range(len(order)))
        text = ast.unparse(operand)
        words = f"forward transposes by {order}: that is not undone"
        given = _lengths(node, len(order)) if node.func.attr in RESHAPES else []
        if given:  # the lengths that are wanted are those before the transpose
            shape = ", ".join(given[axis] for axis in order)
            yield Edit(site, loaded(f"({text}).reshape({shape}).transpose({inverse})"), "transposed", words)
        for start in (text, f"{text}.reshape({', '.join(lengths[axis] for axis in order)})" if lengths else ""):
            if start:
                turned = ast.Attribute(loaded(f"({start}).transpose({inverse})"), node.func.attr, ast.Load())
                yield Edit(site, ast.Call(turned, node.args, node.keywords), "transposed", words)
        if lengths and _is_method(operand, RESHAPES):  # reshaped twice: the lengths of the first are not those that are wanted
            inner = ast.unparse(operand.func.value)  # type: ignore[attr-defined]  # a method has one
            shape = ", ".join(lengths[axis] for axis in order)
            turned = ast.Attribute(loaded(f"({inner}).reshape({shape}).transpose({inverse})"), node.func.attr, ast.Load())
            yield Edit(site, ast.Call(turned, node.args, node.keywords), "transposed", words)
