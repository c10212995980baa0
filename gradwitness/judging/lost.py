"""Elements of gradients that are nan or inf although forward is finite, looked at one by one."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property

import numpy as np

from gradwitness.arrays import Array
from gradwitness.judging.black_box import BlackBox
from gradwitness.judging.claims import Claim
from gradwitness.judging.directions import Direction, joint
from gradwitness.judging.gradients import gradients
from gradwitness.judging.measured import Measured
from gradwitness.judging.members import sides, unit_of
from gradwitness.judging.point import Point
from gradwitness.report.findings import SHOWN, Finding, element

SMALL = 2.0**-20
"""Of the largest value along a line: an error of a slope that is zero."""
LOOKED = 4
"""Elements that are looked at alone."""


class Lost:
    """Elements of gradients that are nan or inf although forward is finite. They are 0 in the claims of the point from now on;
    `claims` are those that came.

    masks   gradient -> which of them it is, and its elements
    """

    def __init__(self, point: Point) -> None:
        self.point, self.claims = point, point.claims
        lost = [_lost(claim, array, point) for claim, array in zip(self.claims, point.arrays, strict=True)]
        point.claims = [
            claim if claim is None or mask is None else replace(claim, value=np.where(mask, 0, claim.value))
            for claim, mask in zip(self.claims, lost, strict=True)
        ]
        leaves = enumerate(zip(point.function.leaves, lost, strict=True))
        self.masks = {f"d{leaf.name}": (i, mask) for i, (leaf, mask) in leaves if mask is not None}

    @cached_property
    def _measuring(self) -> BlackBox:
        return _box(self.point)

    def told(self, finding: Finding) -> Finding:
        """The finding about a gradient that has some."""
        which, mask = self.masks[finding.about]
        return _not_finite(self._measuring, finding, which, mask, self.claims[which].value)  # type: ignore[union-attr]  # masked


def first_judged(point: Point) -> list[Finding]:
    """The findings about the gradients of a backward that somebody wrote. An element that is inf where forward has no finite
    slope is no mistake, and the others are judged; any other nan or inf is one of the whole gradient, whose cause is looked for.
    """
    lost = Lost(point)
    found = list(gradients(point))
    told = {finding.about: (finding, lost.told(finding)) for finding in found if finding.about in lost.masks}
    steep = {about: after for about, (before, after) in told.items() if after is before or after.verdict == "undefined"}
    point.claims = lost.claims
    if len(steep) < len(told):
        found = list(gradients(point))
    return [steep.get(finding.about, finding) for finding in found]


def _lost(claim: Claim | None, array: Array, point: Point) -> Array | None:
    """The elements of a gradient that are nan or inf although forward is finite; None if there are none."""
    if claim is None or claim.value.shape != array.shape or not point.finite:
        return None
    mask = ~np.isfinite(claim.value)
    return mask if mask.any() else None


def _box(point: Point) -> BlackBox:
    with np.errstate(all="ignore"):
        whole = joint(point.scales, point.arrays, np.random.default_rng((point.seed, 10)))
        fits = [c is not None and c.value.shape == a.shape for c, a in zip(point.claims, point.arrays, strict=True)]
        pairs = list(zip(point.claims, point.arrays, fits, strict=True))
        values = [c.value if c is not None and fit else np.zeros_like(a) for c, a, fit in pairs]
        return BlackBox(point, values, [np.zeros_like(array) for array in point.arrays], whole)


def _not_finite(box: BlackBox, finding: Finding, which: int, mask: Array, value: Array) -> Finding:
    """What the derivative is where nan or inf came."""
    indices = [tuple(int(i) for i in index) for index in np.argwhere(mask)]
    measured = [(index, _alone(box, which, index)) for index in indices[:LOOKED]]
    jumps = any(one.slope.kind == "jump" or not (one.still or _is_clear(one)) for _, one in measured)
    fits = [(i, one) for i, one in measured if _is_clear(one) or one.slope.kind == "kink" or (one.still and not jumps)]
    of, name = value.size, finding.about
    if not fits and all(one.slope.kind in ("undefined", "jump") or one.tells for _, one in measured):
        message = (
            f"It is {value[indices[0]]} at {element(name, indices[0])}, where forward has no finite slope: no number is right. "
            "In a network it spoils all that it is added to. Keep the argument away from there, or guard it: "
            "where(c, f(where(c, x, 1)), ...)"
        )
        kept = finding.verdict in ("right", "kink", "cannot tell", "undefined")
        return replace(finding, verdict="undefined", message=message, sight=np.nan) if kept else finding
    index, one = fits[0] if fits else (indices[0], measured[0][1])
    got = value[index]
    weight = np.longdouble(one.direction.parts[which][index])
    truth = np.longdouble(one.claimed + one.excess) / weight if one.tells else None
    others = tuple(index for index in finding.where if index not in indices)
    if one.slope.kind == "kink":
        unit = unit_of(box.point, which, index)
        low, high = sorted(side / unit for side in sides(box.point, which, index))
        by = "" if unit != 1 else " (times the cotangent)"
        what = f"has a kink: any number from {low:.4g} to {high:.4g}{by} is a member of the gradient, {got} is none"
    elif truth is not None:
        what = f"has the slope {float(truth) + 0.0:.6g}: {got} is no derivative of it"
    else:
        what = f"is finite: {got} cannot be its derivative"
    at = element(name.removeprefix("d"), index)
    message = (
        f"At {at} forward {what}. Autodiff gives 0 * inf = nan where an infinite slope, perhaps "
        "in a branch that was not taken, meets a zero. Guard the argument of that operation, not its result: "
        "where(c, f(where(c, x, 1)), ...)"
    )
    wrong, where = len(indices) + len(others), (*indices, *others)[:SHOWN]
    return Finding(name, "wrong", message, wrong=wrong, of=of, where=where, index=index, got=got, truth=truth)


def _is_clear(one: Measured) -> bool:
    """Whether a slope is known: of what jumps at every step, as an arbitrary basis does, differences give any number."""
    values = [abs(float(one.line.at(t))) for t in one.line.known] if one.line else []
    least = max(abs(float(one.claimed + one.excess)) / 4, SMALL * max(values, default=0.0))
    return one.tells and bool(one.error <= least)


def _alone(box: BlackBox, which: int, index: tuple[int, ...]) -> Measured:
    """The slope along one element."""
    parts = [np.zeros_like(array) for array in box.point.arrays]
    parts[which][index] = box.point.scales[which][index]
    with np.errstate(all="ignore"):
        return box.along(Direction(tuple(parts), "one element"))
