"""Where the user's code says how exact a solver is to be: in the condition of a loop, in an argument, or not at all."""

from __future__ import annotations

import ast
import inspect
import re
from collections import ChainMap
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from types import ModuleType

from gradwitness.diagnosis.edits.sites import Edit, Site
from gradwitness.diagnosis.edits.source import Definition, Source
from gradwitness.subjects.errors import of_a_library

NAMES = re.compile(r"tol|eps|thresh|accuracy|precision", re.IGNORECASE)
"""What a tolerance is called in a condition."""
HANDED = re.compile(r"tol", re.IGNORECASE)
"""And as an argument of a solver; eps is something else there, as in a layer norm."""
CALCULATED = re.compile(r"(^|_)[a-z]?tol(erance)?$", re.IGNORECASE)
"""And in arithmetic: atol + rtol * size."""
HOLDING = (ast.Return, ast.Assign, ast.Lambda)
"""What may hold the condition of a loop."""
SMALL = (1e-30, 1e-2)
"""Between these lies a tolerance that is written as a number."""
UNSAID = 1.5e-8
"""A tolerance whose default is None: the root of the unit roundoff, as most of SciPy's solvers take it."""
LEAST = 1e-14
"""A default below is rounding itself, and many a solver refuses less."""
OPTIONS = {"solve_ivp": {"rtol": 1e-3, "atol": 1e-6}}
"""Tolerances that a signature does not name, with their defaults."""


@dataclass(frozen=True)
class Ending:
    """A tolerance in the user's code, or a call of a solver that is given none.

    node      the number or name; or the call
    defaults  of the call, by the name of the argument; those that come to it in a dict, too
    value     of the number or name; None if it is not known
    """

    source: Source
    site: Site
    node: ast.expr
    defaults: Mapping[str, float]
    value: float | None = None

    def ends(self, times: float) -> bool:
        """Whether a loop ends with the tolerance times a number: it is above rounding, or the condition counts steps as well."""
        counts = sum(isinstance(node, ast.Compare) for node in ast.walk(self.site.statement)) > 1
        return self.value is None or self.value * times >= LEAST or counts

    def edit(self, times: float) -> Edit:
        """The tolerance times a number in its place."""
        if not isinstance(self.node, ast.Call) or not self.defaults:
            return Edit(self.site, ast.BinOp(self.node, ast.Mult(), ast.Constant(times)), "tolerance")
        tighter = {name: ast.Constant(default * times) for name, default in self.defaults.items()}
        spread = [keyword.value for keyword in self.node.keywords if keyword.arg is None]
        given = [keyword for keyword in self.node.keywords if keyword.arg is not None]
        inside = ast.Dict([*[None for _ in spread], *map(ast.Constant, tighter)], [*spread, *tighter.values()])
        # the arguments are those of the call itself, and not a copy: edits of them are edits of this one, too
        return Edit(self.site, ast.Call(self.node.func, self.node.args, [*given, ast.keyword(None, inside)]), "tolerance")

    @property
    def words(self) -> str:
        """The tolerance and its line."""
        place = f"line {self.node.lineno} of {self.source.place}"
        if isinstance(self.node, ast.Call) and self.defaults:
            return f"{' and '.join(f'{name}={each:.3g}' for name, each in self.defaults.items())} in {place}"
        return f"{ast.unparse(self.node)} in {place}"


def endings(source: Source, lines: Collection[int], values: Mapping[str, object]) -> Iterator[Ending]:
    """The numbers by which it is decided whether a loop goes on, those that are handed over as a tolerance, and defaults.

    lines    that run
    values   of the function's own variables
    """
    known = ChainMap(dict(values), dict(source.names))

    def visit(node: ast.AST, statement: ast.stmt | ast.Lambda, compared: bool, decides: bool) -> Iterator[Ending]:
        for slot, value in ast.iter_fields(node):
            children: list[tuple[int | None, object]] = list(enumerate(value)) if isinstance(value, list) else [(None, value)]
            for at, child in children:
                handed = _is_handed(node, slot, at)
                asked = compared or handed
                if asked and isinstance(child, ast.expr) and child.lineno in lines and _is_small(child, handed, known):
                    yield Ending(source, Site(child, node, slot, at, statement), child, {}, _value(child, known))
                elif isinstance(child, ast.AST):
                    if isinstance(child, ast.Call) and child.lineno in lines and (left := _left_to_default(child, known)):
                        yield Ending(source, Site(child, node, slot, at, statement), child, left)
                    inner = child if isinstance(child, (ast.stmt, ast.Lambda)) else statement
                    going_on = slot == "test" or (_is_condition(child) and (decides or isinstance(node, HOLDING)))
                    yield from visit(child, inner, compared or (going_on and _is_measured(child)), going_on)

    definition: Definition = source.inner
    yield from visit(definition, definition, compared=False, decides=False)


def _is_handed(node: ast.AST, slot: str, at: int | None) -> bool:
    """Whether what stands there is a tolerance by its name: f(rtol=...), {"rtol": ...}, rtol * size."""
    if isinstance(node, ast.BinOp):
        return bool(CALCULATED.search(_name(getattr(node, slot))))
    if isinstance(node, ast.keyword):
        return bool(HANDED.search(node.arg or ""))
    if isinstance(node, ast.Dict) and slot == "values" and at is not None:
        key = node.keys[at]
        return isinstance(key, ast.Constant) and isinstance(key.value, str) and bool(HANDED.search(key.value))
    return False


def _left_to_default(call: ast.Call, known: Mapping[str, object]) -> dict[str, float]:
    """The tolerances that a call of a library's solver could be given and is not, or that it is given in a dict."""
    called = _named(call.func, known)
    spread = [_named(keyword.value, known) for keyword in call.keywords if keyword.arg is None]
    code = getattr(called, "__code__", None)
    if code is not None and not of_a_library(code.co_filename):  # its tolerance is decided on in its own lines
        return {}
    if not all(isinstance(each, Mapping) for each in spread) or any(isinstance(each, ast.Starred) for each in call.args):
        return {}
    try:
        parameters = list(inspect.signature(called).parameters.values()) if callable(called) else []
    except (ValueError, TypeError):  # of a compiled function nothing is known
        return {}
    free = [each for at, each in enumerate(parameters) if at >= len(call.args) or each.kind is each.KEYWORD_ONLY]
    by_name = {each.name: each for each in free if each.kind is not each.POSITIONAL_ONLY}
    tolerances = {name: UNSAID if each.default is None else each.default for name, each in by_name.items()}
    tolerances |= OPTIONS.get(getattr(called, "__name__", ""), {})
    for each in spread:
        tolerances |= {str(name): value for name, value in each.items()} if isinstance(each, Mapping) else {}
    given = {keyword.arg for keyword in call.keywords}
    return {
        name: value
        for name, value in tolerances.items()
        if name not in given and HANDED.search(name) and isinstance(value, float) and LEAST < value < 1
    }


def _named(node: ast.expr, known: Mapping[str, object]) -> object:
    """What a name stands for, or a name in a module; None if that is not known."""
    if isinstance(node, ast.Name):
        return known.get(node.id)
    if isinstance(node, ast.Attribute):
        module = _named(node.value, known)
        return getattr(module, node.attr, None) if isinstance(module, ModuleType) else None
    return None


def _is_measured(node: ast.AST) -> bool:
    """A comparison of sizes; whether something is None is another question."""
    return isinstance(node, ast.Compare) and not isinstance(node.ops[0], (ast.Is, ast.IsNot, ast.In, ast.NotIn))


def _value(node: ast.expr, known: Mapping[str, object]) -> float | None:
    """Of a number or a name."""
    value = node.value if isinstance(node, ast.Constant) else _named(node, known)
    return value if isinstance(value, float) else None


def _is_condition(node: ast.AST) -> bool:
    """A comparison, or several that are put together."""
    if isinstance(node, ast.Call):
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        return any(word in name for word in ("logical_", "any", "all", "bool"))
    return isinstance(node, (ast.Compare, ast.BoolOp, ast.UnaryOp)) or (
        isinstance(node, ast.BinOp) and isinstance(node.op, (ast.BitAnd, ast.BitOr))
    )


def _is_small(node: ast.expr, handed: bool, known: Mapping[str, object]) -> bool:
    """Whether it is a small number, or called as a tolerance is; None is no number."""
    if isinstance(node, ast.Constant):
        return isinstance(node.value, float) and SMALL[0] < node.value < SMALL[1]
    name = _name(node)
    return bool(name) and known.get(name, 0.0) is not None and (handed or bool(NAMES.search(name)))


def _name(node: ast.AST) -> str:
    """Of a variable or an attribute; empty of anything else."""
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
