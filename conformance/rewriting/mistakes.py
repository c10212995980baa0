"""The mistakes that people make in a backward, each as a rewriting of a piece of source. Nothing here knows an op.

`variants(node, names)` gives what may be written wrongly in place of a node, each with the name of the mistake.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

from conformance.rewriting import call_mistakes
from conformance.rewriting.syntax import (
    Names,
    Variant,
    assigned,
    counts,
    first_name,
    integer,
    is_vector,
    nothing,
    shifted,
    transposed,
)

BOUNDARY = {ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Lt: ast.LtE, ast.LtE: ast.Lt}
OPPOSITE = {ast.Gt: ast.Lt, ast.GtE: ast.LtE, ast.Lt: ast.Gt, ast.LtE: ast.GtE, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq}
PERTURBED = 1.01
"""The factor of a mistyped constant."""


def variants(node: ast.AST, names: Names) -> Iterator[Variant]:
    """The mistakes that can be made in place of a node: pairs of a label and the wrong node."""
    rule = RULES.get(type(node))
    if rule is not None:
        yield from rule(node, names)


def _binary(node: ast.BinOp, _names: Names) -> Iterator[Variant]:
    left, right = node.left, node.right

    def other(op: ast.operator, a: ast.expr = left, b: ast.expr = right) -> ast.BinOp:
        return ast.BinOp(a, op, b)

    match node.op:
        case ast.Add():
            yield "flipped sign", other(ast.Sub())
            yield "dropped term", left
            yield "dropped term", right
        case ast.Sub():
            yield "flipped sign", other(ast.Add())
            yield "swapped operands", other(ast.Sub(), right, left)
            yield "dropped term", left
            yield "dropped term", ast.UnaryOp(ast.USub(), right)
        case ast.Mult():
            yield "missing factor", left
            yield "missing factor", right
            yield "doubled factor", other(ast.Mult(), node, right)
            for factor, rest in ((left, right), (right, left)):
                if not isinstance(factor, (ast.Name, ast.Constant)) and (inner := first_name(factor)):
                    yield "forward value in place of its derivative", other(ast.Mult(), rest, inner)
        case ast.Div():
            yield "sum for mean" if counts(right) else "missing factor", left
            yield "doubled factor", other(ast.Div(), node, right)
            yield "swapped operands", other(ast.Mult())
            if counts(right):
                yield "N-1 for N", other(ast.Div(), left, ast.BinOp(right, ast.Sub(), ast.Constant(1)))
        case ast.MatMult():
            yield "swapped operands", other(ast.MatMult(), right, left)
            if not is_vector(left):
                yield "transposed operand", other(ast.MatMult(), transposed(left), right)
            if not is_vector(right):
                yield "transposed operand", other(ast.MatMult(), left, transposed(right))
        case ast.Pow():
            yield "missing factor", left


def _unary(node: ast.UnaryOp, _names: Names) -> Iterator[Variant]:
    if isinstance(node.op, ast.USub) and not isinstance(node.operand, ast.Constant):
        yield "flipped sign", node.operand
    if isinstance(node.op, (ast.Invert, ast.Not)):
        yield "wrong mask", node.operand


def _augmented(node: ast.AugAssign, _names: Names) -> Iterator[Variant]:
    target, value = node.target, node.value
    match node.op:
        case ast.Add() | ast.Sub():
            flipped = ast.Sub() if isinstance(node.op, ast.Add) else ast.Add()
            yield "flipped sign", ast.AugAssign(target, flipped, value)
            yield "dropped term", ast.Pass()
            yield "overwritten in place of accumulated", assigned(target, value)
        case ast.Mult() | ast.Div():
            yield "missing factor", ast.Pass()
            yield "doubled factor", ast.AugAssign(target, node.op, ast.BinOp(value, ast.Mult(), value))


def _assign(node: ast.Assign, names: Names) -> Iterator[Variant]:
    """The first term of a sum to which later statements add."""
    if isinstance(node.targets[0], ast.Name) and node.targets[0].id in names.sums:
        yield "dropped term", ast.Assign(node.targets, nothing(node.value), lineno=0)


def _compare(node: ast.Compare, _names: Names) -> Iterator[Variant]:
    if len(node.ops) == 1:
        for label, table in (("mask with its boundary", BOUNDARY), ("wrong mask", OPPOSITE)):
            if (other := table.get(type(node.ops[0]))) is not None:
                yield label, ast.Compare(node.left, [other()], node.comparators)


def _attribute(node: ast.Attribute, _names: Names) -> Iterator[Variant]:
    if node.attr in ("T", "mT") and isinstance(node.ctx, ast.Load):
        yield "transposed operand", node.value


def _subscript(node: ast.Subscript, _names: Names) -> Iterator[Variant]:
    if not isinstance(node.ctx, ast.Load):
        return
    first, *others = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]

    def at(index: ast.expr) -> ast.Subscript:
        where = ast.Tuple([index, *others], ast.Load()) if others else index
        return ast.Subscript(node.value, where, ast.Load())

    if isinstance(first, ast.Name) and len(first.id) == 1:
        yield "stale value", at(shifted(first, -1))
    elif isinstance(first, ast.BinOp) and isinstance(first.left, ast.Name) and isinstance(first.right, ast.Constant):
        yield "stale value", at(first.left)
    elif isinstance(first, ast.Slice) and integer(first.upper) == -1 and first.lower is None:
        yield "stale value", at(ast.Slice(ast.Constant(1)))
    elif isinstance(first, ast.Slice) and integer(first.lower) == 1 and first.upper is None:
        yield "stale value", at(ast.Slice(None, ast.Constant(-1)))


def _name(node: ast.Name, names: Names) -> Iterator[Variant]:
    if not isinstance(node.ctx, ast.Load):
        return
    if node.id in ("eps", "epsilon"):
        yield "epsilon dropped", ast.Constant(0.0)
        return
    for sibling in names.siblings.get(node.id, ()):
        yield "wrong tensor", ast.Name(sibling, ast.Load())


def _return(node: ast.Return, names: Names) -> Iterator[Variant]:
    """A forward caches another tensor than the one that backward needs."""
    if not (isinstance(node.value, ast.Tuple) and len(node.value.elts) == 2):
        return
    out, cache = node.value.elts
    cached = cache.elts if isinstance(cache, ast.Tuple) else [cache]
    known = {ast.unparse(entry) for entry in cached}
    for i, entry in enumerate(cached):
        others = [n for n in (*names.results, *names.siblings.get(getattr(entry, "id", ""), ())) if n not in known]
        for other in others if isinstance(entry, ast.Name) else ():
            entries = [*cached[:i], ast.Name(other, ast.Load()), *cached[i + 1 :]]
            value = ast.Tuple(entries, ast.Load()) if isinstance(cache, ast.Tuple) else entries[0]
            yield "stale or overwritten cache", ast.Return(ast.Tuple([out, value], ast.Load()))


def _constant(node: ast.Constant, _names: Names) -> Iterator[Variant]:
    if isinstance(node.value, float):
        yield "wrong constant", ast.Constant(node.value * PERTURBED)


RULES: dict[type, Callable[..., Iterator[Variant]]] = {
    ast.BinOp: _binary,
    ast.UnaryOp: _unary,
    ast.Assign: _assign,
    ast.AugAssign: _augmented,
    ast.Compare: _compare,
    ast.Call: call_mistakes.call,
    ast.Attribute: _attribute,
    ast.Expr: call_mistakes.at,
    ast.Subscript: _subscript,
    ast.Name: _name,
    ast.Return: _return,
    ast.Constant: _constant,
}
