"""Pieces of source that edits are made of."""

from __future__ import annotations

import ast

Meant = tuple[str, ast.expr, str]
"""The kind of a mistake, what is right, and what was wrong in words."""
OVERWRITE = "contributions overwrite each other"


def transposed(node: ast.expr) -> ast.expr:
    """x.T, and x of x.T."""
    if isinstance(node, ast.Attribute) and node.attr == "T":
        return node.value
    return ast.Attribute(node, "T", ast.Load())


def negative(node: ast.expr) -> ast.expr:
    """-x, and x of -x."""
    return node.operand if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) else ast.UnaryOp(ast.USub(), node)


def shifted(node: ast.expr, by: int) -> ast.expr:
    """An index one further, or one back."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub)) and integer(node.right) is not None:
        total = by + (integer(node.right) or 0) * (1 if isinstance(node.op, ast.Add) else -1)
        if total == 0:
            return node.left
        return ast.BinOp(node.left, ast.Add() if total > 0 else ast.Sub(), ast.Constant(abs(total)))
    if (value := integer(node)) is not None:
        return ast.Constant(value + by)
    return ast.BinOp(node, ast.Add() if by > 0 else ast.Sub(), ast.Constant(abs(by)))


def integer(node: ast.AST | None) -> int | None:
    """The value of a whole number in the source."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        inner = integer(node.operand)
        return None if inner is None else -inner
    value = node.value if isinstance(node, ast.Constant) else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def loaded(text: str) -> ast.expr:
    """An expression."""
    return ast.parse(text, mode="eval").body
