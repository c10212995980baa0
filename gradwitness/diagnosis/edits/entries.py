"""Edits of an entry: a factor more in one number of a list of gradients, or in one operand of a matrix product."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from gradwitness.diagnosis.edits.building import loaded
from gradwitness.diagnosis.edits.sites import Edit, Site
from gradwitness.diagnosis.edits.variables import Variables, assigned

PRODUCTS = ("dot", "matmul", "outer")
LISTS = ("append", "concatenate", "hstack", "array", "stack")
"""Calls that put numbers beside each other. What stands in r_[...] is an entry of a tuple."""
MISSING = "a factor is missing"


def numbers(variables: Variables, site: Site) -> Iterator[Edit]:
    """A number at hand as a factor, of either sign, or below: of an entry, and of a number that is assigned."""
    scalars = [name for name, shape in variables.shapes.items() if shape == ()]
    node = site.node
    if _is_entry(site) and isinstance(node, ast.expr) and not isinstance(node, (ast.Constant, ast.Slice, ast.List, ast.Tuple)):
        for name in scalars:
            yield Edit(site, ast.BinOp(node, ast.Mult(), loaded(name)), "factor", MISSING)
            yield Edit(site, ast.BinOp(node, ast.Div(), loaded(name)), "factor", MISSING)
            yield Edit(site, ast.BinOp(node, ast.Mult(), loaded(f"-{name}")), "factor", MISSING)
    for target, value, made in assigned(site):
        for name in scalars if variables.shapes.get(target) == () else ():
            yield Edit(site, made(ast.BinOp(value, ast.Mult(), loaded(f"-{name}"))), "factor", MISSING)


def _is_entry(site: Site) -> bool:
    """Whether a place is an entry of a list of numbers."""
    if isinstance(site.parent, ast.Call):
        function = site.parent.func
        return site.slot == "args" and (getattr(function, "attr", "") or getattr(function, "id", "")) in LISTS
    return isinstance(site.parent, (ast.List, ast.Tuple)) and site.slot == "elts" and isinstance(site.parent.ctx, ast.Load)


def operands(variables: Variables, site: Site) -> Iterator[Edit]:
    """Another array of the same shape as a factor of an operand, as the mask of what is known in (error * mask) @ w."""
    node, parent = site.node, site.parent
    if not isinstance(node, (ast.Name, ast.Attribute, ast.Subscript)) or not isinstance(node.ctx, ast.Load):
        return
    called = isinstance(parent, ast.Call) and site.slot == "args" and getattr(parent.func, "attr", "") in PRODUCTS
    owner = isinstance(parent, ast.Attribute) and parent.attr in (*PRODUCTS, "T")
    if called or owner or (isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.MatMult)):
        for other in variables.alike_terms(ast.unparse(node)):
            yield Edit(site, ast.BinOp(node, ast.Mult(), loaded(other)), "factor", MISSING)
