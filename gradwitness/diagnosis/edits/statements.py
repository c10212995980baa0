"""Edits of a whole statement: overwritten for accumulated, one too many, a carry that is never made."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from gradwitness.diagnosis.edits.building import OVERWRITE, loaded, negative, transposed
from gradwitness.diagnosis.edits.expressions import softmax
from gradwitness.diagnosis.edits.sites import Edit, Site

ONCE = "an index that is repeated counts once"
AT: dict[type, str] = {ast.Add: "add", ast.Sub: "subtract"}


def accumulated(site: Site, numpy: str, *, tensors: bool = False) -> Iterator[Edit]:
    """Contributions that are added up, in place of overwriting each other.

    numpy     the name of NumPy in the user's file, empty if it has none
    tensors   whether arrays may be tensors of PyTorch
    """
    node = site.node
    if isinstance(node, ast.Assign) and len(node.targets) == 1:
        target = node.targets[0]
        if isinstance(target, (ast.Subscript, ast.Attribute)) or (isinstance(target, ast.Name) and site.looped):
            yield Edit(site, ast.AugAssign(target, ast.Add(), node.value), "series", OVERWRITE)
        if isinstance(target, ast.Subscript) and numpy:
            yield Edit(site, _at(target, node.value, numpy), "series", OVERWRITE)
        if isinstance(target, ast.Subscript) and tensors:
            yield Edit(site, _put(target, node.value), "series", OVERWRITE)
    elif isinstance(node, ast.AugAssign) and type(node.op) in AT and isinstance(node.target, ast.Subscript) and numpy:
        at = _at(node.target, node.value, numpy, AT[type(node.op)])
        yield Edit(site, at, "series", ONCE)
    if isinstance(node, ast.AugAssign) and type(node.op) in AT and isinstance(node.target, ast.Subscript) and tensors:
        value = node.value if isinstance(node.op, ast.Add) else negative(node.value)
        yield Edit(site, _put(node.target, value), "series", ONCE)
    yield from _all_accumulated(site)


def _all_accumulated(site: Site) -> Iterator[Edit]:
    """The same in all statements of a block at once."""
    body = getattr(site.parent, "body", None)
    if site.slot == "body" and isinstance(body, list) and site.at == 0:
        stored = [
            each for each in body if isinstance(each, ast.Assign) and isinstance(each.targets[0], (ast.Attribute, ast.Subscript))
        ]
        if len(stored) > 1:
            added = [ast.AugAssign(e.targets[0], ast.Add(), e.value) if e in stored else e for e in body]
            yield Edit(Site(body, site.parent, "body", None, stored[0]), added, "series", OVERWRITE)


def statements(site: Site) -> Iterator[Edit]:
    """What else may have been meant in place of a statement."""
    node = site.node
    if isinstance(node, ast.Assign) and len(node.targets) == 1:
        target = node.targets[0]
        if isinstance(target, (ast.Name, ast.Subscript)) and not isinstance(node.value, ast.Constant):
            yield Edit(site, ast.Pass(), "term", "it is one too many")
            negative = ast.Assign(node.targets, ast.UnaryOp(ast.USub(), node.value))
            yield Edit(site, negative, "sign", "the sign is wrong")
    elif isinstance(node, ast.AugAssign):
        target, value = node.target, node.value
        if isinstance(node.op, (ast.Add, ast.Sub)):
            other: ast.operator = ast.Sub() if isinstance(node.op, ast.Add) else ast.Add()
            yield Edit(site, ast.AugAssign(target, other, value), "sign", "the sign is wrong")
        if isinstance(node.op, ast.Mult) and isinstance(target, ast.Name):
            for kind, right, words in softmax(value, ast.Name(target.id, ast.Load())):
                yield Edit(site, ast.Assign([target], right), kind, words)
        if isinstance(node.op, (ast.Mult, ast.Div)):
            inverse: ast.operator = ast.Div() if isinstance(node.op, ast.Mult) else ast.Mult()
            yield Edit(site, ast.AugAssign(target, inverse, value), "factor", "the inverse is right")
        yield Edit(site, ast.Pass(), "term", "it is one too many")
        yield Edit(site, ast.Assign([target], value), "term", "what was there before is one too many")
    elif isinstance(node, ast.Return) and node.value is not None:
        many = isinstance(node.value, ast.Tuple)
        for i, value in enumerate(node.value.elts if isinstance(node.value, ast.Tuple) else [node.value]):
            for kind, right, words in _returned(value):
                entries = [*node.value.elts[:i], right, *node.value.elts[i + 1 :]] if isinstance(node.value, ast.Tuple) else []
                yield Edit(site, ast.Return(ast.Tuple(entries, ast.Load()) if many else right), kind, words)


def carries(loop: ast.For, carry: str, matrices: Sequence[str], vectors: Sequence[str]) -> Iterator[Edit]:
    """A statement at the end of a loop that hands something on to the next turn: carry = dz @ W.T.

    carry      a variable that is read in the loop and never stored there
    matrices   what it may be multiplied by; vectors: what may be handed on
    """
    words = "what one turn of the loop hands on to the next is missing"
    last = loop.body[-1]
    end = Site(last, loop, "body", len(loop.body) - 1, last, looped=True)
    for vector in vectors:
        v = loaded(vector)
        for matrix in matrices:
            m = loaded(matrix)
            for a, b in ((v, transposed(m)), (v, m), (transposed(m), v), (m, v)):
                line = ast.Assign([ast.Name(carry, ast.Store())], ast.BinOp(a, ast.MatMult(), b))
                yield Edit(end, [last, line], "series", words)


def _returned(value: ast.expr) -> Iterator[tuple[str, ast.expr, str]]:
    yield "sign", ast.UnaryOp(ast.USub(), value), "the sign is wrong"
    yield "transposed", transposed(value), "it is transposed"
    for axis in (0, 1):
        total = ast.Call(ast.Attribute(value, "sum", ast.Load()), [], [ast.keyword("axis", ast.Constant(axis))])
        yield "missing sum", total, "a sum is missing"
    yield "missing sum", ast.Call(ast.Attribute(value, "sum", ast.Load()), [], []), "a sum is missing"


def _at(target: ast.Subscript, value: ast.expr, numpy: str, ufunc: str = "add") -> ast.Expr:
    """np.add.at(target, index, value)."""
    add = ast.Attribute(ast.Attribute(ast.Name(numpy, ast.Load()), ufunc, ast.Load()), "at", ast.Load())
    array = target.value
    return ast.Expr(ast.Call(add, [array, _index(target.slice), value], []))


def _put(target: ast.Subscript, value: ast.expr) -> ast.Expr:
    """target.index_put_(indices, value, accumulate=True)."""
    indices = target.slice if isinstance(target.slice, ast.Tuple) else ast.Tuple([target.slice], ast.Load())
    put = ast.Attribute(target.value, "index_put_", ast.Load())
    return ast.Expr(ast.Call(put, [indices, value], [ast.keyword("accumulate", ast.Constant(True))]))


def _index(index: ast.expr) -> ast.expr:
    """An index as an argument: slices are no expressions outside of brackets."""
    if isinstance(index, ast.Slice):
        return ast.Call(
            ast.Name("slice", ast.Load()), [part or ast.Constant(None) for part in (index.lower, index.upper, index.step)], []
        )
    if isinstance(index, ast.Tuple):
        return ast.Tuple([_index(part) for part in index.elts], ast.Load())
    return index
