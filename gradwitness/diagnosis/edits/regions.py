"""Edits of which part of an array is meant: windows with a stride, a penalty without the bias, the whole in place of a part."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from itertools import product

from gradwitness.diagnosis.edits.building import integer, loaded
from gradwitness.diagnosis.edits.sites import Edit, Site
from gradwitness.diagnosis.edits.variables import Variables, stored_by

STRIDES = ("2", "3")
"""That may be written as numbers."""
MOST = 8
"""Numbers at hand that may be a stride."""


def strided(variables: Variables, site: Site) -> Iterator[Edit]:
    """[i * s:i * s + k] for [i:i + k], on all axes that are cut like that."""
    node = site.node
    if not isinstance(node, ast.Subscript):
        return
    parts = list(node.slice.elts) if isinstance(node.slice, ast.Tuple) else [node.slice]
    cut = [number for number, part in enumerate(parts) if _window(part) is not None]
    if not cut:
        return
    names = [name for name, shape in variables.shapes.items() if shape == ()]
    names = sorted(names, key=lambda name: not name.rpartition(".")[2].lstrip("_").startswith("s"))
    strides = [*names[:MOST], *STRIDES]
    chosen = [(stride,) * len(cut) for stride in strides]
    chosen += [pair for pair in product(names[:MOST], repeat=2) if len(cut) == 2 and pair[0] != pair[1]]
    for each in chosen:
        moved = list(parts)
        for number, stride in zip(cut, each, strict=True):
            moved[number] = _moved(parts[number], stride)
        index = ast.Tuple(moved, ast.Load()) if isinstance(node.slice, ast.Tuple) else moved[0]
        yield Edit(site, ast.Subscript(node.value, index, node.ctx), "shifted", "its windows are a stride apart")


def _window(part: ast.expr) -> tuple[ast.Name, ast.expr] | None:
    """i and k of i:i + k."""
    if not isinstance(part, ast.Slice) or part.step is not None or not isinstance(part.lower, ast.Name):
        return None
    upper = part.upper
    if not isinstance(upper, ast.BinOp) or not isinstance(upper.op, ast.Add):
        return None
    for one, other in ((upper.left, upper.right), (upper.right, upper.left)):
        if isinstance(one, ast.Name) and one.id == part.lower.id:
            return part.lower, other
    return None


def _moved(part: ast.expr, stride: str) -> ast.expr:
    window = _window(part)
    if window is None:
        return part
    start = ast.BinOp(window[0], ast.Mult(), loaded(stride))
    return ast.Slice(start, ast.BinOp(start, ast.Add(), window[1]))


def wholes(site: Site) -> Iterator[Edit]:
    """g += c * w for g[1:] += c * w[1:]: a statement about the same part of each array is about all of them."""
    node = site.node
    target = node.target if isinstance(node, ast.AugAssign) else node.targets[0] if isinstance(node, ast.Assign) else None
    if not isinstance(target, ast.Subscript) or not any(isinstance(part, ast.Slice) for part in ast.walk(target.slice)):
        return
    part = ast.dump(target.slice)

    class Whole(ast.NodeTransformer):
        def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
            self.generic_visit(node)
            return _as(node.value, node.ctx) if ast.dump(node.slice) == part else node

    statement = copy.deepcopy(node)
    whole = Whole().visit(statement)  # type: ignore[arg-type]  # a statement, as its target is known
    yield Edit(site, whole, "term", f"all of it counts, and not [{ast.unparse(target.slice).strip('()')}] alone")


def _as(node: ast.expr, context: ast.expr_context) -> ast.expr:
    if isinstance(node, (ast.Name, ast.Attribute, ast.Subscript)):
        node.ctx = context
    return node


def biases(variables: Variables, site: Site, numpy: str) -> Iterator[Edit]:
    """The parameters of a penalty without those that forward leaves out of it: the first or the last row, column or element."""
    node = site.node
    if not numpy or not isinstance(node, (ast.Name, ast.Attribute, ast.Subscript)) or not isinstance(node.ctx, ast.Load):
        return
    text = ast.unparse(node)
    shape = variables.shapes.get(text)
    if not shape or len(shape) > 2 or not _is_scaled(site):
        return
    if shape not in variables.returned and shape not in [variables.shapes.get(target) for target in stored_by(site.statement)]:
        return  # where all parameters are one vector, the gradient of each is a part of what is returned
    for words, right in _without(text, len(shape), numpy):
        yield Edit(site, loaded(right), "term", f"forward leaves {words} of {text}, such as a bias, out of its penalty")


def _is_scaled(site: Site) -> bool:
    """Whether a place is a factor of a product, or a term: that of a penalty is."""
    return isinstance(site.parent, (ast.BinOp, ast.AugAssign, ast.Assign))


def _without(text: str, rank: int, numpy: str) -> Iterator[tuple[str, str]]:
    """An array with zeros in place of a part of it."""
    if rank == 1:
        yield "the first element", f"{numpy}.r_[0, {text}[1:]]"
        yield "the last element", f"{numpy}.r_[{text}[:-1], 0]"
        return
    column, row = f"{numpy}.zeros((len({text}), 1))", f"{numpy}.zeros((1, {text}.shape[1]))"
    yield "the first column", f"{numpy}.c_[{column}, {text}[:, 1:]]"
    yield "the last column", f"{numpy}.c_[{text}[:, :-1], {column}]"
    yield "the first row", f"{numpy}.r_[{row}, {text}[1:]]"
    yield "the last row", f"{numpy}.r_[{text}[:-1], {row}]"


def begins_later(site: Site) -> Iterator[Edit]:
    """range(1, n) for range(n): the first one is not meant."""
    node = site.node
    if (
        isinstance(node, ast.Call)
        and getattr(node.func, "id", "") == "range"
        and len(node.args) == 1
        and integer(node.args[0]) != 1
    ):
        call = ast.Call(node.func, [ast.Constant(1), *node.args], [])
        yield Edit(site, call, "series", "the first one is one too many")
