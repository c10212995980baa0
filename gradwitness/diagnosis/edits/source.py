"""A user's function as a tree that can be edited, and its code swapped for a while."""

from __future__ import annotations
import __future__

import ast
import gc
import linecache
import warnings
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cached_property, lru_cache
from types import CodeType, FunctionType

from gradwitness.diagnosis.edits.names import unused
from gradwitness.subjects.errors import file_of

FIRST = ast.Pass(lineno=1, col_offset=0, end_lineno=1, end_col_offset=0)
"""Has the place of nodes that stand around a definition."""
Definition = ast.FunctionDef | ast.Lambda
LONGEST = 20_000
"""Lines of a file that is read."""
FILES = 8
"""Files whose trees are kept."""


class Source:
    """A function and its definition.

    functions    whose code is swapped: one, or several that were made from one definition
    definition   its tree; `compiled` is the code of what that is now
    inner        the definition within it that an edit may change: itself, or one that it makes each time it runs
    imports      of its file: the compiler looks at them
    owner        the class that it is defined in, whose name the compiler puts before private names; empty if none
    """

    def __init__(
        self,
        functions: Sequence[FunctionType],
        definition: Definition,
        inner: Definition,
        imports: Sequence[ast.stmt],
        owner: str = "",
    ) -> None:
        self.functions, self.definition, self.inner, self._imports = functions, definition, inner, imports
        self.own, self._owner = functions[0].__code__, owner

    @property
    def globals(self) -> Mapping[str, object]:
        """What the function reads of its file."""
        return self.functions[0].__globals__

    @property
    def names(self) -> Mapping[str, object]:
        """What it reads of its file and of the functions around it."""
        function = self.functions[0]
        closed: dict[str, object] = {}
        for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
            with suppress(ValueError):  # nothing was put into it yet
                closed[name] = cell.cell_contents
        return {**function.__globals__, **closed}

    @cached_property
    def unused(self) -> dict[str, str]:
        """Variables that the function, as it stands, stores and reads nowhere, and what is to be said of each."""
        return unused(self.inner)

    @property
    def place(self) -> str:
        """The file, for a reader."""
        return file_of(self.own.co_filename)

    def compiled(self, *, kept: bool = True) -> CodeType | None:
        """The code of the tree as it is now; None if it cannot stand in for the function's own.

        kept   whether variables that the function closes over stay its own, though an edit uses them no more
        """
        own = self.own
        node = self.definition
        free = own.co_freevars
        mention = ast.If(ast.Constant(0), [ast.Expr(ast.Name(name, ast.Load())) for name in free], [])
        added = kept and bool(free) and isinstance(node, ast.FunctionDef)
        if isinstance(node, ast.FunctionDef):
            decorators, node.decorator_list = node.decorator_list, []
            if added:
                node.body.insert(0, mention)
        statement: ast.stmt = node if isinstance(node, ast.FunctionDef) else ast.Expr(node)
        arguments = ast.arguments([], [ast.arg(name) for name in free], None, [], [], None, [])
        body: list[ast.stmt] = [ast.ClassDef(self._owner, [], [], [statement], [])] if self._owner else [statement]
        outer = ast.FunctionDef("outer", arguments, body, [])
        for made in (outer, *arguments.args, body[0], statement, *ast.walk(mention)):  # all other nodes have a place in the file
            if not hasattr(made, "lineno"):
                ast.copy_location(made, FIRST)
        try:
            module = ast.Module([*self._imports, outer], [])
            flags = own.co_flags & __future__.annotations.compiler_flag
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # what the compiler thinks of an edit is told to nobody
                code = compile(module, own.co_filename, "exec", flags=flags, dont_inherit=True)
        except (SyntaxError, ValueError, TypeError):
            return None
        finally:
            if isinstance(node, ast.FunctionDef):
                node.decorator_list = decorators
                if added:
                    node.body.remove(mention)
        for name in ("outer", *([self._owner] if self._owner else []), own.co_name):
            inside = [each for each in code.co_consts if isinstance(each, CodeType) and each.co_name == name]
            if not inside:
                return None
            code = inside[0]
        return code if code.co_freevars == free else None


@contextmanager
def swapped(source: Source, code: CodeType) -> Iterator[None]:
    """The function runs other code meanwhile, wherever it is known."""
    try:
        for function in source.functions:
            function.__code__ = code
        yield
    finally:
        for function in source.functions:
            function.__code__ = source.own


def source_of(code: CodeType, running: Collection[CodeType]) -> Source | None:
    """The source of what runs; None where there is none, or where it is not what runs.

    running   codes that run in the same call: a function that one of them makes is edited where it is made
    """
    lines = linecache.getlines(code.co_filename)
    if not 0 < len(lines) <= LONGEST:
        return None
    tree = _parsed("".join(lines))
    if tree is None:
        return None
    chain, imports = _chain(tree, code), [node for node in tree.body if isinstance(node, (ast.Import, ast.ImportFrom))]
    for definition in chain:  # the outermost first
        for other in (*running, code):
            if other.co_filename == code.co_filename and _is_of(definition, other) and (functions := _functions(other)):
                source = Source(functions, definition, chain[-1], imports, _owner(tree, definition))
                plain = source.compiled(kept=False)
                return source if plain is not None and _same(plain, other) else None
    return None


@lru_cache(maxsize=FILES)
def _parsed(text: str) -> ast.Module | None:
    """The tree of a file. Edits are undone, so it is the same for every function of the file."""
    try:
        return ast.parse(text)
    except SyntaxError:
        return None


def _chain(tree: ast.Module, code: CodeType) -> list[Definition]:
    """The definition of a code, behind those that it lies in; empty if it is not known which it is."""
    found: list[list[Definition]] = []

    def visit(node: ast.AST, above: list[Definition]) -> None:
        if isinstance(node, (ast.FunctionDef, ast.Lambda)):
            above = [*above, node]
            if _is_of(node, code):
                found.append(above)
        for child in ast.iter_child_nodes(node):
            if _first(child) <= code.co_firstlineno <= (getattr(child, "end_lineno", None) or code.co_firstlineno):
                visit(child, above)

    visit(tree, [])
    return found[0] if len(found) == 1 else []


def _owner(tree: ast.Module, definition: Definition) -> str:
    """The class around a definition that reads private names, such as self.__softmax: the compiler calls them otherwise there."""
    names = {getattr(node, slot, "") for node in ast.walk(definition) for slot in ("id", "attr", "name", "arg")}
    if not any(isinstance(name, str) and name.startswith("__") and not name.endswith("__") for name in names):
        return ""
    around = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef) and definition in ast.walk(node)]
    return around[-1].name if around else ""


def _is_of(node: Definition, code: CodeType) -> bool:
    if isinstance(node, ast.Lambda):
        if code.co_name != "<lambda>" or node.lineno != code.co_firstlineno or not _spans(node, code):
            return False
        return not any(_spans(inner, code) for inner in ast.walk(node.body) if isinstance(inner, ast.Lambda))
    return code.co_name == node.name and code.co_firstlineno in (_first(node), node.lineno)


def _spans(node: ast.Lambda, code: CodeType) -> bool:
    """Whether what runs lies in the body of a lambda: several may begin in one line. Without columns nobody knows."""
    body = node.body
    start, end = (body.lineno, body.col_offset), (body.end_lineno or 0, body.end_col_offset or 0)
    places = [(first, left, last, right) for first, last, left, right in code.co_positions() if left is not None and right]
    return all(start <= (first or 0, left) and (last or 0, right) <= end for first, left, last, right in places)


def _first(node: ast.AST) -> int:
    """The first line of a node, its decorators included; 0 of one that has no line."""
    return int(min([getattr(node, "lineno", 0), *(decorator.lineno for decorator in getattr(node, "decorator_list", ()))]))


def _functions(code: CodeType) -> list[FunctionType]:
    """The functions that run a code."""
    return [each for each in gc.get_referrers(code) if isinstance(each, FunctionType) and each.__code__ is code]


def _same(one: CodeType, other: CodeType) -> bool:
    """Whether two codes do the same: a file may have changed since it was read."""

    def plain(code: CodeType) -> tuple[object, ...]:
        consts = tuple(repr(each) for each in code.co_consts if not isinstance(each, CodeType))
        inner = tuple(plain(each) for each in code.co_consts if isinstance(each, CodeType))
        return code.co_code, code.co_names, code.co_varnames, consts, inner

    return plain(one) == plain(other)
