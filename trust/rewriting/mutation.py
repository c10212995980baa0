"""Mistakes planted into a function: its source is rewritten in one place, and its code is swapped for a while.

`mutations(function)` lists what `trust.rewriting.mistakes` can do to a function, each as compiled code with the line before and
after. `planted(function, code)` makes the function run that code, wherever it was imported.

Source: DeMillo, Lipton and Sayward, "Hints on test data selection", Computer 11, 1978.
"""

from __future__ import annotations
import __future__

import ast
import copy
import inspect
import textwrap
import warnings
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from types import CodeType, FunctionType
from typing import Any

from trust.rewriting.mistakes import variants
from trust.rewriting.syntax import Names

Path = tuple[tuple[str, int | None], ...]


@dataclass(frozen=True)
class Mutation:
    """One mistake in one place.

    label          the kind of mistake
    line           the line of the file
    before, after  the right and the wrong source
    """

    label: str
    line: int
    before: str
    after: str
    function: FunctionType = field(compare=False, repr=False)
    path: Path = field(compare=False, repr=False)
    replacement: ast.AST = field(compare=False, repr=False)

    @property
    def drops_last(self) -> bool:
        """Whether the first operand stays: a in a - b, or in a -= b."""
        return (
            isinstance(self.replacement, ast.Pass)
            or self.before.lstrip("(").startswith(self.after)
            or any(word in self.after for word in ("positive(", "0 * "))
        )

    def code(self) -> CodeType:
        """The whole function, compiled with the mistake."""
        return self._compiled

    @cached_property
    def _compiled(self) -> CodeType:
        tree, first = _parsed(self.function)
        _put(tree.body[0], self.path, copy.deepcopy(self.replacement))
        ast.fix_missing_locations(tree)
        ast.increment_lineno(tree, first - 1)
        flags = self.function.__code__.co_flags & __future__.annotations.compiler_flag
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)  # the compiler sees some mistakes
            module = compile(tree, self.function.__code__.co_filename, "exec", flags=flags, dont_inherit=True)
        return next(c for c in module.co_consts if isinstance(c, CodeType) and c.co_name == self.function.__name__)


def mutations(function: FunctionType, spared: Collection[str] = ()) -> Iterator[Mutation]:
    """Every mutation of a function, in the order of its source. Of two that make the same statement, the first.

    spared   names of functions whose calls are not changed, such as checks of arguments

    Raises OSError if there is no source, and ValueError for anything but a plain def statement: its code cannot be swapped.
    """
    if function.__code__.co_freevars:
        raise ValueError(
            f"{function.__qualname__} closes over {', '.join(function.__code__.co_freevars)}; wanted a plain function"
        )
    tree, first = _parsed(function)
    definition = tree.body[0]
    if not isinstance(definition, ast.FunctionDef):
        raise ValueError(f"{function.__qualname__} is no def statement; wanted one")  # noqa: TRY004  a function all the same
    names = Names.of(definition)
    seen: set[tuple[int, str]] = set()
    for path, node, statement in list(_places(definition, spared)):
        for label, replacement in variants(node, names):
            _put(definition, path, replacement)
            changed = replacement if node is statement else statement
            key = (id(statement), ast.unparse(changed))
            _put(definition, path, node)
            if key in seen or key[1] == ast.unparse(statement):
                continue
            seen.add(key)
            yield Mutation(
                label, first + node.lineno - 1, ast.unparse(node), ast.unparse(replacement), function, path, replacement
            )


@contextmanager
def planted(function: FunctionType, code: CodeType) -> Iterator[None]:
    """Inside the context the function runs this code. Every module that imported it holds the same object."""
    right = function.__code__
    function.__code__ = code
    try:
        yield
    finally:
        function.__code__ = right


def _parsed(function: FunctionType) -> tuple[ast.Module, int]:
    lines, first = inspect.getsourcelines(function)
    tree = ast.parse(textwrap.dedent("".join(lines)))
    if isinstance(tree.body[0], ast.FunctionDef):
        tree.body[0].decorator_list = []
    return tree, first


def _places(definition: ast.FunctionDef, spared: Collection[str]) -> Iterator[tuple[Path, Any, Any]]:
    """The expressions and statements of a body, outermost first, each with the way to it and the innermost statement that it is
    in; no docstring, annotation, message or check.
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


def _put(root: Any, path: Path, new: Any) -> None:
    *way, (name, at) = path
    for step, index in way:
        root = getattr(root, step) if index is None else getattr(root, step)[index]
    if at is None:
        setattr(root, name, new)
    else:
        getattr(root, name)[at] = new
