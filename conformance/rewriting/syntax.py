"""Helpers that read and build pieces of source, for `conformance.rewriting.mistakes`."""

from __future__ import annotations

import ast
from dataclasses import dataclass

COUNTS = ("n", "m", "N", "count", "total", "size", "number", "elements")
"""Names of a number of terms."""


Variant = tuple[str, ast.AST]
"""The name of a mistake, and the wrong node."""


@dataclass(frozen=True)
class Names:
    """The roles of the names in a function.

    siblings   name -> a name that was unpacked beside it
    results    names of what is returned first: the output of a forward
    sums       names to which terms are added in place
    """

    siblings: dict[str, tuple[str, ...]]
    results: tuple[str, ...]
    sums: frozenset[str] = frozenset()

    @classmethod
    def of(cls, definition: ast.FunctionDef) -> Names:
        """Read the roles from a definition. The names of a tuple that it unpacks are siblings."""
        groups: list[list[str]] = []
        results: tuple[str, ...] = ()
        for node in ast.walk(definition):
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Tuple):
                groups.append([n.id for n in ast.walk(node.targets[0]) if isinstance(n, ast.Name)])
            if isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple) and node.value.elts:
                first = node.value.elts[0]
                results = (first.id,) if isinstance(first, ast.Name) else results
        siblings: dict[str, tuple[str, ...]] = {}
        for group in groups:
            for i, name in enumerate(group):
                near = group[i + 1 : i + 2] or group[max(i - 1, 0) : i]
                siblings.setdefault(name, tuple(n for n in near if n not in ("_", name)))
        added = (n.target for n in ast.walk(definition) if isinstance(n, ast.AugAssign) and isinstance(n.op, (ast.Add, ast.Sub)))
        return cls(siblings, results, frozenset(n.id for n in added if isinstance(n, ast.Name)))


def counts(node: ast.expr) -> bool:
    """Whether this is a number of terms: n, x.size, len(x), x.shape[0]."""
    if isinstance(node, ast.Subscript):
        node = node.value
    if isinstance(node, ast.Call):
        return getattr(node.func, "id", "") == "len" or (
            isinstance(node.func, ast.Attribute) and node.func.attr in ("size", "numel")
        )
    if isinstance(node, ast.Attribute):
        return node.attr in ("size", "shape")
    return isinstance(node, ast.Name) and node.id in COUNTS


def assigned(target: ast.expr, value: ast.expr) -> ast.Assign:
    return ast.Assign([target], value, lineno=0)


def nothing(node: ast.expr) -> ast.BinOp:
    return ast.BinOp(ast.Constant(0), ast.Mult(), node)


def first_name(node: ast.expr) -> ast.Name | None:
    skipped = {id(n.func) for n in ast.walk(node) if isinstance(n, ast.Call)} | {
        id(n.value) for n in ast.walk(node) if isinstance(n, ast.Attribute)
    }
    return next((n for n in ast.walk(node) if isinstance(n, ast.Name) and id(n) not in skipped), None)


def is_vector(node: ast.expr) -> bool:
    """Whether the source shows a vector: rstd[:, 0], np.ones(n). A vector is its own transpose."""
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Tuple):
        return any(integer(index) is not None for index in node.slice.elts)
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "ones"


def transposed(node: ast.expr) -> ast.expr:
    return node.value if isinstance(node, ast.Attribute) and node.attr in ("T", "mT") else ast.Attribute(node, "T", ast.Load())


def shifted(node: ast.expr, by: int) -> ast.expr:
    return ast.BinOp(node, ast.Add() if by > 0 else ast.Sub(), ast.Constant(abs(by)))


def integer(node: ast.expr | None) -> int | None:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) and isinstance(node.operand, ast.Constant):
        return -node.operand.value if isinstance(node.operand.value, int) else None
    return node.value if isinstance(node, ast.Constant) and type(node.value) is int else None


def first_entry(node: ast.Call) -> ast.expr | None:
    """x.sum(axis=k) -> x.take(0, axis=k): one term in place of the sum."""
    keywords = {k.arg: k.value for k in node.keywords}
    axis = integer(keywords.get("axis"))
    if axis is None or not isinstance(node.func, ast.Attribute):
        return None
    kept = isinstance(keep := keywords.get("keepdims"), ast.Constant) and keep.value
    which = ast.List([ast.Constant(0)], ast.Load()) if kept else ast.Constant(0)
    return ast.Call(ast.Attribute(node.func.value, "take", ast.Load()), [which], [ast.keyword("axis", ast.Constant(axis))])
