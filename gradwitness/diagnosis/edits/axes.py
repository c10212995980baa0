"""Edits of how axes are merged and split: a transpose that is missing before or after a reshape, axes in another order."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
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
MISSING = "a transpose is missing"


def axes(variables: Variables, site: Site) -> Iterator[Edit]:
    """Two axes exchanged where an array is reshaped, or put into another order."""
    node = site.node
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return
    name, owner = node.func.attr, node.func.value
    of_numpy = isinstance(owner, ast.Name) and owner.id in LIBRARIES
    if name in RESHAPES and (node.args or not of_numpy):
        operand, given = (node.args[0], node.args[1:]) if of_numpy else (owner, node.args)
        yield from _before(variables, site, node, operand, of_numpy=of_numpy)
        yield from _after(site, node, given, of_numpy=of_numpy)
    elif name in ORDERS:
        first = 1 if of_numpy else 0
        for i, j in combinations(range(first, len(node.args)), 2):
            args = list(node.args)
            args[i], args[j] = args[j], args[i]
            yield Edit(site, ast.Call(node.func, args, node.keywords), "transposed", "the axes are in the wrong order")


def _before(variables: Variables, site: Site, node: ast.Call, operand: ast.expr, *, of_numpy: bool) -> Iterator[Edit]:
    """reshape(x.swapaxes(i, j), ...)."""
    shape = variables.shapes.get(ast.unparse(operand))
    for i, j in _pairs(USUAL if shape is None else len(shape)):
        turned = _exchanged(operand, i, j)
        call = (
            ast.Call(node.func, [turned, *node.args[1:]], node.keywords)
            if of_numpy
            else ast.Call(ast.Attribute(turned, "reshape", ast.Load()), node.args, node.keywords)  # no view of what is turned
        )
        yield Edit(site, call, "transposed", f"{MISSING} before it is reshaped")


def _after(site: Site, node: ast.Call, given: Sequence[ast.expr], *, of_numpy: bool) -> Iterator[Edit]:
    """reshape(x, another shape).swapaxes(i, j), which has the shape that was asked for."""
    packed = len(given) == 1 and isinstance(given[0], (ast.Tuple, ast.List))
    lengths = list(given[0].elts) if len(given) == 1 and isinstance(given[0], (ast.Tuple, ast.List)) else list(given)
    for i, j in _pairs(len(lengths)):
        other = list(lengths)
        other[i], other[j] = other[j], other[i]
        args: list[ast.expr] = [ast.Tuple(other, ast.Load())] if packed else other
        call = ast.Call(node.func, [node.args[0], *args] if of_numpy else args, node.keywords)
        yield Edit(site, _exchanged(call, i, j), "transposed", f"{MISSING} after it is reshaped")


def _pairs(rank: int) -> list[tuple[int, int]]:
    """Pairs of axes, neighbours first."""
    return sorted(combinations(range(rank), 2), key=lambda pair: pair[1] - pair[0]) if rank <= HIGHEST else []


def _exchanged(node: ast.expr, i: int, j: int) -> ast.Call:
    return ast.Call(ast.Attribute(node, "swapaxes", ast.Load()), [ast.Constant(i), ast.Constant(j)], [])
