"""Functions in source files, and which others of the repository they call. Nothing is imported: no framework need be there.

A line counts if it has code: signatures, docstrings, comments and blank lines do not.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True)
class Function:
    """A function at the top level of a file."""

    path: Path
    name: str

    @property
    def lines(self) -> list[str]:
        """Its lines of code."""
        node, text = module(self.path).functions[self.name], module(self.path).text
        body = node.body[1:] if ast.get_docstring(node) is not None else node.body
        rows = {row for statement in body for row in range(statement.lineno, (statement.end_lineno or statement.lineno) + 1)}
        return [text[row - 1] for row in sorted(rows) if text[row - 1].strip() and not text[row - 1].lstrip().startswith("#")]

    @property
    def source(self) -> str:
        """All of it, as it is written."""
        return ast.get_source_segment("\n".join(module(self.path).text), module(self.path).functions[self.name]) or ""

    def calls(self) -> Iterator[Function]:
        """The functions of the repository that its code names, once each."""
        found = {each for node in ast.walk(module(self.path).functions[self.name]) if (each := self._named(node))}
        yield from sorted(found - {self}, key=lambda each: (str(each.path), each.name))

    def _named(self, node: ast.AST) -> Function | None:
        here = module(self.path)
        if isinstance(node, ast.Name):
            return here.find(node.id)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            imported = here.imports.get(node.value.id)
            return module(imported[0]).find(node.attr) if imported and imported[1] is None else None
        return None


@dataclass(frozen=True)
class Module:
    """A source file.

    functions   at its top level, by name
    imports     name -> the file it comes from, and its name there; None where the name is the file itself
    """

    path: Path
    text: tuple[str, ...]
    functions: dict[str, ast.FunctionDef]
    imports: dict[str, tuple[Path, str | None]]
    docstring: str

    def find(self, name: str) -> Function | None:
        """A function of this name, here or where it was imported from."""
        if name in self.functions:
            return Function(self.path, name)
        path, there = self.imports.get(name, (None, None))
        return module(path).find(there) if path is not None and there is not None else None


@cache
def module(path: Path) -> Module:
    """A file, parsed."""
    text = path.read_text()
    tree = ast.parse(text)
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    imports = {
        alias.asname or alias.name: place
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and node.level
        for alias in node.names
        if (place := _place(path, node, alias.name)) is not None
    }
    return Module(path, tuple(text.splitlines()), functions, imports, ast.get_docstring(tree) or "")


def _place(path: Path, node: ast.ImportFrom, name: str) -> tuple[Path, str | None] | None:
    """Where a relative import finds a name."""
    folder = path.parents[node.level - 1].joinpath(*(node.module or "").split("."))
    if (file := folder / f"{name}.py").exists():
        return file, None
    for file in (folder.with_suffix(".py"), folder / "__init__.py"):
        if file.exists():
            return file, name
    return None


def reached(start: Iterable[Function]) -> set[Function]:
    """Some functions, and all that they call, directly or not."""
    found: set[Function] = set()
    waiting = list(start)
    while waiting:
        function = waiting.pop()
        if function not in found:
            found.add(function)
            waiting += function.calls()
    return found
