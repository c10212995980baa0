"""Edits that few places allow: another number for a length, the mask of another array, a kernel turned round, what is computed
and never used, a function that is left out, a matrix that flows back where forward uses it a second time.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from gradwitness.diagnosis.edits.building import loaded, transposed
from gradwitness.diagnosis.edits.names import Shape
from gradwitness.diagnosis.edits.sites import Edit, Site
from gradwitness.diagnosis.edits.variables import Variables, assigned, returned_by

LEFT_OUT = ("sign", "abs", "exp", "log", "sqrt", "tanh", "cos", "sin")
"""Functions that a backward may lack."""


def counts(variables: Variables, site: Site) -> Iterator[Edit]:
    """Another number in place of a length."""
    node = site.node
    called = isinstance(node, ast.Call) and getattr(node.func, "id", "") == "len"
    entry = isinstance(node, ast.Subscript) and isinstance(node.value, ast.Attribute) and node.value.attr == "shape"
    if called or entry or (isinstance(node, ast.Attribute) and node.attr == "size"):
        for name in (name for name, shape in variables.shapes.items() if shape == ()):
            yield Edit(site, loaded(name), "constant factor", "another number is right")
        for name in (name for name, shape in variables.shapes.items() if shape):
            yield Edit(site, loaded(f"{name}.sum()"), "constant factor", f"the sum of {name} is right")


def masks(variables: Variables, site: Site) -> Iterator[Edit]:
    """A mask of another array."""
    node = site.node
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        for name in (name for name, shape in variables.shapes.items() if shape and name != ast.unparse(node.left)):
            yield Edit(site, ast.Compare(loaded(name), node.ops, node.comparators), "mask", "the mask of another array is right")


def flipped(variables: Variables, site: Site) -> Iterator[Edit]:
    """An array the other way round along its last axes, as the kernel of a convolution is in its backward."""
    node = site.node
    if isinstance(node, (ast.Name, ast.Attribute, ast.Subscript)) and isinstance(node.ctx, ast.Load):
        shape = variables.shapes.get(ast.unparse(node), ())
        for text in ("[..., ::-1, ::-1]" if len(shape) > 2 else "[::-1, ::-1]", "[::-1]")[len(shape) < 2 :] if shape else ():
            yield Edit(site, loaded(f"({ast.unparse(node)}){text}"), "flipped", "it is right the other way round")


def left_out(variables: Variables, site: Site, numpy: str, libraries: Sequence[str] = ()) -> Iterator[Edit]:
    """A function of an array in place of the array itself, as sign(r) in the backward of |r|.

    numpy       the name of NumPy in the user's file, empty if it has none
    libraries   the names of the frameworks there: whose shape is not known may be a tensor
    """
    node = site.node
    called = isinstance(site.parent, ast.Call) and site.slot == "func"
    negated = isinstance(site.parent, ast.UnaryOp) and isinstance(site.parent.op, ast.Not)
    decides = site.slot == "test" or negated or isinstance(site.parent, ast.BoolOp)  # what an `if` asks is no array
    if isinstance(node, (ast.Name, ast.Attribute, ast.Subscript)) and isinstance(node.ctx, ast.Load) and not (called or decides):
        text = ast.unparse(node)
        is_array = bool(variables.shapes.get(text))
        for name in LEFT_OUT if is_array or (text not in variables.shapes and text.partition(".")[0] not in libraries) else ():
            for right in _of(name, text, ([numpy] if numpy else []) if is_array else libraries, method=not is_array):
                yield Edit(site, loaded(right), "derivative", f"{name}({text}) is right, and not {text} itself")


def _of(name: str, text: str, libraries: Sequence[str], *, method: bool) -> list[str]:
    """A function of something as a library has it; where no library is known, as its method."""
    return [f"{library}.{name}({text})" for library in libraries] or ([f"({text}).{name}()"] if method else [])


def is_scalar(variables: Variables, node: ast.AST | list[ast.stmt]) -> bool:
    """Whether an expression is a number, as far as that is known."""
    if isinstance(node, list):
        return False
    if (shape := variables.shapes.get(ast.unparse(node))) is not None or isinstance(node, ast.Constant):
        return not shape
    parts = [node.left, node.right] if isinstance(node, ast.BinOp) else []
    parts += [node.operand] if isinstance(node, ast.UnaryOp) else []
    parts += [node.body, node.orelse] if isinstance(node, ast.IfExp) else []
    return bool(parts) and all(map(partial(is_scalar, variables), parts))


def unused(variables: Variables, site: Site, names: Mapping[str, str]) -> Iterator[Edit]:
    """A term more in what is assigned: what was computed, and is not used anywhere.

    names   and what is to be said of each
    """
    for target, value, made in assigned(site):
        for name in (name for name in variables.alike_terms(target) if name in names):
            yield Edit(site, made(ast.BinOp(value, ast.Add(), loaded(name))), "term", names[name])
    if isinstance(site.node, ast.BinOp):
        for name in (name for name in names if variables.shapes.get(name)):
            for op in (ast.Add(), ast.Sub()):
                yield Edit(site, ast.BinOp(site.node, op, loaded(name)), "term", names[name])


def products(variables: Variables, site: Site) -> Iterator[Edit]:
    """A term more in a matrix that is wrong: what flows back where forward uses it a second time."""
    pairs = [(target, value, made) for target, value, made in assigned(site)]
    shaped = [(variables.shapes.get(target), value, made) for target, value, made in pairs]
    shaped += [(shape, value, made) for value, made in returned_by(site) for shape in variables.returned]
    for shape, value, made in shaped:
        if shape is None or len(shape) != 2 or shape not in variables.returned:
            continue
        for a, b in _factored(variables, shape):
            term = ast.BinOp(transposed(loaded(a)), ast.MatMult(), loaded(b))
            yield Edit(site, made(ast.BinOp(value, ast.Add(), term)), "term", "a term is missing")


def _factored(variables: Variables, shape: Shape) -> Iterator[tuple[str, str]]:
    """Matrices whose product, the first one transposed, has a shape."""
    matrices = [(name, own) for name, own in variables.shapes.items() if len(own) == 2]
    for a, left in matrices:
        for b, right in matrices:
            if a != b and left[0] == right[0] and (left[1], right[1]) == shape:
                yield a, b
