"""Mistakes in calls: which reduction, over which axis, of which operands, under which mask, with which options."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from conformance.rewriting.syntax import Names, Variant, assigned, first_entry, integer, nothing, shifted

LIBRARIES = ("np", "jnp", "torch", "tf", "F", "K", "nn", "math", "jax", "ops", "lax")
"""Names of modules of array functions."""
UFUNCS = ("add", "subtract", "multiply", "divide")
COMMUTATIVE = frozenset(["maximum", "minimum", "add", "multiply", "fmax", "fmin", "logaddexp", "equal"])
BOOKKEEPING = ("order", "strict", "subok")
"""Arguments about memory layout or checks: they change no number."""
MAKERS = ("array", "asarray", "copy", "arange", "zeros_like")
"""Functions of one argument that are no activations."""


def call(node: ast.Call, _names: Names) -> Iterator[Variant]:
    """The mistakes that can be made in a call."""
    method = node.func.attr if isinstance(node.func, ast.Attribute) else ""
    called = method or getattr(node.func, "id", "")
    owner = node.func.value if isinstance(node.func, ast.Attribute) else None
    of_library = isinstance(owner, ast.Name) and owner.id in LIBRARIES
    yield from _reduction(node, called, of_library)
    if called == "range":
        *start, stop = node.args[:2]
        yield "last one dropped", ast.Call(node.func, [*start, shifted(stop, -1), *node.args[2:]], [])
        if len(node.args) == 1:
            yield "first one dropped", ast.Call(node.func, [ast.Constant(1), stop], [])
    if of_library and called in UFUNCS and len(node.args) == 2:
        yield from _ufunc(node, called)
    if called in ("swapaxes", "transpose", "flip", "roll", "moveaxis"):
        yield "transposed operand", node.args[0] if of_library and node.args else (owner or node)
    yield from _selection(node, called, owner)
    if of_library and len(node.args) == 1 and not node.keywords and called not in MAKERS:
        yield "pre- for post-activation", node.args[0]
    if isinstance(node.func, ast.Name) and called.endswith("_backward"):
        yield from _unvisited(node)
    for i, keyword in enumerate(node.keywords):
        yield from _keyword(node, i, keyword)


def _reduction(node: ast.Call, called: str, of_library: bool) -> Iterator[Variant]:
    if called in ("sum", "mean") and isinstance(node.func, ast.Attribute):
        other = ast.Attribute(node.func.value, "mean" if called == "sum" else "sum", ast.Load())
        yield "sum for mean", ast.Call(other, node.args, node.keywords)
        if not of_library and (first := first_entry(node)) is not None:
            yield "missing sum", first


def _selection(node: ast.Call, called: str, owner: ast.expr | None) -> Iterator[Variant]:
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


def _unvisited(node: ast.Call) -> Iterator[Variant]:
    """A path of the backward that is left out."""
    for i, argument in enumerate(node.args):
        if isinstance(argument, (ast.Name, ast.Subscript)):
            args = [*node.args[:i], nothing(argument), *node.args[i + 1 :]]
            yield "dropped term", ast.Call(node.func, args, node.keywords)


def _ufunc(node: ast.Call, called: str) -> Iterator[Variant]:
    """Mistakes in np.subtract(a, b, out=c), which stands for c = a - b."""
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
    if keyword.arg in ("axis", "dim") and (axis := integer(value)) is not None:
        for wrong in (axis - 1, axis + 1):
            yield "wrong axis", given(ast.Constant(wrong))
    elif keyword.arg in BOOKKEEPING:
        return
    elif isinstance(value, ast.Constant) and isinstance(value.value, bool):
        yield "wrong flag", given(ast.Constant(not value.value))
    elif keyword.arg not in (None, "out", "keepdims", "dtype", "optimize", "shape"):
        yield "argument dropped", ast.Call(node.func, node.args, [*node.keywords[:i], *node.keywords[i + 1 :]])


def at(node: ast.Expr, _names: Names) -> Iterator[Variant]:
    """Mistakes in the statement np.add.at(array, index, value)."""
    call = node.value
    if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "at":
        array, index, value = call.args
        yield "overwritten in place of accumulated", assigned(ast.Subscript(array, index, ast.Store()), value)
