"""Functions of symmetric matrices that read one triangle, as Cholesky factors and eigenvalues do: which gradient is right is a
convention.

All elements taken as arguments, the triangle that is not read has the gradient 0. Frameworks share the gradient between both
triangles instead. For steps that keep the matrix symmetric, only the symmetric part of a gradient counts; so that is judged, of
the function with its argument made symmetric.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from gradwitness.arrays import Array
from gradwitness.judging.outputs import FIRST_STEP
from gradwitness.judging.point import Point
from gradwitness.report.findings import Finding
from gradwitness.subjects.function import Call

STEPS = (FIRST_STEP, 2.0**-24)
"""Of an element's own size: how far one triangle is moved. A function that looks whether its argument is symmetric takes the
second alone."""
SHARED = (
    "Right for symmetric matrices. Forward reads one triangle of {name} alone, and the gradient is {how}: symmetrised it agrees. "
    "As a function of all elements, the other triangle would have 0"
)


class Symmetric(Point):
    """A point whose function makes some of its arguments symmetric, and whose gradients for them are made symmetric."""

    def __init__(self, point: Point, chosen: Collection[int]) -> None:
        self.chosen = chosen
        super().__init__(point.function, point.seed, point.state, point.dtype)

    def call(self, arrays: Sequence[Any]) -> Call:
        """With arguments made symmetric."""
        return super().call(self._symmetrised(arrays))

    def gradients(self, arrays: Sequence[Any], douts: Sequence[Array] | None = None) -> list[Any]:
        """Made symmetric."""
        return self._symmetrised(super().gradients(arrays, douts))

    def _symmetrised(self, arrays: Sequence[Any]) -> list[Any]:
        return [
            symmetric_part(array) if which in self.chosen and array is not None else array for which, array in enumerate(arrays)
        ]


def symmetric(point: Point, found: list[Finding], judged: Callable[[Point], Iterator[Finding]]) -> list[Finding]:
    """The same findings; of arguments of which one triangle alone is read, those about the symmetric part, if that is right.

    judged   gives a finding for each gradient of a point
    """
    names = [f"d{leaf.name}" for leaf in point.function.leaves]
    odd = {names.index(each.about) for each in found if each.about in names and each.verdict in ("wrong", "undefined")}
    chosen = {which for which in odd if _is_symmetric(point, which) and _reads_one_triangle(point, which)}
    if not chosen:
        return found
    other = Symmetric(point, chosen)
    parts = {each.about: each for each in judged(other) if each.about in {names[which] for which in chosen}}
    point.evaluations += other.evaluations
    return [_told(point, names, each, parts[each.about]) if each.about in parts else each for each in found]


def _told(point: Point, names: list[str], finding: Finding, part: Finding) -> Finding:
    """The finding about a gradient, from that about its symmetric part."""
    which = names.index(finding.about)
    claim, name = point.claims[which], point.function.leaves[which].name
    if part.verdict not in ("right", "kink") or claim is None:
        said = f"{finding.message}. " if finding.message else ""
        return replace(finding, message=f"{said}Nor is it right for symmetric matrices, symmetrised")
    apart = np.abs(claim.value - claim.value.swapaxes(-1, -2)) > np.max(np.abs(claim.value)) / 2**20
    how = "not symmetric" if apart.any() else "shared between both"
    return Finding(finding.about, "convention", SHARED.format(name=name, how=how), of=finding.of, sight=part.sight)


def _is_symmetric(point: Point, which: int) -> bool:
    """Whether it is a symmetric matrix, or a batch of them."""
    array, claim = point.arrays[which], point.claims[which]
    square = array.ndim > 1 and array.shape[-1] == array.shape[-2] > 1 and claim is not None and claim.value.shape == array.shape
    return square and np.array_equal(array, array.swapaxes(-1, -2))


def _reads_one_triangle(point: Point, which: int) -> bool:
    """Whether the outputs are the same to the bit where one of the triangles moves, and others where both do."""
    rng = np.random.default_rng((point.seed, 15))
    size = point.scales[which] * rng.choice([-1.0, 1.0], size=point.scales[which].shape)
    one = any(_still(point, which, triangle(size, side)) for triangle, side in ((np.triu, 1), (np.tril, -1)))
    return one and not _still(point, which, size)


def _still(point: Point, which: int, part: Array) -> bool:
    parts = [part if number == which else np.zeros_like(scale) for number, scale in enumerate(point.scales)]
    return any(np.array_equal(point.at(point.moved(step, parts)), point.flat) for step in STEPS)


def symmetric_part(array: Any) -> Any:
    """That of a matrix, or of each of a batch."""
    return (array + array.swapaxes(-1, -2)) / 2
