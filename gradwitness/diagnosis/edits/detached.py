"""Edits of what a framework is told to hold constant: detach, stop_gradient, no_grad."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gradwitness.diagnosis.edits.names import value_of
from gradwitness.diagnosis.edits.sites import Edit, Site
from gradwitness.subjects.tensors.origins import origin

CALLS, BLOCKS = ("detach", "stop_gradient"), ("no_grad", "inference_mode", "stop_recording")
KIND, WORDS = (
    "detached",
    "a part of the gradient is left out here, as it is told to be. If that is meant, hand it over as an input",
)


OUTSIDE = ("numpy", "item", "tolist", "tensor")
NUMBERS = ("float", "int")
"""Calls that make numbers of a tensor, or a tensor of numbers; those of Python that make one."""
RULES = {"custom_op", "custom_gradient", "custom_vjp", "custom_jvp"}
"""Decorators of functions that have a derivative of their own."""


def outside(definition: ast.AST, values: Mapping[str, Any]) -> Iterator[tuple[int, str]]:
    """Lines in which a value leaves the graph of its framework, and the call that does it. A rule records no graph.

    values   what the variables held
    """
    if _is_rule(definition):
        return
    for node in ast.walk(definition):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in NUMBERS
            and _of_tensor(node, values)
        ):
            yield node.lineno, ast.unparse(node)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in OUTSIDE and _computed(node):
            yield node.lineno, ast.unparse(node.func).rpartition(".")[2] if node.args else f".{node.func.attr}()"


def _is_rule(definition: ast.AST) -> bool:
    """Whether a decorator says that a definition has a derivative of its own."""
    decorators = [node for each in getattr(definition, "decorator_list", ()) for node in ast.walk(each)]
    named = {getattr(node, slot, "") for node in decorators for slot in ("id", "attr")}
    return bool(named & RULES)


def _of_tensor(node: ast.Call, values: Mapping[str, Any]) -> bool:
    """Whether a call is given a tensor: float(alpha), and not float(len(x))."""
    return len(node.args) == 1 and bool(origin(value_of(node.args[0], values)))


def _computed(node: ast.Call) -> bool:
    """Whether what a call is given may depend on anything: torch.tensor([1, 2]) does not."""
    return not node.args or any(isinstance(part, ast.Name) for each in node.args for part in ast.walk(each))


def detached(site: Site) -> Iterator[Edit]:
    """Without it; at the beginning of a block, all of the block without any."""
    node = site.node
    if isinstance(node, (ast.Call, ast.With)) and (plain := _differentiated(node)) is not None:
        yield Edit(site, plain, KIND, WORDS)
    body = getattr(site.parent, "body", None)
    if site.slot == "body" and isinstance(body, list) and site.at == 0:
        count = sum(isinstance(node, (ast.Call, ast.With)) and _differentiated(node) is not None for node in _walked(body))
        alone = [_Remover(only=number) for number in range(count)] if count > 1 else []
        for remover in (*alone, _Remover(blocks=False), _Remover()):  # no_grad may stand where statistics are kept
            plain_body = [part for each in body for part in _listed(remover.visit(copy.deepcopy(each)))]
            if len(remover.lines) > 1 or remover in alone:
                first = _statement(body, min(remover.lines))
                yield Edit(Site(body, site.parent, "body", None, first), plain_body, KIND, WORDS)


def _statement(body: Sequence[ast.stmt], line: int) -> ast.stmt:
    """The innermost statement that begins at a line, or before it."""
    inside = [node for node in _walked(body) if isinstance(node, ast.stmt) and node.lineno <= line]
    return max(inside, key=lambda node: node.lineno)


def _walked(body: Sequence[ast.stmt]) -> Iterator[ast.AST]:
    for each in body:
        yield from ast.walk(each)


def _differentiated(node: ast.Call | ast.With) -> ast.expr | list[ast.stmt] | None:
    """What is held constant, without that; None for anything else."""
    if isinstance(node, ast.With):
        calls = [item.context_expr.func for item in node.items if isinstance(item.context_expr, ast.Call)]
        return list(node.body) if [_name(call) for call in calls] in [[name] for name in BLOCKS] else None
    if _name(node.func) not in CALLS:
        return None
    if node.args:
        return node.args[0]
    return node.func.value if isinstance(node.func, ast.Attribute) else None


def _name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _listed(nodes: ast.AST | list[ast.stmt]) -> list[ast.stmt]:
    return nodes if isinstance(nodes, list) else [nodes]  # type: ignore[list-item]  # a statement stays one


class _Remover(ast.NodeTransformer):
    """Takes all of them out of a tree, or calls alone, or one alone, and keeps the lines of what it took out."""

    def __init__(self, *, blocks: bool = True, only: int | None = None) -> None:
        self.blocks, self.only, self.met = blocks, only, 0
        self.lines: list[int] = []

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """Of an expression."""
        self.generic_visit(node)
        return self._without(node)  # type: ignore[return-value]  # of a call it is an expression

    def visit_With(self, node: ast.With) -> ast.AST | list[ast.stmt]:
        """Of a block."""
        self.generic_visit(node)
        return self._without(node)

    def _without(self, node: ast.Call | ast.With) -> ast.AST | list[ast.stmt]:
        plain = _differentiated(node) if self.blocks or isinstance(node, ast.Call) else None
        self.met += plain is not None
        if plain is None or self.only not in (None, self.met - 1):
            return node
        self.lines.append(node.lineno)
        return plain
