"""The mistakes that people make in a backward, each as a rewriting of a piece of source. Nothing here knows of any op.

`variants(node, names)` gives the wrong things that may stand where a right one stands, each with the name of the mistake.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass

Variant = tuple[str, ast.AST]
COMMUTATIVE = frozenset(["maximum", "minimum", "add", "multiply", "fmax", "fmin", "logaddexp", "equal"])
UFUNCS = ("add", "subtract", "multiply", "divide")
COUNTS = ("n", "m", "N", "count", "total", "size", "number", "elements")
"""What a number of terms is called."""
BOUNDARY = {ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Lt: ast.LtE, ast.LtE: ast.Lt}
OPPOSITE = {ast.Gt: ast.Lt, ast.GtE: ast.LtE, ast.Lt: ast.Gt, ast.LtE: ast.GtE, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq}
PERTURBED = 1.01
"""A constant that somebody mistyped."""


@dataclass(frozen=True)
class Names:
    """What the names of a function stand for.

    siblings   name -> one that was unpacked beside it
    results    names of what is returned first, the output of a forward
    sums       names that terms are added to in place
    """

    siblings: dict[str, tuple[str, ...]]
    results: tuple[str, ...]
    sums: frozenset[str] = frozenset()

    @classmethod
    def of(cls, definition: ast.FunctionDef) -> Names:
        """Read off a definition: the names of a tuple that it unpacks are siblings."""
        groups: list[list[str]] = []
        results: tuple[str, ...] = ()
        for node in ast.walk(definition):
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Tuple):
                groups.append([n.id for n in ast.walk(node.targets[0]) if isinstance(n, ast.Name)])
            if isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple) and node.value.elts:
                first = node.value.elts[0]
                results = (first.id,) if isinstance(first, ast.Name) else results
        siblings: dict[str, tuple[str, ...]] = {}
        for group in groups:
            for i, name in enumerate(group):
                near = group[i + 1 : i + 2] or group[max(i - 1, 0) : i]
                siblings.setdefault(name, tuple(n for n in near if n not in ("_", name)))
        added = (n.target for n in ast.walk(definition) if isinstance(n, ast.AugAssign) and isinstance(n.op, (ast.Add, ast.Sub)))
        return cls(siblings, results, frozenset(n.id for n in added if isinstance(n, ast.Name)))


def variants(node: ast.AST, names: Names) -> Iterator[Variant]:
    """The mistakes that can be made where node stands: pairs of a label and what would be written there."""
    rule = RULES.get(type(node))
    if rule is not None:
        yield from rule(node, names)


def _binary(node: ast.BinOp, names: Names) -> Iterator[Variant]:
    left, right = node.left, node.right

    def other(op: ast.operator, a: ast.expr = left, b: ast.expr = right) -> ast.BinOp:
        return ast.BinOp(a, op, b)

    match node.op:
        case ast.Add():
            yield "flipped sign", other(ast.Sub())
            yield "dropped term", left
            yield "dropped term", right
        case ast.Sub():
            yield "flipped sign", other(ast.Add())
            yield "swapped operands", other(ast.Sub(), right, left)
            yield "dropped term", left
            yield "dropped term", ast.UnaryOp(ast.USub(), right)
        case ast.Mult():
            yield "missing factor", left
            yield "missing factor", right
            yield "doubled factor", other(ast.Mult(), node, right)
            for factor, rest in ((left, right), (right, left)):
                if not isinstance(factor, (ast.Name, ast.Constant)) and (inner := _first_name(factor)):
                    yield "forward value in place of its derivative", other(ast.Mult(), rest, inner)
        case ast.Div():
            yield "sum for mean" if _counts(right) else "missing factor", left
            yield "doubled factor", other(ast.Div(), node, right)
            yield "swapped operands", other(ast.Mult())
            if _counts(right):
                yield "N-1 for N", other(ast.Div(), left, ast.BinOp(right, ast.Sub(), ast.Constant(1)))
        case ast.MatMult():
            yield "swapped operands", other(ast.MatMult(), right, left)
            if not _is_vector(left):
                yield "transposed operand", other(ast.MatMult(), _transposed(left), right)
            if not _is_vector(right):
                yield "transposed operand", other(ast.MatMult(), left, _transposed(right))
        case ast.Pow():
            yield "missing factor", left


def _unary(node: ast.UnaryOp, names: Names) -> Iterator[Variant]:
    if isinstance(node.op, ast.USub) and not isinstance(node.operand, ast.Constant):
        yield "flipped sign", node.operand
    if isinstance(node.op, (ast.Invert, ast.Not)):
        yield "wrong mask", node.operand


def _augmented(node: ast.AugAssign, names: Names) -> Iterator[Variant]:
    target, value = node.target, node.value
    match node.op:
        case ast.Add() | ast.Sub():
            flipped = ast.Sub() if isinstance(node.op, ast.Add) else ast.Add()
            yield "flipped sign", ast.AugAssign(target, flipped, value)
            yield "dropped term", ast.Pass()
            yield "overwritten in place of accumulated", _assigned(target, value)
        case ast.Mult() | ast.Div():
            yield "missing factor", ast.Pass()
            yield "doubled factor", ast.AugAssign(target, node.op, ast.BinOp(value, ast.Mult(), value))


def _assign(node: ast.Assign, names: Names) -> Iterator[Variant]:
    """The first term of a sum that goes on below."""
    if isinstance(node.targets[0], ast.Name) and node.targets[0].id in names.sums:
        yield "dropped term", ast.Assign(node.targets, _nothing(node.value), lineno=0)


def _compare(node: ast.Compare, names: Names) -> Iterator[Variant]:
    if len(node.ops) == 1:
        for label, table in (("mask with its boundary", BOUNDARY), ("wrong mask", OPPOSITE)):
            if (other := table.get(type(node.ops[0]))) is not None:
                yield label, ast.Compare(node.left, [other()], node.comparators)


def _call(node: ast.Call, names: Names) -> Iterator[Variant]:
    method = node.func.attr if isinstance(node.func, ast.Attribute) else ""
    called = method or getattr(node.func, "id", "")
    owner = node.func.value if isinstance(node.func, ast.Attribute) else None
    of_numpy = isinstance(owner, ast.Name) and owner.id in (
        "np",
        "jnp",
        "torch",
        "tf",
        "F",
        "K",
        "nn",
        "math",
        "jax",
        "ops",
        "lax",
    )
    if called in ("sum", "mean") and isinstance(node.func, ast.Attribute):
        other = ast.Attribute(node.func.value, "mean" if called == "sum" else "sum", ast.Load())
        yield "sum for mean", ast.Call(other, node.args, node.keywords)
        if not of_numpy and (first := _first_entry(node)) is not None:
            yield "missing sum", first
    if called == "range":
        *start, stop = node.args[:2]
        yield "last one dropped", ast.Call(node.func, [*start, _shifted(stop, -1), *node.args[2:]], [])
        if len(node.args) == 1:
            yield "first one dropped", ast.Call(node.func, [ast.Constant(1), stop], [])
    if of_numpy and called in UFUNCS and len(node.args) == 2:
        yield from _ufunc(node, called)
    if called in ("swapaxes", "transpose", "flip", "roll", "moveaxis"):
        yield "transposed operand", node.args[0] if of_numpy and node.args else (owner or node)
    if called == "where" and len(node.args) == 3:
        condition, a, b = node.args
        yield "wrong mask", ast.Call(node.func, [condition, b, a], node.keywords)
        yield "mask dropped", a
        yield "mask dropped", b
    if called in ("maximum", "minimum"):
        other = ast.Attribute(owner, "minimum" if called == "maximum" else "maximum", ast.Load()) if owner else node.func
        yield "wrong mask", ast.Call(other, node.args, node.keywords)
    elif len(node.args) >= 2 and all(isinstance(a, ast.Name) for a in node.args[:2]) and called not in COMMUTATIVE:
        yield "swapped operands", ast.Call(node.func, [node.args[1], node.args[0], *node.args[2:]], node.keywords)
    if (
        of_numpy
        and len(node.args) == 1
        and not node.keywords
        and called not in ("array", "asarray", "copy", "arange", "zeros_like")
    ):
        yield "pre- for post-activation", node.args[0]
    if isinstance(node.func, ast.Name) and called.endswith("_backward"):
        for i, argument in enumerate(node.args):  # a path that nobody goes back along
            if isinstance(argument, (ast.Name, ast.Subscript)):
                args = [*node.args[:i], _nothing(argument), *node.args[i + 1 :]]
                yield "dropped term", ast.Call(node.func, args, node.keywords)
    for i, keyword in enumerate(node.keywords):
        yield from _keyword(node, i, keyword)


def _ufunc(node: ast.Call, called: str) -> Iterator[Variant]:
    """np.subtract(a, b, out=c) for c = a - b."""
    of, (a, b) = node.func.value, node.args  # type: ignore[attr-defined]

    def other(name: str, *args: ast.expr) -> ast.Call:
        return ast.Call(ast.Attribute(of, name, ast.Load()), list(args), node.keywords)

    if called in ("add", "subtract"):
        yield "flipped sign", other("subtract" if called == "add" else "add", a, b)
        yield "dropped term", other("positive", a)
        yield "dropped term", other("positive" if called == "add" else "negative", b)
    else:
        yield "missing factor", other("positive", a)
        yield (
            "missing factor" if called == "multiply" else "swapped operands",
            other("positive", b) if called == "multiply" else other("multiply", a, b),
        )


def _keyword(node: ast.Call, i: int, keyword: ast.keyword) -> Iterator[Variant]:
    def given(value: ast.expr) -> ast.Call:
        return ast.Call(node.func, node.args, [*node.keywords[:i], ast.keyword(keyword.arg, value), *node.keywords[i + 1 :]])

    value = keyword.value
    if keyword.arg in ("axis", "dim") and (axis := _integer(value)) is not None:
        for wrong in (axis - 1, axis + 1):
            yield "wrong axis", given(ast.Constant(wrong))
    elif isinstance(value, ast.Constant) and isinstance(value.value, bool):
        yield "wrong flag", given(ast.Constant(not value.value))
    elif keyword.arg not in (None, "out", "keepdims", "dtype", "optimize", "shape"):
        yield "argument dropped", ast.Call(node.func, node.args, [*node.keywords[:i], *node.keywords[i + 1 :]])


def _attribute(node: ast.Attribute, names: Names) -> Iterator[Variant]:
    if node.attr in ("T", "mT") and isinstance(node.ctx, ast.Load):
        yield "transposed operand", node.value


def _statement(node: ast.Expr, names: Names) -> Iterator[Variant]:
    call = node.value
    if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "at":
        array, index, value = call.args
        yield "overwritten in place of accumulated", _assigned(ast.Subscript(array, index, ast.Store()), value)


def _subscript(node: ast.Subscript, names: Names) -> Iterator[Variant]:
    if not isinstance(node.ctx, ast.Load):
        return
    first, *others = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]

    def at(index: ast.expr) -> ast.Subscript:
        where = ast.Tuple([index, *others], ast.Load()) if others else index
        return ast.Subscript(node.value, where, ast.Load())

    if isinstance(first, ast.Name) and len(first.id) == 1:
        yield "stale value", at(_shifted(first, -1))
    elif isinstance(first, ast.BinOp) and isinstance(first.left, ast.Name) and isinstance(first.right, ast.Constant):
        yield "stale value", at(first.left)
    elif isinstance(first, ast.Slice) and _integer(first.upper) == -1 and first.lower is None:
        yield "stale value", at(ast.Slice(ast.Constant(1)))
    elif isinstance(first, ast.Slice) and _integer(first.lower) == 1 and first.upper is None:
        yield "stale value", at(ast.Slice(None, ast.Constant(-1)))


def _name(node: ast.Name, names: Names) -> Iterator[Variant]:
    if not isinstance(node.ctx, ast.Load):
        return
    if node.id in ("eps", "epsilon"):
        yield "epsilon dropped", ast.Constant(0.0)
        return
    for sibling in names.siblings.get(node.id, ()):
        yield "wrong tensor", ast.Name(sibling, ast.Load())


def _return(node: ast.Return, names: Names) -> Iterator[Variant]:
    """A forward hands on another tensor than the one that backward needs."""
    if not (isinstance(node.value, ast.Tuple) and len(node.value.elts) == 2):
        return
    out, cache = node.value.elts
    kept = cache.elts if isinstance(cache, ast.Tuple) else [cache]
    known = {ast.unparse(k) for k in kept}
    for i, entry in enumerate(kept):
        others = [n for n in (*names.results, *names.siblings.get(getattr(entry, "id", ""), ())) if n not in known]
        for other in others if isinstance(entry, ast.Name) else ():
            entries = [*kept[:i], ast.Name(other, ast.Load()), *kept[i + 1 :]]
            value = ast.Tuple(entries, ast.Load()) if isinstance(cache, ast.Tuple) else entries[0]
            yield "stale or overwritten cache", ast.Return(ast.Tuple([out, value], ast.Load()))


def _constant(node: ast.Constant, names: Names) -> Iterator[Variant]:
    if isinstance(node.value, float):
        yield "wrong constant", ast.Constant(node.value * PERTURBED)


RULES: dict[type, Callable[..., Iterator[Variant]]] = {
    ast.BinOp: _binary,
    ast.UnaryOp: _unary,
    ast.Assign: _assign,
    ast.AugAssign: _augmented,
    ast.Compare: _compare,
    ast.Call: _call,
    ast.Attribute: _attribute,
    ast.Expr: _statement,
    ast.Subscript: _subscript,
    ast.Name: _name,
    ast.Return: _return,
    ast.Constant: _constant,
}


def _counts(node: ast.expr) -> bool:
    """Whether this is a number of terms: n, x.size, len(x), x.shape[0]."""
    if isinstance(node, ast.Subscript):
        node = node.value
    if isinstance(node, ast.Call):
        return getattr(node.func, "id", "") == "len" or (
            isinstance(node.func, ast.Attribute) and node.func.attr in ("size", "numel")
        )
    if isinstance(node, ast.Attribute):
        return node.attr in ("size", "shape")
    return isinstance(node, ast.Name) and node.id in COUNTS


def _assigned(target: ast.expr, value: ast.expr) -> ast.Assign:
    return ast.Assign([target], value, lineno=0)


def _nothing(node: ast.expr) -> ast.BinOp:
    return ast.BinOp(ast.Constant(0), ast.Mult(), node)


def _first_name(node: ast.expr) -> ast.Name | None:
    skipped = {id(n.func) for n in ast.walk(node) if isinstance(n, ast.Call)} | {
        id(n.value) for n in ast.walk(node) if isinstance(n, ast.Attribute)
    }
    return next((n for n in ast.walk(node) if isinstance(n, ast.Name) and id(n) not in skipped), None)


def _is_vector(node: ast.expr) -> bool:
    """As far as the source tells: rstd[:, 0], np.ones(n). A vector is its own transpose."""
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Tuple):
        return any(_integer(index) is not None for index in node.slice.elts)
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "ones"


def _transposed(node: ast.expr) -> ast.expr:
    return node.value if isinstance(node, ast.Attribute) and node.attr in ("T", "mT") else ast.Attribute(node, "T", ast.Load())


def _shifted(node: ast.expr, by: int) -> ast.expr:
    return ast.BinOp(node, ast.Add() if by > 0 else ast.Sub(), ast.Constant(abs(by)))


def _integer(node: ast.expr | None) -> int | None:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) and isinstance(node.operand, ast.Constant):
        return -node.operand.value if isinstance(node.operand.value, int) else None
    return node.value if isinstance(node, ast.Constant) and type(node.value) is int else None


def _first_entry(node: ast.Call) -> ast.expr | None:
    """x.sum(axis=k) -> x.take(0, axis=k): one term for the sum of all."""
    keywords = {k.arg: k.value for k in node.keywords}
    axis = _integer(keywords.get("axis"))
    if axis is None or not isinstance(node.func, ast.Attribute):
        return None
    kept = isinstance(keep := keywords.get("keepdims"), ast.Constant) and keep.value
    which = ast.List([ast.Constant(0)], ast.Load()) if kept else ast.Constant(0)
    return ast.Call(ast.Attribute(node.func.value, "take", ast.Load()), [which], [ast.keyword("axis", ast.Constant(axis))])
