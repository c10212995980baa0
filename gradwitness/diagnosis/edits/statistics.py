"""Edits that let a gradient flow through a mean and a variance, in the backward of a function that normalises.

    E / S   becomes   (E - mean(E) - X * mean(E * X)) / S

X is what forward standardised: any array of the gradient's shape. Without the first mean it is the backward of a root mean
square.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from gradwitness.diagnosis.edits.building import loaded
from gradwitness.diagnosis.edits.sites import Edit, Site
from gradwitness.diagnosis.edits.variables import Variables

AXES = (-1, 0)
WORDS = "the gradient through the statistics is missing"


def statistics(variables: Variables, site: Site) -> Iterator[Edit]:
    """The quotients and products of a place, with their statistics."""
    node = site.node
    if not (isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Div, ast.Mult))):
        return
    names = [name for shape in variables.returned for name, own in variables.shapes.items() if own == shape and len(shape) > 1]
    wholes = [(node.left, node.right)] if isinstance(node.op, ast.Div) else [(node.left, node.right), (node.right, node.left)]
    for inner, rest in wholes:
        for name in dict.fromkeys(names):
            for axis in AXES:
                for repaired in _repaired(inner, loaded(name), axis):
                    yield Edit(site, ast.BinOp(repaired, node.op, rest), "statistics", WORDS)


def _repaired(inner: ast.expr, standardised: ast.expr, axis: int) -> Iterator[ast.expr]:
    through_mean = _mean(inner, axis)
    through_variance = ast.BinOp(standardised, ast.Mult(), _mean(ast.BinOp(inner, ast.Mult(), standardised), axis))
    centred = ast.BinOp(inner, ast.Sub(), through_mean)
    yield ast.BinOp(centred, ast.Sub(), through_variance)
    yield ast.BinOp(inner, ast.Sub(), through_variance)
    yield centred


def _mean(value: ast.expr, axis: int) -> ast.expr:
    options = [ast.keyword("axis", ast.Constant(axis)), ast.keyword("keepdims", ast.Constant(value=True))]
    return ast.Call(ast.Attribute(value, "mean", ast.Load()), [], options)
