"""The places in the syntax tree of a function where a mistake may stand."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from typing import Any

Path = tuple[tuple[str, int | None], ...]
"""The way from a definition to a node: the name of each field, and the index in it if it is a list."""


def places(definition: ast.FunctionDef, spared: Collection[str]) -> Iterator[tuple[Path, Any, Any]]:
    """The expressions and statements of a body, outermost first: path, node, and the innermost statement around it.

    Docstrings, annotations, messages and checks of arguments are left out.
    """

    def below(node: ast.AST, path: Path, statement: ast.AST) -> Iterator[tuple[Path, ast.AST, ast.AST]]:
        for name, value in ast.iter_fields(node):
            if name in ("annotation", "returns", "args") and not isinstance(node, ast.Call):
                continue
            for at, child in enumerate(value) if isinstance(value, list) else [(None, value)]:
                if isinstance(child, ast.AST) and not _left_alone(child, spared):
                    step, within = (*path, (name, at)), child if isinstance(child, ast.stmt) else statement
                    if isinstance(child, (ast.expr, ast.stmt)):
                        yield step, child, within
                    yield from below(child, step, within)

    return below(definition, (), definition)


def _left_alone(node: ast.AST, spared: Collection[str]) -> bool:
    if isinstance(node, ast.If) and all(isinstance(s, ast.Raise) for s in node.body):
        return True
    if isinstance(node, ast.Expr):
        node = node.value
        if isinstance(node, ast.Constant):
            return True  # a docstring
    if isinstance(node, ast.Call):
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        return called in spared
    if isinstance(node, ast.Attribute) and node.attr == "dtype":
        return True  # of whichever array: they all have the same
    return isinstance(node, (ast.Raise, ast.JoinedStr, ast.Assert))


def put(root: Any, path: Path, new: Any) -> None:
    """Replace the node at the end of a path."""
    *way, (name, at) = path
    for step, index in way:
        root = getattr(root, step) if index is None else getattr(root, step)[index]
    if at is None:
        setattr(root, name, new)
    else:
        getattr(root, name)[at] = new
