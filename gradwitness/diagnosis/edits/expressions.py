"""Edits of an operation, a comparison, a constant, an index: what may have been meant in its place."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from itertools import combinations

from gradwitness.diagnosis.edits.building import Meant, integer, shifted, transposed
from gradwitness.diagnosis.edits.calls import calls
from gradwitness.diagnosis.edits.parts import powers
from gradwitness.diagnosis.edits.sites import Edit, Site

LISTED = 6
"""Entries of a list of which two may be exchanged."""
COMPARED = {
    ast.Gt: (ast.GtE, ast.Lt, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt, ast.LtE),
    ast.Lt: (ast.LtE, ast.Gt, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt, ast.GtE),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
}
SQUARE = "the derivative of tanh is right"


def expressions(site: Site) -> Iterator[Edit]:
    """What may have been meant in place of an expression."""
    rule = RULES.get(type(site.node))
    for kind, meant, words in rule(site.node) if rule else ():
        yield Edit(site, meant, kind, words)


def otherwise(site: Site) -> Iterator[Edit]:
    """The other value of a choice."""
    if isinstance(site.node, ast.IfExp):
        for right in (site.node.body, site.node.orelse):
            yield Edit(site, right, "choice", "the other choice is right")


def _binary(node: ast.BinOp) -> Iterator[Meant]:
    left, right = node.left, node.right

    def other(op: ast.operator, a: ast.expr = left, b: ast.expr = right) -> ast.expr:
        return ast.BinOp(a, op, b)

    match node.op:
        case ast.Add():
            yield "sign", other(ast.Sub()), "a sign is wrong"
            yield "sign", other(ast.Sub(), right, left), "a sign is wrong"
            yield "term", left, "a term is one too many"
            yield "term", right, "a term is one too many"
            yield from _inside(left, right)
        case ast.Sub():
            if integer(right) == 1:
                yield "constant factor", left, "N is right, and not N - 1"
            if integer(left) == 1:
                yield "derivative", other(ast.Sub(), left, ast.BinOp(right, ast.Pow(), ast.Constant(2))), SQUARE
            yield "sign", other(ast.Add()), "a sign is wrong"
            yield "sign", other(ast.Sub(), right, left), "a sign is wrong"
            yield "term", left, "a term is one too many"
            yield "term", ast.UnaryOp(ast.USub(), right), "a term is one too many"
        case ast.Mult():
            yield from _activation(left, right)
            yield from softmax(left, right)
            yield "factor", left, "a factor is one too many"
            yield "factor", right, "a factor is one too many"
            yield "factor", other(ast.Div()), "it divides where it multiplies"
            yield "factor", other(ast.Div(), right, left), "it divides where it multiplies"
        case ast.Div():
            yield "factor", left, "a factor is one too many"
            yield "factor", other(ast.Mult()), "it multiplies where it divides"
            yield "factor", other(ast.Div(), node, right), "a factor is missing"
            yield "factor", other(ast.Div(), right, left), "the fraction is upside down"
            less = ast.BinOp(right, ast.Sub(), ast.Constant(1))
            yield "constant factor", other(ast.Div(), left, less), "N - 1 is right"
        case ast.MatMult():
            yield "transposed", other(ast.MatMult(), transposed(left), right), "a factor is transposed"
            yield "transposed", other(ast.MatMult(), left, transposed(right)), "a factor is transposed"
            yield "transposed", other(ast.MatMult(), transposed(left), transposed(right)), "both factors are transposed"
            yield "transposed", other(ast.MatMult(), right, left), "the factors are in the wrong order"
            yield "transposed", other(ast.MatMult(), transposed(right), left), "the factors are in the wrong order"
            yield "transposed", other(ast.MatMult(), right, transposed(left)), "the factors are in the wrong order"
        case ast.Pow():
            yield "factor", left, "a power is wrong"
            yield from powers(node)


def _inside(left: ast.expr, right: ast.expr) -> Iterator[Meant]:
    """sqrt(v + eps) in place of sqrt(v) + eps."""
    if isinstance(left, ast.Call) and getattr(left.func, "attr", "") == "sqrt" and len(left.args) == 1:
        root = ast.Call(left.func, [ast.BinOp(left.args[0], ast.Add(), right)], left.keywords)
        yield "epsilon", root, "the epsilon stands inside of the root"


def _activation(left: ast.expr, right: ast.expr) -> Iterator[Meant]:
    """Of y * (1 - y): 1 - y**2."""
    for product, rest in ((left, right), (right, left)):
        if isinstance(rest, ast.BinOp) and isinstance(rest.op, ast.Sub) and isinstance(rest.left, ast.Constant):
            square = ast.BinOp(rest.left, ast.Sub(), ast.BinOp(rest.right, ast.Pow(), ast.Constant(2)))
            if _alike(product, rest.right):
                yield "derivative", square, SQUARE
            elif isinstance(product, ast.BinOp) and isinstance(product.op, ast.Mult) and _alike(product.right, rest.right):
                yield "derivative", ast.BinOp(product.left, ast.Mult(), square), SQUARE


def softmax(left: ast.expr, right: ast.expr) -> Iterator[Meant]:
    """Of p * d, and of p * (1 - p) * d: p * (d - (p * d).sum(axis, keepdims=True))."""
    words = "the term through the sum of the softmax is missing"
    for p, d in ((left, right), (right, left)):
        if isinstance(p, ast.BinOp) and isinstance(p.op, ast.Mult) and _alike(_one_less(p.right), p.left):
            p = p.left  # noqa: PLW2901 - the diagonal of the Jacobian
        for axis in (-1, 0):
            options = [ast.keyword("axis", ast.Constant(axis)), ast.keyword("keepdims", ast.Constant(value=True))]
            total = ast.Call(ast.Attribute(ast.BinOp(p, ast.Mult(), d), "sum", ast.Load()), [], options)
            yield "statistics", ast.BinOp(p, ast.Mult(), ast.BinOp(d, ast.Sub(), total)), words


def _one_less(node: ast.expr) -> ast.expr:
    """y of 1 - y."""
    return node.right if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub) and integer(node.left) == 1 else node


def _alike(one: ast.expr, other: ast.expr) -> bool:
    return ast.dump(one) == ast.dump(other)


def _sequence(node: ast.List | ast.Tuple) -> Iterator[Meant]:
    """Two entries exchanged: gates, gradients."""
    if isinstance(node.ctx, ast.Load) and len(node.elts) <= LISTED:
        for i, j in combinations(range(len(node.elts)), 2):
            entries = list(node.elts)
            entries[i], entries[j] = entries[j], entries[i]
            yield "entries", type(node)(entries, ast.Load()), "two entries are exchanged"


def _unary(node: ast.UnaryOp) -> Iterator[Meant]:
    if isinstance(node.op, ast.USub) and not isinstance(node.operand, ast.Constant):
        yield "sign", node.operand, "a sign is wrong"
    if isinstance(node.op, (ast.Invert, ast.Not)):
        yield "mask", node.operand, "it is the wrong way round"


def _compare(node: ast.Compare) -> Iterator[Meant]:
    if len(node.ops) != 1:
        return
    for op in COMPARED.get(type(node.ops[0]), ()):
        yield "mask", ast.Compare(node.left, [op()], node.comparators), "a mask is wrong"


def _attribute(node: ast.Attribute) -> Iterator[Meant]:
    if node.attr in ("T", "mT") and isinstance(node.ctx, ast.Load):
        yield "transposed", node.value, "a factor is transposed"


def _subscript(node: ast.Subscript) -> Iterator[Meant]:
    """A neighbour in time or space; the whole where a part is meant."""
    if not isinstance(node.ctx, ast.Load):
        return
    if any(isinstance(part, ast.Slice) and part.step is not None for part in ast.walk(node.slice)):
        yield "shifted", node.value, "its order is right as it is"
    parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    for i, part in enumerate(parts):
        moved: list[ast.expr] = []
        if isinstance(part, (ast.Name, ast.BinOp)):
            moved = [shifted(part, -1), shifted(part, 1)]
            if isinstance(part, ast.BinOp) and isinstance(part.left, ast.Name):
                moved.insert(0, part.left)
        elif isinstance(part, ast.Slice) and part.step is not None:
            moved = [ast.Slice(part.lower, part.upper)]
        elif isinstance(part, ast.Slice) and integer(part.upper) == -1 and part.lower is None:
            moved = [ast.Slice(ast.Constant(1), None)]
        elif isinstance(part, ast.Slice) and integer(part.lower) == 1 and part.upper is None:
            moved = [ast.Slice(None, ast.Constant(-1))]
        for right in moved:
            entries = [*parts[:i], right, *parts[i + 1 :]]
            index = ast.Tuple(entries, ast.Load()) if isinstance(node.slice, ast.Tuple) else entries[0]
            yield "shifted", ast.Subscript(node.value, index, ast.Load()), "the index is off by one"


def _constant(node: ast.Constant) -> Iterator[Meant]:
    value = node.value
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return
    words = "a constant is wrong"
    whole = [value + 1, value - 1, 2 * value] if isinstance(value, int) else []
    others: list[float] = [value / 2, 2 * value, 1 / value if value else 1, value * value, value / 4, 4 * value]
    for right in [*whole, *others]:
        if right != value:
            yield "constant factor", ast.Constant(right), words


RULES: dict[type, Callable[..., Iterator[Meant]]] = {
    ast.BinOp: _binary,
    ast.UnaryOp: _unary,
    ast.Compare: _compare,
    ast.Call: calls,
    ast.Attribute: _attribute,
    ast.Subscript: _subscript,
    ast.Constant: _constant,
    ast.List: _sequence,
    ast.Tuple: _sequence,
}
