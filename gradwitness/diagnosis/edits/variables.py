"""Edits that put another array in a place: in place of one, as a factor, as a term, as an epsilon."""

from __future__ import annotations

import ast
import copy
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import partial

from gradwitness.diagnosis.edits.building import loaded
from gradwitness.diagnosis.edits.names import Shape
from gradwitness.diagnosis.edits.sites import Edit, Site

FORMS: Sequence[tuple[str, str, str]] = (
    ("factor", "{}", "a factor is missing"),
    ("derivative", "(1 - {}**2)", "the derivative of tanh is missing"),
    ("derivative", "({} * (1 - {}))", "the derivative of sigmoid is missing"),
    ("mask", "({} > 0)", "a mask is missing"),
    ("factor", "(1 - {})", "a factor is missing"),
)
"""Factors made of an array; of a number the first alone."""
CONSTANTS = ("2", "0.5")
CONTRACTING = ("dot", "matmul", "outer", "einsum", "inner", "vdot", "tensordot", "trace", "sum")
"""Functions that take a factor more in what they are given, and not behind."""
Made = Callable[[ast.expr], ast.AST]


class Variables:
    """What a function has at hand, and which of it may stand in for other.

    shapes    by how it is written
    numbers   that may be an epsilon
    returned  the shapes of gradients that are wrong, and of what the function returned
    names     of all that it can read
    """

    def __init__(
        self,
        shapes: Mapping[str, Shape],
        numbers: Sequence[float],
        returned: Sequence[Shape] = (),
        names: Collection[str] = (),
    ) -> None:
        self.shapes, self.numbers, self.returned, self.names = dict(shapes), list(numbers), list(returned), names

    def alike(self, name: str) -> list[str]:
        """Others of the same shape."""
        shape = self.shapes.get(name)
        return [other for other, own in self.shapes.items() if other != name and own == shape] if shape is not None else []

    def within(self, shape: Shape) -> list[str]:
        """Those that broadcast to a shape, the same shape first."""
        fitting = [name for name, own in self.shapes.items() if _broadcasts(own, shape)]
        return sorted(fitting, key=lambda name: (self.shapes[name] != shape, len(self.shapes[name]) == 0))

    def replaced(self, site: Site) -> Iterator[Edit]:
        """Another array in place of one."""
        if (text := _read(site.node)) and self.shapes.get(text):
            for other in self.alike(text):
                yield Edit(site, loaded(other), "exchanged", "another array is right")

    def renumbered(self, site: Site) -> Iterator[Edit]:
        """Another number in place of one. Numbers agree by chance: a factor that is missing is thought of first."""
        if (text := _read(site.node)) and self.shapes.get(text) == ():
            for other in self.alike(text):
                yield Edit(site, loaded(other), "exchanged", "another number is right")

    def everywhere(self, site: Site) -> Iterator[Edit]:
        """The same replacement for all that is alike in a statement: a call by what it is applied to, an array by another."""
        if not isinstance(site.node, (ast.Assign, ast.AugAssign, ast.Return)) or site.node.value is None:
            return
        inner = [node for node in ast.walk(site.node.value) if isinstance(node, ast.expr)]
        counts = Counter(ast.unparse(node) for node in inner if isinstance(node, (ast.Call, ast.Name, ast.Attribute)))
        calls = {ast.unparse(node): node.args[0] for node in inner if isinstance(node, ast.Call) and len(node.args) == 1}
        for text in (text for text, count in counts.items() if count > 1):
            if text in calls:
                words = "a function is applied once too often"
                yield Edit(site, _with(site.node, text, calls[text]), "derivative", words)
            for other in self.alike(text):
                yield Edit(site, _with(site.node, text, loaded(other)), "exchanged", "another array is right")

    def both(self, site: Site) -> Iterator[Edit]:
        """Two others in place of both factors of a product."""
        node = site.node
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
            first, second = [self.alike(ast.unparse(each)) for each in (node.left, node.right)]
            for i, one in enumerate(first):
                for other in second[i:] if first == second else second:
                    yield Edit(site, ast.BinOp(loaded(one), ast.Mult(), loaded(other)), "term", "two other arrays are right")

    def factors(self, site: Site) -> Iterator[Edit]:
        """A factor more in what is assigned."""
        for target, value, made in assigned(site):
            shape = self.shapes.get(ast.unparse(value), self.shapes.get(target))  # a name that is stored again has another one
            yield from self._factors(site, shape, target, value, made)
        for value, made in returned_by(site):
            for shape in self.returned:
                yield from self._factors(site, shape, "", value, made)

    def inner_factors(self, site: Site) -> Iterator[Edit]:
        """A factor more in a term of a sum that is assigned or returned, also of a sum within a product."""
        for target, value, made in assigned(site):
            for part, remade in _terms_of(value, made):
                yield from self._factors(site, self.shapes.get(target), target, part, remade)
        for value, made in returned_by(site):
            for part, remade in _terms_of(value, made):
                for shape in self.returned:
                    yield from self._factors(site, shape, "", part, remade)

    def operand_factors(self, site: Site) -> Iterator[Edit]:
        """A factor more in what is contracted, by @ or by a call: the shape of an expression there is not known."""
        parent, node = site.parent, site.node
        called = isinstance(parent, ast.Call) and getattr(parent.func, "attr", "") in CONTRACTING and site.slot == "args"
        multiplied = isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.MatMult)
        if not isinstance(node, ast.expr) or getattr(node, "attr", "") == "T" or not (called or multiplied):
            return
        shape = self.shapes.get(ast.unparse(node))
        for name in self.alike_shape(shape) if shape else [name for name, own in self.shapes.items() if own]:
            yield Edit(site, _times(node, loaded(name)), "factor", "a factor is missing")

    def _factors(self, site: Site, shape: Shape | None, target: str, value: ast.expr, made: Made) -> Iterator[Edit]:
        if shape is None:
            return
        for constant in CONSTANTS:
            mended = made(_times(value, loaded(constant)))
            yield Edit(site, mended, "constant factor", "a constant factor is missing", float(constant))
        for kind, form, words in FORMS:
            for name in self.within(shape) if form == "{}" else self.alike_shape(shape):
                if name != target or form != "{}":
                    yield Edit(site, made(_times(value, loaded(form.replace("{}", name)))), kind, words)
        for text in self._by_row(shape):
            yield Edit(site, made(_times(value, loaded(text))), "factor", "a factor is missing")
        for name in self.within(shape):
            yield Edit(site, made(ast.BinOp(value, ast.Div(), loaded(name))), "factor", "a factor is missing")
        for name in (name for name in self.within(shape) if self.shapes[name] == ()):
            root = ast.BinOp(loaded(name), ast.Pow(), ast.Constant(0.5))
            yield Edit(site, made(ast.BinOp(value, ast.Div(), root)), "factor", "a factor is missing")

    def _by_row(self, shape: Shape) -> Iterator[str]:
        """Arrays with a number for each row, or for each of the first axes, as weights of samples and masks of tokens."""
        for name, own in self.shapes.items():
            if 0 < len(own) < len(shape) and own == shape[: len(own)] and max(own) > 1:
                yield f"{name}[{', '.join([':'] * len(own) + ['None'] * (len(shape) - len(own)))}]"

    def alike_shape(self, shape: Shape) -> list[str]:
        """Arrays of a shape, or that broadcast to it, numbers left out."""
        return [name for name in self.within(shape) if self.shapes[name] or not shape]

    def terms(self, site: Site) -> Iterator[Edit]:
        """A term more in what is assigned or returned."""
        places = [(self.alike_terms(target), value, made) for target, value, made in assigned(site)]
        alike = [name for name, own in self.shapes.items() if own and own in self.returned]
        places += [(alike, value, made) for value, made in returned_by(site)]
        for names, value, made in places:
            for name in names:
                for op in (ast.Add(), ast.Sub()):
                    yield Edit(site, made(ast.BinOp(value, op, loaded(name))), "term", "a term is missing")

    def inner_terms(self, site: Site) -> Iterator[Edit]:
        """A term beside an array in an expression."""
        node = site.node
        if isinstance(node, (ast.Name, ast.Attribute, ast.Subscript)) and isinstance(node.ctx, ast.Load):
            for name in self.alike_terms(ast.unparse(node)):
                yield Edit(site, ast.BinOp(node, ast.Add(), loaded(name)), "term", "a term is missing")

    def argument_terms(self, site: Site) -> Iterator[Edit]:
        """A term more in what a function of one argument is taken of, as a bias in np.tanh(x @ w): its shape is not known."""
        parent = site.parent
        if isinstance(site.node, ast.BinOp) and isinstance(parent, ast.Call) and site.slot == "args" and len(parent.args) == 1:
            for name in (name for name, shape in self.shapes.items() if shape):
                yield Edit(site, ast.BinOp(site.node, ast.Add(), loaded(name)), "term", "a term is missing")

    def alike_terms(self, target: str) -> list[str]:
        """Others of the same shape, for a target that has one."""
        shape = self.shapes.get(target)
        return [name for name, own in self.shapes.items() if name != target and own == shape] if shape else []

    def epsilons(self, site: Site) -> Iterator[Edit]:
        """An epsilon of forward, in a denominator, a root or a logarithm; another one in place of a number."""
        node, parent = site.node, site.parent
        if isinstance(node, ast.Constant) and isinstance(node.value, float) and node.value in self.numbers:
            for number in (each for each in self.numbers if each != node.value):
                yield Edit(site, ast.Constant(number), "epsilon", "it is another epsilon than that of forward")
            return
        below = isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Div) and parent.right is node
        called = isinstance(parent, ast.Call) and parent.func is not node and ast.unparse(parent.func).endswith(("sqrt", "log"))
        powered = isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Pow) and parent.left is node
        stored = isinstance(parent, ast.Assign) and parent.value is node
        if not isinstance(node, ast.expr) or not (below or called or powered or stored):
            return
        names = [name for name in self.shapes if name.rpartition(".")[2].startswith("eps")]
        for eps in [*map(loaded, names), *(ast.Constant(number) for number in self.numbers)]:
            yield Edit(site, ast.BinOp(node, ast.Add(), eps), "epsilon", "epsilon is dropped")


def _read(node: ast.AST | list[ast.stmt]) -> str:
    """A variable that is read, as it is written; empty if it is none."""
    is_read = isinstance(node, (ast.Name, ast.Attribute, ast.Subscript)) and isinstance(node.ctx, ast.Load)
    return ast.unparse(node) if is_read and isinstance(node, ast.AST) else ""


def _with(statement: ast.stmt, text: str, by: ast.expr) -> ast.AST:
    """A copy of a statement with another expression in place of one, wherever it is read."""

    class Replacing(ast.NodeTransformer):
        def visit(self, node: ast.AST) -> ast.AST:
            if (
                isinstance(node, ast.expr)
                and isinstance(getattr(node, "ctx", ast.Load()), ast.Load)
                and ast.unparse(node) == text
            ):
                return by
            return self.generic_visit(node)

    return Replacing().visit(copy.deepcopy(statement))


def assigned(site: Site) -> Iterator[tuple[str, ast.expr, Made]]:
    """The name that is assigned, the value, and how the statement is made of another value."""
    node = site.node
    if isinstance(node, ast.Assign) and len(node.targets) == 1:
        yield ast.unparse(node.targets[0]), node.value, lambda value: ast.Assign(node.targets, value)
    elif isinstance(node, ast.AugAssign):
        yield ast.unparse(node.target), node.value, lambda value: ast.AugAssign(node.target, node.op, value)


def stored_by(statement: ast.AST) -> list[str]:
    """What a statement stores in, as it is written."""
    targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
    return [ast.unparse(target) for target in targets if target is not None]


def returned_by(site: Site) -> Iterator[tuple[ast.expr, Made]]:
    """The values that a statement returns, or that a dict holds, and how it is made of another one."""
    node = site.node
    if isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple):
        for i, value in enumerate(node.value.elts):
            yield value, partial(_one_returned, node.value.elts, i)
    elif isinstance(node, ast.Return) and node.value is not None:
        yield node.value, ast.Return
    elif isinstance(site.parent, ast.Dict) and site.slot == "values" and isinstance(node, ast.expr):
        yield node, lambda value: value  # an entry of a dict of gradients


def _one_returned(entries: Sequence[ast.expr], which: int, value: ast.expr) -> ast.Return:
    return ast.Return(ast.Tuple([*entries[:which], value, *entries[which + 1 :]], ast.Load()))


def _terms_of(value: ast.expr, made: Made) -> Iterator[tuple[ast.expr, Made]]:
    """The terms of the sums in it, each with how the statement is made with another in its place."""
    if not isinstance(value, ast.BinOp) or not isinstance(value.op, (ast.Add, ast.Sub, ast.Mult, ast.Div)):
        return
    left, op, right = value.left, value.op, value.right
    sides = ((right, lambda new: made(ast.BinOp(left, op, new))), (left, lambda new: made(ast.BinOp(new, op, right))))
    if isinstance(op, (ast.Add, ast.Sub)):
        yield from sides
    for side, remade in sides:
        yield from _terms_of(side, remade)


def _times(value: ast.expr, factor: ast.expr) -> ast.expr:
    return ast.BinOp(value, ast.Mult(), factor)


def _broadcasts(inner: Shape, outer: Shape) -> bool:
    return len(inner) <= len(outer) and all(a in (1, b) for a, b in zip(inner[::-1], outer[::-1], strict=False))
