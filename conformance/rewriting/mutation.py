"""Mistakes planted into a function: its source is rewritten in one place, and its code is swapped for a while.

`mutations(function)` lists what `conformance.rewriting.mistakes` can do to a function, each as compiled code with the line before
and after. `planted(function, code)` makes the function run that code, wherever it was imported.

Source: DeMillo, Lipton and Sayward, "Hints on test data selection", Computer 11, 1978.
"""

from __future__ import annotations
import __future__

import ast
import copy
import inspect
import linecache
import textwrap
import warnings
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from types import CodeType, FunctionType

from conformance.rewriting.mistakes import variants
from conformance.rewriting.syntax import Names
from conformance.rewriting.tree import Path, places, put


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

    def shown(self) -> CodeType:
        """The same, with a source that can be read: what a user has who made the mistake."""
        name = f"<{self.function.__name__} with a mistake>"
        text = f"{ast.unparse(self._tree()[0])}\n"
        linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
        return self._code(text, name)

    def _tree(self) -> tuple[ast.Module, int]:
        tree, first = _parsed(self.function)
        put(tree.body[0], self.path, copy.deepcopy(self.replacement))
        return ast.fix_missing_locations(tree), first

    @cached_property
    def _compiled(self) -> CodeType:
        tree, first = self._tree()
        ast.increment_lineno(tree, first - 1)
        return self._code(tree, self.function.__code__.co_filename)

    def _code(self, source: ast.Module | str, filename: str) -> CodeType:
        flags = self.function.__code__.co_flags & __future__.annotations.compiler_flag
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)  # the compiler sees some mistakes
            module = compile(source, filename, "exec", flags=flags, dont_inherit=True)
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
    for path, node, statement in list(places(definition, spared)):
        for label, replacement in variants(node, names):
            put(definition, path, replacement)
            changed = replacement if node is statement else statement
            key = (id(statement), ast.unparse(changed))
            put(definition, path, node)
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
