"""Edits of a part: a factor of one summand, another window cut out of an array, two indices of einsum exchanged."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from itertools import combinations

from gradwitness.diagnosis.edits.building import Meant, integer, loaded
from gradwitness.diagnosis.edits.sites import Edit, Site
from gradwitness.diagnosis.edits.variables import Variables

CONSTANTS = ("2", "0.5")


def summands(site: Site, names: Mapping[str, str]) -> Iterator[Edit]:
    """A factor more in one term of a sum, wherever the sum stands: 2, 1/2, or what is computed and never used.

    names   of what is computed and never used, and what is to be said of each
    """
    node = site.node
    if not isinstance(node, ast.BinOp) or not isinstance(node.op, (ast.Add, ast.Sub)):
        return
    factors = [(name, "factor", words) for name, words in names.items()]
    factors += [(constant, "constant factor", "a constant factor is missing") for constant in CONSTANTS]
    for factor, kind, words in factors:
        for right in (
            ast.BinOp(node.left, node.op, ast.BinOp(node.right, ast.Mult(), loaded(factor))),
            ast.BinOp(ast.BinOp(node.left, ast.Mult(), loaded(factor)), node.op, node.right),
        ):
            yield Edit(site, right, kind, words)


def powers(node: ast.BinOp) -> Iterator[Meant]:
    """The factor 3 of the derivative 3 x**2 of x**3."""
    power = integer(node.right)
    if power is not None and power > 0:
        words = f"the derivative of x**{power + 1} is {power + 1} * x**{power}"
        yield "derivative", ast.BinOp(ast.Constant(power + 1), ast.Mult(), node), words


def windows(variables: Variables, site: Site) -> Iterator[Edit]:
    """Of a padded array the middle, and not the beginning: [pad:pad + H] for [:H]."""
    node = site.node
    if not isinstance(node, ast.Subscript) or not isinstance(node.ctx, ast.Load):
        return
    parts = list(node.slice.elts) if isinstance(node.slice, ast.Tuple) else [node.slice]
    if not any(_begins(part) for part in parts):
        return
    scalars = sorted((name for name, shape in variables.shapes.items() if shape == ()), key=lambda name: "pad" not in name)
    for start in [*map(loaded, scalars), ast.Constant(1)]:
        moved = [
            ast.Slice(start, ast.BinOp(start, ast.Add(), part.upper))
            if isinstance(part, ast.Slice) and part.upper is not None and _begins(part)
            else part
            for part in parts
        ]
        index = ast.Tuple(moved, ast.Load()) if isinstance(node.slice, ast.Tuple) else moved[0]
        yield Edit(site, ast.Subscript(node.value, index, ast.Load()), "shifted", "another part of it is right")


def _begins(part: ast.expr) -> bool:
    """Whether it is [:H], with a length that has a name."""
    if not isinstance(part, ast.Slice) or part.lower is not None or part.step is not None:
        return False
    return isinstance(part.upper, (ast.Name, ast.Attribute, ast.Subscript, ast.Call))


def subscripts(node: ast.Call) -> Iterator[Meant]:
    """Two indices of an array exchanged in the subscripts of einsum."""
    first = node.args[0] if node.args else None
    if not isinstance(first, ast.Constant) or not isinstance(first.value, str) or "." in first.value:
        return
    text = first.value
    start = 0
    for term in text.replace("->", ",,").split(","):
        for one, other in combinations(dict.fromkeys(letter for letter in term if letter.isalpha()), 2):
            changed = term.translate({ord(one): other, ord(other): one})
            right = ast.Constant(text[:start] + changed + text[start + len(term) :])
            yield "transposed", ast.Call(node.func, [right, *node.args[1:]], node.keywords), "two indices are exchanged"
        start += len(term) + 1
