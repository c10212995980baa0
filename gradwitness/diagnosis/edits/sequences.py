"""Edits of an order: of two statements, of what is kept before it changes, of a running sum, of parentheses."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from gradwitness.diagnosis.edits.building import integer, loaded
from gradwitness.diagnosis.edits.sites import Edit, Site
from gradwitness.diagnosis.edits.variables import Variables, returned_by

STORING = (ast.Assign, ast.AugAssign)
RUNNING = ("cumsum", "cumprod")
KEEPING = ("append", "insert")
ALIAS = "it is the array itself, which changes later: a copy is right"


def exchanged(site: Site) -> Iterator[Edit]:
    """Two neighbouring statements the other way round, where one of them stores what the other one reads or stores."""
    node, body = site.node, getattr(site.parent, site.slot, None)
    if not isinstance(node, STORING) or not isinstance(body, list) or site.at is None or site.at + 1 >= len(body):
        return
    after = body[site.at + 1]
    if isinstance(after, STORING) and (_stored(node) & _named(after) or _stored(after) & _named(node)):
        turned = [*body[: site.at], after, node, *body[site.at + 2 :]]
        whole = Site(body, site.parent, site.slot, None, node)
        yield Edit(whole, turned, "series", "two statements are in the wrong order")


def copies(variables: Variables, site: Site) -> Iterator[Edit]:
    """A copy in place of an array itself, where it is kept: in a list, in a cache, under another name."""
    node, parent = site.node, site.parent
    appended = isinstance(parent, ast.Call) and site.slot == "args" and getattr(parent.func, "attr", "") in KEEPING
    if not isinstance(node, ast.expr) or not (appended or (isinstance(parent, STORING) and site.slot == "value")):
        return
    kept = node.elts if isinstance(node, (ast.Tuple, ast.List)) else [node]
    copied = [_copy(each) if variables.shapes.get(ast.unparse(each)) else each for each in kept if isinstance(each, ast.expr)]
    if any(one is not other for one, other in zip(copied, kept, strict=True)):
        right = type(node)(copied, ast.Load()) if isinstance(node, (ast.Tuple, ast.List)) else copied[0]
        yield Edit(site, right, "series", ALIAS)


def running(site: Site) -> Iterator[Edit]:
    """A running sum from the other end."""
    node = site.node
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or node.func.attr not in RUNNING:
        return
    given = [keyword.value for keyword in node.keywords if keyword.arg == "axis"]
    if isinstance(node.func.value, ast.Name) and node.args:
        operand, positional = node.args[0], node.args[1:]
    else:
        operand, positional = node.func.value, node.args
    axis = integer((given or positional or [ast.Constant(0)])[0])
    if axis is None:
        return
    index = f"[{', '.join([':'] * axis + ['::-1'])}]" if axis >= 0 else f"[{', '.join(['...', '::-1', *[':'] * (-axis - 1)])}]"
    if operand is node.func.value:
        call = ast.Call(ast.Attribute(_indexed(operand, index), node.func.attr, ast.Load()), node.args, node.keywords)
    else:
        call = ast.Call(node.func, [_indexed(operand, index), *positional], node.keywords)
    yield Edit(site, _indexed(call, index), "series", "it runs from the wrong end")


def turned(variables: Variables, site: Site) -> Iterator[Edit]:
    """A gradient that a call returns, the other way round along its last axes, as the kernel of a convolution may be."""
    for value, made in returned_by(site):
        for rank in {len(shape) for shape in variables.returned if shape} if isinstance(value, ast.Call) else ():
            index = "[::-1]" if rank == 1 else f"[{'..., ' if rank > 2 else ''}::-1, ::-1]"
            yield Edit(site, made(_indexed(value, index)), "flipped", "it is right the other way round")


def complements(variables: Variables, site: Site) -> Iterator[Edit]:
    """1 - p in place of p, and p in place of 1 - p: of a gate, of a probability."""
    node = site.node
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub) and integer(node.left) == 1:
        words = f"{ast.unparse(node.right)} is right, and not {ast.unparse(node)}"
        yield Edit(site, node.right, "derivative", words)
    elif isinstance(node, (ast.Name, ast.Attribute, ast.Subscript)) and isinstance(node.ctx, ast.Load):
        text = ast.unparse(node)
        if text in variables.shapes:
            yield Edit(site, loaded(f"(1 - {text})"), "derivative", f"1 - {text} is right, and not {text}")


def symmetric(variables: Variables, site: Site) -> Iterator[Edit]:
    """The transpose of a square matrix in place of the matrix; and both, in place of the matrix or of twice that: the gradient of
    x @ x.T has both.
    """
    node = site.node
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        matrices = [one for one, other in ((node.left, node.right), (node.right, node.left)) if integer(other) == 2]
    else:
        matrices = [node] if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) else []
    for text in map(ast.unparse, matrices):
        shape = variables.shapes.get(text, ())
        if len(shape) == 2 and shape[0] == shape[1]:
            if isinstance(node, ast.Name):
                yield Edit(site, loaded(f"{text}.T"), "transposed", f"{text} is transposed")
            words = f"{text} is taken for symmetric: its transpose is a term as well"
            yield Edit(site, loaded(f"({text} + {text}.T)"), "term", words)
            yield Edit(
                site, loaded(f"(({text} + {text}.T) / 2)"), "term", f"{text} is taken for symmetric: its symmetric part is right"
            )


def batched(variables: Variables, site: Site) -> Iterator[Edit]:
    """The last two axes exchanged of a factor of a product of batches of matrices."""
    node = site.node
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
        for side in ("left", "right"):
            factor = getattr(node, side)
            if len(variables.shapes.get(ast.unparse(factor), (0, 0, 0))) > 2:
                turned = ast.Call(ast.Attribute(factor, "swapaxes", ast.Load()), [loaded("-1"), loaded("-2")], [])
                left, right = (turned, node.right) if side == "left" else (node.left, turned)
                yield Edit(site, ast.BinOp(left, ast.MatMult(), right), "transposed", "a factor is transposed")


def regrouped(site: Site) -> Iterator[Edit]:
    """Parentheses that are missing, a * b - c for a * (b - c), or one too many."""
    node, words = site.node, "the parentheses are wrong"
    if not isinstance(node, ast.BinOp):
        return
    left, right = node.left, node.right
    if isinstance(node.op, (ast.Add, ast.Sub)):
        for product, other in ((left, right), (right, left)):
            if isinstance(product, ast.BinOp) and isinstance(product.op, (ast.Mult, ast.Div)):
                near, far = (product.right, product.left) if product is left else (product.left, product.right)
                inner = ast.BinOp(near, node.op, other) if product is left else ast.BinOp(other, node.op, near)
                pair = (far, inner) if product is left else (inner, far)
                yield Edit(site, ast.BinOp(pair[0], product.op, pair[1]), "term", words)
    elif isinstance(node.op, (ast.Mult, ast.Div)):
        if isinstance(right, ast.BinOp) and isinstance(right.op, (ast.Add, ast.Sub)):
            yield Edit(site, ast.BinOp(ast.BinOp(left, node.op, right.left), right.op, right.right), "term", words)
        if isinstance(left, ast.BinOp) and isinstance(left.op, (ast.Add, ast.Sub)):
            yield Edit(site, ast.BinOp(left.left, left.op, ast.BinOp(left.right, node.op, right)), "term", words)


def _named(node: ast.AST) -> set[str]:
    return {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}


def _stored(node: ast.Assign | ast.AugAssign) -> set[str]:
    """The names that a statement stores, or whose entries it stores."""
    return {name for target in (node.targets if isinstance(node, ast.Assign) else [node.target]) for name in _targets(target)}


def _targets(node: ast.expr) -> set[str]:
    if isinstance(node, (ast.Tuple, ast.List)):
        return {name for each in node.elts for name in _targets(each)}
    while isinstance(node, (ast.Subscript, ast.Attribute)):
        node = node.value
    return {node.id} if isinstance(node, ast.Name) else set()


def _copy(node: ast.expr) -> ast.expr:
    return ast.Call(ast.Attribute(node, "copy", ast.Load()), [], [])


def _indexed(node: ast.expr, index: str) -> ast.expr:
    """node[index]."""
    pattern = loaded(f"x{index}")
    assert isinstance(pattern, ast.Subscript)
    return ast.Subscript(node, pattern.slice, ast.Load())
