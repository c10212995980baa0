"""The places of a tree that an edit may change, and edits."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Site:
    """A node, or all statements of a block; where it hangs; and the statement that it is part of."""

    node: ast.AST | list[ast.stmt]
    parent: ast.AST
    slot: str
    at: int | None
    statement: ast.stmt | ast.Lambda
    looped: bool = False

    def put(self, node: ast.AST | Sequence[ast.stmt]) -> None:
        """Put another node there; or several, if it is a statement or a block."""
        if self.at is None:
            setattr(self.parent, self.slot, node)
        elif isinstance(node, list):
            getattr(self.parent, self.slot)[self.at : self.at + 1] = node
        else:
            getattr(self.parent, self.slot)[self.at] = node

    def put_back(self, count: int = 1) -> None:
        """Put the node back where so many are now."""
        if self.at is None:
            setattr(self.parent, self.slot, self.node)
        else:
            getattr(self.parent, self.slot)[self.at : self.at + count] = [self.node]


@dataclass(frozen=True)
class Edit:
    """Another node in a place, or several statements; the kind of mistake that it repairs, and what it is, in words.

    times   the number by which it multiplies something, if it does
    """

    site: Site
    replacement: ast.AST | Sequence[ast.stmt]
    kind: str
    words: str = field(default="", compare=False)
    times: float | None = None

    def apply(self) -> None:
        """Put it into the tree. What the compiler must know of each node, its place in the file, is that of the statement."""
        for node in [self.replacement] if isinstance(self.replacement, ast.AST) else self.replacement:
            if not hasattr(node, "lineno"):
                ast.copy_location(node, self.site.statement)
            ast.fix_missing_locations(node)
        self.site.put(self.replacement)

    def undo(self) -> None:
        """Take it out of the tree."""
        self.site.put_back(len(self.replacement) if isinstance(self.replacement, list) else 1)


def scaled(statement: ast.stmt | ast.Lambda) -> Edit | None:
    """A statement that assigns another value, of about the same size; None for one that assigns nothing."""
    if not isinstance(statement, (ast.Assign, ast.AugAssign)):
        return None
    site = Site(statement.value, statement, "value", None, statement)
    return Edit(site, ast.BinOp(statement.value, ast.Mult(), ast.Constant(1 + 2.0**-10)), "scaled")


HARMLESS = ("at", "append", "insert", "extend", "clip", "copyto", "fill", "sort", "index_copy_", "index_put_", "scatter_")
"""Calls that are statements and only change arrays or lists. Any other may write a file: what decides about it is not edited."""


def sites(definition: ast.AST, lines: Collection[int]) -> Iterator[Site]:
    """The places of a definition in lines that run. Loops whose end is a condition are left alone: an edit may not end."""
    if any(isinstance(node, ast.While) for node in ast.walk(definition)):
        return
    if isinstance(definition, ast.Lambda):
        yield from _within(definition.body, definition, "body", None, definition, looped=False)
        return
    yield from _statements(definition, lines, looped=False)


def _statements(block: ast.AST, lines: Collection[int], *, looped: bool) -> Iterator[Site]:
    for slot in ("body", "orelse"):
        for at, statement in enumerate(getattr(block, slot, None) or ()):
            if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
                continue
            if not set(range(statement.lineno, (statement.end_lineno or statement.lineno) + 1)) & set(lines):
                continue
            if isinstance(statement, ast.Expr) and not _harmless(statement):
                continue
            yield Site(statement, block, slot, at, statement, looped)
            if isinstance(statement, (ast.For, ast.If, ast.With)):
                for part in ("iter", "test"):
                    if hasattr(statement, part) and all(map(_harmless, ast.walk(statement))):
                        yield from _within(getattr(statement, part), statement, part, None, statement, looped=looped)
                yield from _statements(statement, lines, looped=looped or isinstance(statement, ast.For))
            elif not isinstance(statement, (ast.Raise, ast.Assert, ast.Try)):
                yield from _children(statement, statement, looped=looped)


def _harmless(node: ast.AST) -> bool:
    """Whether a node is no statement that calls something which may change more than arrays."""
    if not isinstance(node, ast.Expr) or not isinstance(node.value, ast.Call):
        return not isinstance(node, (ast.Raise, ast.Delete, ast.Global))
    function = node.value.func
    return isinstance(function, ast.Attribute) and function.attr in HARMLESS


def _within(
    node: ast.AST, parent: ast.AST, slot: str, at: int | None, statement: ast.stmt | ast.Lambda, *, looped: bool
) -> Iterator[Site]:
    if isinstance(node, (ast.expr_context, ast.operator, ast.cmpop, ast.unaryop, ast.boolop, ast.JoinedStr)):
        return
    yield Site(node, parent, slot, at, statement, looped)
    if not isinstance(node, ast.Lambda):
        yield from _children(node, statement, looped=looped)


def _children(node: ast.AST, statement: ast.stmt | ast.Lambda, *, looped: bool) -> Iterator[Site]:
    for slot, value in ast.iter_fields(node):
        if isinstance(value, ast.AST):
            yield from _within(value, node, slot, None, statement, looped=looped)
        elif isinstance(value, list):
            for at, each in enumerate(value):
                if isinstance(each, ast.AST):
                    yield from _within(each, node, slot, at, statement, looped=looped)
