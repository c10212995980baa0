"""Edits that add a term to what one number of a gradient is computed from: a product of what the function has at hand.

The number alone says little: among thousands of products some are near to anything. So the effect of a term is measured first, by
ones in its place, then products are compared with what is missing, and what fits must hold at other inputs as well.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations, product
from typing import Any

import numpy as np

from gradwitness.arrays import Array
from gradwitness.diagnosis.constants import CLOSE, simple
from gradwitness.diagnosis.edits.building import loaded
from gradwitness.diagnosis.edits.names import value_of
from gradwitness.diagnosis.edits.sites import Edit, Site
from gradwitness.diagnosis.edits.variables import assigned

SUMS = ("sum", "mean")
LARGEST = 40
"""Elements of what is summed, each of whose effects is measured."""
NAMES = 10
"""Variables whose products are tried."""
POWERS = (1, -1, 2, -2)
ROUGH_STEP, ROUGH = 1e-4, 1e-6
"""Of a difference quotient: its step, as a share, and how well it is known."""
PLAIN = 4
"""Largest numerator and denominator of a constant before a term."""
Response = Callable[[Edit], float | None]
"""An edit -> by how much it changes the number that is wrong; None if it changes anything else, or raises."""


@dataclass(frozen=True)
class _Place:
    """Where a term may be missing: a site, the expression that it is added to, and how the site is made with another."""

    site: Site
    value: ast.expr
    made: Callable[[ast.expr], ast.AST]

    def edit(self, term: str, words: str = "a term is missing") -> Edit:
        """With a term more."""
        op = ast.Sub() if term.startswith("-") else ast.Add()
        return Edit(self.site, self.made(ast.BinOp(self.value, op, loaded(term.removeprefix("-")))), "term", words)


def summands(sites: Sequence[Site], values: Mapping[str, Any], missing: float, response: Response) -> Iterator[Edit]:
    """Terms that make up for what is missing of one number.

    values     of the function's variables
    response   see there
    """
    for site in sites:
        for place in _places(site):
            yield from _terms(place, values, missing, response)


def rough_slope(
    value: Callable[[Sequence[Array]], Any], arrays: Sequence[Array], which: int, index: tuple[int, ...]
) -> tuple[float, float]:
    """The derivative of a function by one number of its inputs, from one difference quotient; and what it may be off by."""
    step, ends = ROUGH_STEP * (abs(float(arrays[which][index])) or 1.0), []
    for t in (-step, step):
        moved = [array.copy() for array in arrays]
        moved[which][index] += t
        ends.append(float(value(moved)))
    slope = (ends[1] - ends[0]) / (2 * step)
    return slope, ROUGH * (abs(slope) + sum(map(abs, ends)))


def _places(site: Site) -> Iterator[_Place]:
    """What is assigned, and what is summed."""
    for _, value, made in assigned(site):
        yield _Place(site, value, made)
    node = site.node
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in SUMS:
        if node.args and not node.keywords and len(node.args) == 1:
            yield _Place(site, node.args[0], lambda new: ast.Call(node.func, [new], []))
        elif not node.args and not node.keywords:
            name = node.func.attr
            yield _Place(site, node.func.value, lambda new: ast.Call(ast.Attribute(new, name, ast.Load()), [], []))


def _terms(place: _Place, values: Mapping[str, Any], missing: float, response: Response) -> Iterator[Edit]:
    names = {ast.unparse(node) for node in ast.walk(place.value) if isinstance(node, (ast.Name, ast.Attribute, ast.Subscript))}
    own = [array for name in names if (array := _numbers(name, values)) is not None]
    try:
        shape = np.broadcast_shapes(*(array.shape for array in own)) if own else ()
    except ValueError:
        return
    for shaped in dict.fromkeys([shape, ()]):
        weights = _weights(place, shaped, response)
        if weights is not None and np.any(weights):
            yield from _fitting(place, values, shaped, weights, missing)


def _weights(place: _Place, shape: tuple[int, ...], response: Response) -> Array | None:
    """The effect of each element of a term; None if it is not known."""
    if shape == ():
        effect = response(place.edit("1"))
        return None if effect is None else np.array(effect)
    size = int(np.prod(shape))
    if not 0 < size <= LARGEST or response(place.edit("1")) is None:
        return None
    effects = []
    for number in range(size):
        one = np.zeros(size, int)
        one[number] = 1
        effect = response(place.edit(str(one.reshape(shape).tolist())))
        if effect is None:
            return None
        effects.append(effect)
    return np.array(effects).reshape(shape)


def _fitting(place: _Place, values: Mapping[str, Any], shape: tuple[int, ...], weights: Array, missing: float) -> Iterator[Edit]:
    """The products whose effect is what is missing, the simplest first."""
    arrays: dict[str, Array] = {}
    for name in values:
        array = _numbers(name, values)
        if array is not None and _broadcasts(array.shape, shape) and np.isfinite(array).all() and np.all(array != 0):
            arrays[name] = np.asarray(array, float)
    names = list(arrays)[:NAMES]
    with np.errstate(all="ignore"):
        for count in range(4):
            for chosen in combinations(names, count):
                for powers in product(POWERS, repeat=count):
                    term = np.ones(shape)
                    for name, power in zip(chosen, powers, strict=True):
                        term = term * arrays[name] ** float(power)
                    effect = float(np.sum(weights * term))
                    constant = _constant(missing / effect) if effect else None
                    if constant:
                        yield place.edit(_written(constant, chosen, powers))


def _constant(ratio: float) -> Fraction | None:
    near = simple(ratio)
    return (
        near
        if near and max(abs(near.numerator), near.denominator) <= PLAIN and abs(float(near) - ratio) < CLOSE * abs(ratio)
        else None
    )


def _numbers(name: str, values: Mapping[str, Any]) -> Array | None:
    """The floats that a name stands for."""
    value = value_of(loaded(name), values)
    if isinstance(value, (float, np.ndarray, np.generic)) and np.asarray(value).dtype.kind == "f":
        return np.asarray(value)
    return None


def _broadcasts(inner: tuple[int, ...], outer: tuple[int, ...]) -> bool:
    return len(inner) <= len(outer) and all(a in (1, b) for a, b in zip(inner[::-1], outer[::-1], strict=False))


def _written(constant: Fraction, names: Sequence[str], powers: Sequence[int]) -> str:
    """0.5 * w * z**2 / nu."""
    above = [name if power == 1 else f"{name}**{power}" for name, power in zip(names, powers, strict=True) if power > 0]
    below = [name if power == -1 else f"{name}**{-power}" for name, power in zip(names, powers, strict=True) if power < 0]
    number = str(constant.numerator) if constant.denominator == 1 else repr(float(constant))
    start = [number] if number != "1" or not above else []
    return " * ".join([*start, *above]) + "".join(f" / {each}" for each in below)
