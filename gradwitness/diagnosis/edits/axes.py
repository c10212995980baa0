"""Edits of how axes are merged and split: a transpose that is missing before or after a reshape, axes in another order."""

from __future__ import annotations

import ast
import copy
from collections.abc import Collection, Iterator, Sequence
from itertools import combinations

from gradwitness.diagnosis.edits.calls import LIBRARIES
from gradwitness.diagnosis.edits.sites import Edit, Site
from gradwitness.diagnosis.edits.variables import Variables

RESHAPES = ("reshape", "view")
ORDERS = ("transpose", "permute", "swapaxes", "moveaxis")
HIGHEST = 5
"""Axes of an array of which two are exchanged."""
USUAL = 4
"""Axes of an array whose number is not known."""
TENSORFLOW = ("tf", "tensorflow")
MISSING = "a transpose is missing"


def axes(variables: Variables, site: Site, libraries: Collection[str] = ()) -> Iterator[Edit]:
    """Two axes exchanged where an array is reshaped, or put into another order.

    libraries   what the user's file calls NumPy and the frameworks
    """
    node = site.node
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return
    name, owner = node.func.attr, node.func.value
    library = owner.id if isinstance(owner, ast.Name) and owner.id in {*LIBRARIES, *libraries} else ""
    if name in RESHAPES and (node.args or not library):
        operand, given = (node.args[0], node.args[1:]) if library else (owner, node.args)
        yield from _before(variables, site, node, operand, library)
        yield from _after(site, node, given, library)
    elif name in ORDERS:
        yield from _ordered(site, node, 1 if library else 0)


def flattened(site: Site) -> Iterator[Edit]:
    """Columns first for rows first, or the other way round, wherever a statement flattens or reshapes."""
    node = site.node
    if not isinstance(node, (ast.Assign, ast.AugAssign, ast.Return)):
        return
    for one, other in (("C", "F"), ("F", "C")):
        remade = _Reordered(one, other)
        statement = remade.visit(copy.deepcopy(node))
        if remade.found:
            words = f"it is flattened in the wrong order: order={other!r} is right"
            yield Edit(site, statement, "transposed", words)


class _Reordered(ast.NodeTransformer):
    """Calls that flatten or reshape in one order, in another."""

    def __init__(self, one: str, other: str) -> None:
        self.one, self.other, self.found = one, other, 0

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """Of a statement."""
        self.generic_visit(node)
        if not isinstance(node.func, ast.Attribute) or node.func.attr not in ("ravel", "flatten", "reshape"):
            return node
        given = next((keyword.value for keyword in node.keywords if keyword.arg == "order"), ast.Constant("C"))
        if isinstance(given, ast.Constant) and given.value == self.one:
            self.found += 1
            others = [keyword for keyword in node.keywords if keyword.arg != "order"]
            return ast.Call(node.func, node.args, [*others, ast.keyword("order", ast.Constant(self.other))])
        return node


def _ordered(site: Site, node: ast.Call, first: int) -> Iterator[Edit]:
    """Two entries of an order exchanged: x.transpose(0, 2, 1); one that is a tuple is edited as such."""
    for i, j in combinations(range(first, len(node.args)), 2):
        args = list(node.args)
        args[i], args[j] = args[j], args[i]
        yield Edit(site, ast.Call(node.func, args, node.keywords), "transposed", "the axes are in the wrong order")


def _before(variables: Variables, site: Site, node: ast.Call, operand: ast.expr, library: str) -> Iterator[Edit]:
    """reshape(x.swapaxes(i, j), ...)."""
    shape = variables.shapes.get(ast.unparse(operand))
    for i, j in _pairs(USUAL if shape is None else len(shape)):
        for turned in _exchanged(operand, i, j, library, None if shape is None else len(shape)):
            call = (
                ast.Call(node.func, [turned, *node.args[1:]], node.keywords)
                if library
                else ast.Call(ast.Attribute(turned, "reshape", ast.Load()), node.args, node.keywords)  # no view of what is turned
            )
            yield Edit(site, call, "transposed", f"{MISSING} before it is reshaped")


def _after(site: Site, node: ast.Call, given: Sequence[ast.expr], library: str) -> Iterator[Edit]:
    """reshape(x, another shape).swapaxes(i, j), which has the shape that was asked for."""
    packed = len(given) == 1 and isinstance(given[0], (ast.Tuple, ast.List))
    lengths = list(given[0].elts) if len(given) == 1 and isinstance(given[0], (ast.Tuple, ast.List)) else list(given)
    for i, j in _pairs(len(lengths)):
        other = list(lengths)
        other[i], other[j] = other[j], other[i]
        args: list[ast.expr] = [ast.Tuple(other, ast.Load())] if packed else other
        call = ast.Call(node.func, [node.args[0], *args] if library else args, node.keywords)
        for turned in _exchanged(call, i, j, library, len(lengths)):
            yield Edit(site, turned, "transposed", f"{MISSING} after it is reshaped")


def _pairs(rank: int) -> list[tuple[int, int]]:
    """Pairs of axes, neighbours first."""
    return sorted(combinations(range(rank), 2), key=lambda pair: pair[1] - pair[0]) if rank <= HIGHEST else []


def _exchanged(node: ast.expr, i: int, j: int, library: str, rank: int | None) -> Iterator[ast.Call]:
    """x.swapaxes(i, j); of TensorFlow, whose tensors have no such method, tf.transpose(x, order)."""
    if library not in TENSORFLOW:
        yield ast.Call(ast.Attribute(node, "swapaxes", ast.Load()), [ast.Constant(i), ast.Constant(j)], [])
        return
    for axes in range(j + 1, USUAL + 1) if rank is None else (rank,):
        order = list(range(axes))
        order[i], order[j] = j, i
        entries = ast.Tuple([ast.Constant(axis) for axis in order], ast.Load())
        yield ast.Call(ast.Attribute(ast.Name(library, ast.Load()), "transpose", ast.Load()), [node, entries], [])
