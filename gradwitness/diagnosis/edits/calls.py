"""Edits of a call: which function, of what, along which axis, how far a loop goes."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from gradwitness.diagnosis.edits.building import OVERWRITE, Meant, integer, shifted, transposed
from gradwitness.diagnosis.edits.parts import subscripts

PRODUCTS = ("dot", "matmul", "outer", "inner", "tensordot")
LIBRARIES = ("np", "numpy")
FUNCTIONS = ("sin", "cos", "exp", "log", "tanh", "sqrt", "square", "sinh", "cosh", "sign", "abs")
DIVISORS = ("ddof", "correction", "unbiased")
"""How NumPy, the array API and PyTorch are told what a variance divides by."""
MOVED = {
    "transpose": "a factor is transposed",
    "swapaxes": "a factor is transposed",
    "flip": "a factor is turned round",
    "roll": "a factor is shifted",
}
"""Functions that move the elements of a factor, and what is told where it is right as it is."""
BY_INDEX = {"scatter_": "scatter_add_", "scatter": "scatter_add", "tensor_scatter_nd_update": "tensor_scatter_nd_add"}
"""Functions that overwrite by an index -> those that add."""
FLAGS = ("transpose_a", "transpose_b")
EXTREMES = {
    "maximum": ("minimum",),
    "minimum": ("maximum",),
    "max": ("min", "mean"),
    "min": ("max",),
    "argmax": ("argmin",),
    "argmin": ("argmax",),
}
"""And what may have been meant."""


def calls(node: ast.Call) -> Iterator[Meant]:
    """What may have been meant in place of a call."""
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    owner = node.func.value if isinstance(node.func, ast.Attribute) else None
    of_numpy = isinstance(owner, ast.Name) and owner.id in LIBRARIES
    yield from _keepdims(node)
    if owner is not None:
        yield from _reduction(node, name, None if of_numpy else owner)
    yield from _by_index(node, name)
    yield from _applied(node, name)
    for other in EXTREMES.get(name, ()):
        yield "mask", _renamed(node, other), f"a {other} is right" if other == "mean" else "the other extreme is right"
    if name == "sqrt" and len(node.args) == 1:
        yield from _outside(node)
    if name == "where" and len(node.args) == 3:
        condition, a, b = node.args
        yield "mask", ast.Call(node.func, [condition, b, a], node.keywords), "a mask is upside down"
    if name in PRODUCTS and node.args:
        yield from _product(node, owner if len(node.args) == 1 else None)
    if name == "matmul":
        yield from _flags(node)
    if name == "range":
        yield from _range(node)
    if name in MOVED and owner is not None:
        yield "transposed", node.args[0] if of_numpy and node.args else owner, MOVED[name]
    if name == "einsum":
        yield from subscripts(node)
    yield from _axis(node, name)


def _outside(node: ast.Call) -> Iterator[Meant]:
    """sqrt(v) + eps in place of sqrt(v + eps)."""
    inner = node.args[0]
    if isinstance(inner, ast.BinOp) and isinstance(inner.op, ast.Add):
        root = ast.Call(node.func, [inner.left], node.keywords)
        yield "epsilon", ast.BinOp(root, ast.Add(), inner.right), "the epsilon stands outside of the root"


def _keepdims(node: ast.Call) -> Iterator[Meant]:
    """Without keepdims."""
    given = [keyword for keyword in node.keywords if keyword.arg != "keepdims"]
    if len(given) < len(node.keywords):
        yield "extra axis", ast.Call(node.func, node.args, given), "keepdims is one too many"


def _reduction(node: ast.Call, name: str, summand: ast.expr | None) -> Iterator[Meant]:
    """A sum for a mean, or one too many; the other measure of spread."""
    if name in ("sum", "mean"):
        other = "mean" if name == "sum" else "sum"
        yield "constant factor", _renamed(node, other), f"a {name} is taken where a {other} is right"
        if name == "mean":
            yield "mask", _renamed(node, "max"), "a mean is taken where the largest is right"
        if summand is not None or node.args:
            yield "extra sum", summand if summand is not None else node.args[0], f"a {name} is one too many"
    if name in ("std", "var"):
        yield "statistics", _renamed(node, "var" if name == "std" else "std"), "the other measure of spread is right"
        yield from _divisor(node)


def _divisor(node: ast.Call) -> Iterator[Meant]:
    """A variance that is divided by n in place of n - 1, or the other way."""
    given = next((keyword for keyword in node.keywords if keyword.arg in DIVISORS), None)
    now = getattr(given.value, "value", None) if given is not None else None
    names = DIVISORS[:2] if given is None else [given.arg]
    others = [keyword for keyword in node.keywords if keyword is not given]
    for less in (0, 1):
        words = f"a variance is divided by {'n where n - 1' if less else 'n - 1 where n'} is right"
        for name in names if now != less else ():
            value = ast.Constant(bool(less) if name == "unbiased" else less)
            yield "statistics", ast.Call(node.func, node.args, [*others, ast.keyword(name, value)]), words


def _by_index(node: ast.Call, name: str) -> Iterator[Meant]:
    """What adds by an index in place of what overwrites."""
    if name in BY_INDEX:
        yield "series", _renamed(node, BY_INDEX[name]), OVERWRITE
    if name in ("index_copy", "index_copy_"):
        yield "series", _renamed(node, name.replace("copy", "add")), OVERWRITE
    if name in ("index_put", "index_put_") and len(node.args) == 2:
        others = [keyword for keyword in node.keywords if keyword.arg != "accumulate"]
        yield "series", ast.Call(node.func, node.args, [*others, ast.keyword("accumulate", ast.Constant(True))]), OVERWRITE


def _applied(node: ast.Call, name: str) -> Iterator[Meant]:
    """Another function, or none."""
    if len(node.args) == 1 and not node.keywords:
        yield "derivative", node.args[0], "a function is applied once too often"
        if name in FUNCTIONS and isinstance(node.func, ast.Attribute):
            for other in FUNCTIONS:
                if other != name:
                    yield "derivative", _renamed(node, other), "it is not the derivative of what forward computes"


def _axis(node: ast.Call, name: str) -> Iterator[Meant]:
    if name in ("sum", "mean", "max", "min", "cumsum") and node.args:
        for right in _other_axes(node.args[-1]):
            yield "missing sum", ast.Call(node.func, [*node.args[:-1], right], node.keywords), "the axis is wrong"
    for i, keyword in enumerate(node.keywords):
        if keyword.arg in ("axis", "dim"):
            for right in _other_axes(keyword.value):
                given = [*node.keywords[:i], ast.keyword(keyword.arg, right), *node.keywords[i + 1 :]]
                yield "missing sum", ast.Call(node.func, node.args, given), "the axis is wrong"


def _product(node: ast.Call, owner: ast.expr | None) -> Iterator[Meant]:
    """a.dot(b), np.dot(a, b), np.outer(a, b)."""
    operands = [owner, node.args[0]] if owner is not None else node.args[:2]
    if len(operands) != 2:
        return
    a, b = operands

    def other(a: ast.expr, b: ast.expr) -> ast.Call:
        if owner is None:
            return ast.Call(node.func, [a, b, *node.args[2:]], node.keywords)
        return ast.Call(ast.Attribute(a, node.func.attr, ast.Load()), [b], node.keywords)  # type: ignore[attr-defined]

    yield "transposed", other(transposed(a), b), "a factor is transposed"
    yield "transposed", other(a, transposed(b)), "a factor is transposed"
    yield "transposed", other(b, a), "the factors are in the wrong order"
    yield "transposed", other(transposed(b), a), "the factors are in the wrong order"
    yield "transposed", other(b, transposed(a)), "the factors are in the wrong order"


def _flags(node: ast.Call) -> Iterator[Meant]:
    """tf.matmul(a, b, transpose_a=True): the flag of each factor, the other way."""
    given = {keyword.arg: keyword for keyword in node.keywords}
    for flag in FLAGS if len(node.args) >= len(FLAGS) else ():
        others = [keyword for keyword in node.keywords if keyword.arg != flag]
        on = flag in given and getattr(given[flag].value, "value", None) is True
        flags = others if on else [*others, ast.keyword(flag, ast.Constant(True))]
        yield "transposed", ast.Call(node.func, node.args, flags), "a factor is transposed"


def _range(node: ast.Call) -> Iterator[Meant]:
    first, stop = (node.args[0], node.args[1]) if len(node.args) > 1 else (None, node.args[0])
    start = [] if first is None else [first]
    for by in (1, -1):
        words = "the loop ends at the wrong place"
        yield "series", ast.Call(node.func, [*start, shifted(stop, by), *node.args[2:]], []), words
        if first is not None:
            begins = "the loop begins at the wrong place"
            yield "series", ast.Call(node.func, [shifted(first, -by), stop, *node.args[2:]], []), begins
    if first is not None and integer(first) == 1:
        yield "series", ast.Call(node.func, [ast.Constant(0), stop, *node.args[2:]], []), "the first one is left out"


def _renamed(node: ast.Call, name: str) -> ast.Call:
    func = node.func
    right: ast.expr = (
        ast.Attribute(func.value, name, ast.Load()) if isinstance(func, ast.Attribute) else ast.Name(name, ast.Load())
    )
    return ast.Call(right, node.args, node.keywords)


def _other_axes(axis: ast.expr) -> Iterator[ast.expr]:
    """A neighbour of an axis; of several axes one less, or the first one more, which is that of the batch."""
    if (number := integer(axis)) is not None:
        yield from (ast.Constant(number + 1), ast.Constant(number - 1))
    elif isinstance(axis, ast.Tuple) and axis.elts and all(integer(each) is not None for each in axis.elts):
        yield from (ast.Tuple([*axis.elts[:i], *axis.elts[i + 1 :]], ast.Load()) for i in range(len(axis.elts)))
        if 0 not in [integer(each) for each in axis.elts]:
            yield ast.Tuple([ast.Constant(0), *axis.elts], ast.Load())
