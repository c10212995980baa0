"""The loss and not the gradient may be at fault: together the gradients are those of another loss.

The matrix of second derivatives of any function is symmetric. Where the derivatives of wrong gradients make a symmetric matrix,
and another one than that of the loss, they are the gradients of some other loss, and the mistake may stand in either.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence

import numpy as np

from gradwitness.arrays import Array
from gradwitness.diagnosis.case import Case
from gradwitness.diagnosis.edits.search import Editor
from gradwitness.diagnosis.edits.sites import Edit
from gradwitness.diagnosis.edits.source import Source, swapped
from gradwitness.diagnosis.edits.telling import told
from gradwitness.judging.point import Point
from gradwitness.subjects.errors import UserError

STEP = 2.0**-8
"""Of an element's own size. Two quotients at this step and its half are exact to about its fourth power."""
PAIRS = 3
FEWEST = 3
"""Elements in all: with fewer any mistake may look like this."""
SYMMETRIC = 1e-5
"""Of what tells the matrix from that of the loss: how far from symmetric it may be."""
NOISE = 64
"""Of the noise of one value, over the square of the step: what may be left of a second derivative."""
APART = 1e-4
"""Relative: by how much the matrix must differ from that of the loss for symmetry to mean anything."""
SMALL = 1e-6
"""Of the second derivatives of the loss: less is what the quotients leave."""
AGREES = 1e-6
"""Of what disagrees: an edited loss whose derivative is nearer than that to the claimed one."""
Parts = Sequence[Array]


def another_loss(point: Point, cases: Mapping[int, Case]) -> str:
    """What is said if the gradients are those of another loss, with an edit of forward that makes it so; empty if they are not.

    About 70 evaluations, and only where forward returns one number.
    """
    if sum(out.size for out in point.outs) != 1 or any(claim is None or not _fits(claim, a) for claim, a in _pairs(point)):
        return ""
    try:
        with np.errstate(all="ignore"):
            rng = np.random.default_rng((point.seed, 11))
            if sum(a.size for a in point.arrays) < FEWEST or not all(
                _symmetric(point, *_halves(point, rng)) for _ in range(PAIRS)
            ):
                return ""
            if not point.function.of_a_loss and _leaves_out_dout(point):
                return ""
            said = (
                "Together the gradients are those of another loss (their derivatives form a symmetric matrix, and not the one of "
                "this loss). So the mistake may be in forward, and not in backward"
            )
            edit = _Loss(point, cases, [_weights(point, rng) for _ in range(PAIRS)]).edit()
    except (UserError, ArithmeticError, ValueError, TypeError):
        return ""
    return f"{said}.\n{edit}" if edit else said


def _leaves_out_dout(point: Point) -> bool:
    """Whether the gradients are the same for another cotangent: that is what is wrong, and it is told."""
    others = point.gradients(point.arrays, [2 * dout for dout in point.douts])
    return all(claim is None or np.array_equal(np.asarray(g), claim.value) for g, claim in zip(others, point.claims, strict=True))


def _pairs(point: Point) -> list[tuple[object, Array]]:
    return list(zip(point.claims, point.arrays, strict=True))


def _fits(claim: object, array: Array) -> bool:
    """Whether a claimed gradient has the shape of its array and is finite."""
    value = getattr(claim, "value", np.zeros(0))
    return bool(value.shape == array.shape and np.isfinite(value).all())


def _weights(point: Point, rng: np.random.Generator) -> list[Array]:
    return [scale * rng.choice([-1.0, 1.0], size=scale.shape) * rng.uniform(0.5, 1, size=scale.shape) for scale in point.scales]


def _halves(point: Point, rng: np.random.Generator) -> tuple[Parts, Parts]:
    """Two directions of which each moves what the other leaves alone."""
    weights = _weights(point, rng)
    sizes = [part.size for part in weights]
    first = np.zeros(sum(sizes), bool)
    first[rng.permutation(len(first))[: len(first) // 2]] = True
    masks = [m.reshape(p.shape) for m, p in zip(np.split(first, np.cumsum(sizes)[:-1]), weights, strict=True)]
    return [np.where(m, p, 0) for m, p in zip(masks, weights, strict=True)], [
        np.where(m, 0, p) for m, p in zip(masks, weights, strict=True)
    ]


def _symmetric(point: Point, u: Parts, v: Parts) -> bool:
    one, other = _of_gradients(point, u, v), _of_gradients(point, v, u)
    both = [np.add(a, b) for a, b in zip(u, v, strict=True)]
    apart = [np.subtract(a, b) for a, b in zip(u, v, strict=True)]
    sums, differences = _of_loss(point, both) / 4, _of_loss(point, apart) / 4
    loss = sums - differences
    difference = min(abs(one - loss), abs(other - loss))
    noise = NOISE * point.noise / STEP**2 + SMALL * (abs(sums) + abs(differences))
    apart_enough = difference > APART * (abs(one) + abs(loss)) + noise
    return bool(apart_enough and abs(one - other) <= SYMMETRIC * difference)


def _of_gradients(point: Point, along: Parts, weights: Parts) -> np.longdouble:
    """The derivative along one direction of the gradients' part along another."""

    def part(step: float) -> np.longdouble:
        gradients = point.gradients(point.moved(step, along))
        return np.longdouble(sum((np.asarray(g, np.longdouble) * w).sum() for g, w in zip(gradients, weights, strict=True)))

    coarse, fine = [(part(h) - part(-h)) / (2 * h) for h in (STEP, STEP / 2)]
    return np.longdouble((4 * fine - coarse) / 3)


def _of_loss(point: Point, along: Parts) -> np.longdouble:
    """The second derivative of the loss along a direction."""

    def value(step: float) -> np.longdouble:
        return np.longdouble(((point.at(point.moved(step, along)) - point.flat) * point.weights).sum())

    coarse, fine = [(value(h) + value(-h)) / np.longdouble(h * h) for h in (STEP, STEP / 2)]
    return np.longdouble((4 * fine - coarse) / 3)


class _Loss(Editor):
    """Edits of what forward computes: its derivative has to become what the gradients claim."""

    seconds = 1.0

    def __init__(self, point: Point, cases: Mapping[int, Case], directions: Sequence[Parts]) -> None:
        super().__init__(point, cases)
        self._directions = directions
        self._claimed = [self._along(parts) for parts in directions]
        self._off = [abs(self._slope(parts) - c) for parts, c in zip(directions, self._claimed, strict=True)]

    def edit(self) -> str:
        """In words; empty if there is none."""
        return next(
            (told(source, edit) for source, edit in self.tries() if edit.kind != "derivative" and self._agrees(source, edit)), ""
        )

    def _is_right(self, source: Source, statement: ast.stmt | ast.Lambda) -> bool:
        """Nothing is: what forward returns is to change."""
        del source, statement
        return False

    def _along(self, parts: Parts) -> np.longdouble:
        values = [np.longdouble(0) if c is None else (c.value * p).sum() for c, p in zip(self.point.claims, parts, strict=True)]
        return np.longdouble(sum(values))

    def _slope(self, parts: Parts) -> np.longdouble:
        def value(step: float) -> np.longdouble:
            return np.longdouble((self.point.at(self.point.moved(step, parts)) * self.point.weights).sum())

        coarse, fine = [(value(h) - value(-h)) / (2 * h) for h in (STEP, STEP / 2)]
        return np.longdouble((4 * fine - coarse) / 3)

    def _agrees(self, source: Source, edit: Edit) -> bool:
        code = self.code(source, edit)
        if code is None:
            return False
        with swapped(source, code):
            try:
                if not self._keeps_gradients():
                    return False
                return all(
                    abs(self._slope(parts) - claimed) <= AGREES * off
                    for parts, claimed, off in zip(self._directions, self._claimed, self._off, strict=True)
                )
            except Exception:  # an edited function may raise anything: then the edit explains nothing
                return False

    def _keeps_gradients(self) -> bool:
        pairs = zip(self.point.gradients(self.point.arrays), self.point.claims, strict=True)
        return all(claim is None or np.array_equal(np.asarray(came), claim.value) for came, claim in pairs)
