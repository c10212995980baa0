"""Functions that are meant for one kind of matrices and read one triangle of them: which gradient is right is a convention.

Cholesky factors and eigenvalues are functions of symmetric, or Hermitian, matrices. All elements taken as arguments, the triangle
that is not read has the gradient 0. Frameworks share the gradient between both triangles instead. For steps that keep the matrix
symmetric, only the symmetric part of a gradient counts; so that is judged, of the function with its argument made symmetric.

`torch.cholesky_inverse` takes a triangular matrix. Its gradient in the other triangle is that of a formula for full matrices, and
steps that keep the matrix triangular do not see it. A rule that a user wrote has to give 0 there, as those of most functions do.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np

from gradwitness.arrays import Array
from gradwitness.judging.matrices import SYMMETRIC, Kind, kinds_of
from gradwitness.judging.outputs import FIRST_STEP
from gradwitness.judging.point import Point
from gradwitness.report.findings import Finding
from gradwitness.subjects.function import Call

STEPS = (FIRST_STEP, 2.0**-24)
"""Of an element's own size: how far one triangle is moved. A function that looks whether its argument is symmetric takes the
second alone."""
SHARED = (
    "Right for {kind} matrices. Forward reads one triangle of {name} alone, and the gradient is {how}: its {kind} part agrees. "
    "As a function of all elements, the other triangle would have 0"
)
BEYOND = (
    "Right for matrices that are {kind}. Forward does not read the other triangle of {name}, and the gradient is not 0 there: "
    "elsewhere it agrees. Take its triangle alone before a step"
)
Judged = Callable[[Point], Iterator[Finding]]


class Restricted(Point):
    """A point whose function projects some of its arguments, and whose gradients for them are projected.

    kinds   of matrices, by the number of the argument
    """

    def __init__(self, point: Point, kinds: Mapping[int, Kind]) -> None:
        self.kinds, self.pairs = kinds, [leaf.pairs for leaf in point.function.leaves]
        super().__init__(point.function, point.seed, point.state, point.dtype)
        self.douts, self.weights = point.douts, point.weights

    def call(self, arrays: Sequence[Any], invalid: Literal["ignore", "raise"] = "ignore") -> Call:
        """With arguments projected."""
        return super().call(self._projected(arrays), invalid)

    def gradients(self, arrays: Sequence[Any], douts: Sequence[Array] | None = None) -> list[Any]:
        """Projected."""
        return self._projected(super().gradients(arrays, douts))

    def _projected(self, arrays: Sequence[Any]) -> list[Any]:
        return [
            self.kinds[which].part(array, self.pairs[which]) if which in self.kinds and array is not None else array
            for which, array in enumerate(arrays)
        ]


def conventions(point: Point, found: list[Finding], judged: Judged, restricted: Collection[str] = ()) -> list[Finding]:
    """The same findings; of arguments of which one triangle alone is read, those about their kind of matrices, if that is right.

    judged       gives a finding for each gradient of a point
    restricted   gradients of which it is known that they count for one kind of matrices alone
    """
    names = [f"d{leaf.name}" for leaf in point.function.leaves]
    odd = [names.index(each.about) for each in found if each.about in names and each.verdict in ("wrong", "undefined")]
    waiting = {which: kinds for which in odd if (kinds := list(_meant_for(point, which, names[which] in restricted)))}
    told = {each.about: each for each in found}
    settled: dict[int, Kind] = {}
    while waiting:
        tried = {which: kinds.pop(0) for which, kinds in waiting.items()}
        other = Restricted(point, {**settled, **tried})
        parts = {each.about: each for each in judged(other)}
        point.evaluations += other.evaluations
        for which, kind in tried.items():
            name = names[which]
            if name in parts and parts[name].verdict in ("right", "kink"):
                told[name], settled[which] = _right(point, which, kind, parts[name]), kind
            else:
                told[name] = _wrong(told[name], point, which, kind)
        waiting = {which: kinds for which, kinds in waiting.items() if kinds and which not in settled}
    return [told[each.about] if each.about in names else each for each in found]


def _meant_for(point: Point, which: int, known: bool) -> Iterator[Kind]:
    """The kinds of matrices that a function may take an argument for: it is one of them, and one triangle is not read.

    known   whether that was found already, of the function whose gradient this one is
    """
    array, claim, pairs = point.arrays[which], point.claims[which], point.function.leaves[which].pairs
    if claim is None or claim.value.shape != array.shape:
        return
    for kind in kinds_of(point.function.leaves[which].array, pairs):
        if known or ((kind is SYMMETRIC or point.function.of_triangles) and _reads_one_triangle(point, which, kind)):
            yield kind


def _reads_one_triangle(point: Point, which: int, kind: Kind) -> bool:
    """Whether the outputs are the same to the bit where one of the triangles moves, and others where both do."""
    rng = np.random.default_rng((point.seed, 15))
    size = point.scales[which] * rng.choice([-1.0, 1.0], size=point.scales[which].shape)
    one = any(_still(point, which, half) for half in kind.halves(size, point.function.leaves[which].pairs))
    return one and not _still(point, which, size)


def _still(point: Point, which: int, part: Array) -> bool:
    parts = [part if number == which else np.zeros_like(scale) for number, scale in enumerate(point.scales)]
    return any(np.array_equal(point.at(point.moved(step, parts)), point.flat) for step in STEPS)


def _right(point: Point, which: int, kind: Kind, part: Finding) -> Finding:
    """The finding about a gradient whose part of that kind is right."""
    leaf, claim = point.function.leaves[which], point.claims[which]
    value = np.zeros(()) if claim is None else claim.value
    apart = np.abs(value - kind.part(value, leaf.pairs)) > np.max(np.abs(value)) / 2**21
    how = f"not {kind.called(leaf.pairs)}" if apart.any() else "shared between both"
    said = SHARED if kind is SYMMETRIC else BEYOND
    message = said.format(kind=kind.called(leaf.pairs), name=leaf.name, how=how)
    return Finding(f"d{leaf.name}", "convention", message, of=value.size, sight=part.sight)


def _wrong(finding: Finding, point: Point, which: int, kind: Kind) -> Finding:
    """The finding about a gradient whose part of that kind is wrong."""
    said = f"{finding.message}. " if finding.message else ""
    name = kind.called(point.function.leaves[which].pairs)
    return replace(finding, message=f"{said}Nor is it right for {name} matrices")
