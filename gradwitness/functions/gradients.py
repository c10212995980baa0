"""The gradients that a framework gives, against differences: nan element by element, kinks in words, None where there is none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np

from gradwitness.arrays import Array
from gradwitness.diagnosis.edits.search import LEAVES
from gradwitness.diagnosis.explained import explained
from gradwitness.functions.phases import but_for_phases
from gradwitness.functions.rounded import grows
from gradwitness.functions.samplers import but_for_samples
from gradwitness.judging.black_box import BlackBox
from gradwitness.judging.claims import Claim
from gradwitness.judging.directions import Direction, joint, likely
from gradwitness.judging.gradients import UNCERTAIN, gradients, vanishes
from gradwitness.judging.measured import Measured
from gradwitness.judging.point import Point
from gradwitness.report.findings import SHOWN, Finding, element
from gradwitness.subjects.tensors.function import Differentiated
from gradwitness.subjects.tensors.precision import EPS

SMALL = 2.0**-20
"""Of the largest value along a line: an error of a slope that is zero."""
LOOKED = 4
"""Elements that are looked at alone: those that are nan, those that may lie at a kink."""
NEAR = 4 * 2.0**-23
"""Of the largest element: four units of float32's last digit."""
ROUNDS = (
    "what the function rounds hides it, for it does not compute in float64. reference=, a function in plain operations, tells"
)
LOST = (
    "A rule of tf.custom_gradient names it from outside. It is told of variables alone, for which tensors stand in here. Hand it "
    "to the rule as an argument"
)
PAIRS = "Of each complex number, 0 on the last axis is the real part, and 1 the imaginary part"
STEP = 2.0**-18
"""Of an element's own size, for the slopes at a kink."""


def first_gradients(point: Point, subject: Differentiated) -> Iterator[Finding]:
    """A finding for each gradient. Elements that are nan or inf are looked at one by one; the others are judged as ever."""
    lost = Lost(point)
    found = list(but_for_samples(subject, list(but_for_phases(point, subject, list(gradients(point))))))
    plain = iter(list(explained(point, [finding for finding in found if finding.about not in lost.masks])))
    told = {finding.about: finding for finding in plain}
    for finding in found:
        if finding.about in lost.masks:
            yield lost.told(finding)
        else:
            yield _worded(told.pop(finding.about, finding), point, subject)
    yield from (finding for about, finding in told.items() if about not in lost.masks)


class Lost:
    """Elements of gradients that are nan or inf although forward is finite. They are 0 in the claims of the point from now on.

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
        unit = _unit(box.point, which, index)
        low, high = sorted(side / unit for side in _sides(box.point, which, index))
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


def _worded(finding: Finding, point: Point, subject: Differentiated) -> Finding:
    """With what a reader wants to know besides: which member of a kink it is; that there is no gradient at all."""
    names = [f"d{leaf.name}" for leaf in subject.leaves]
    if finding.about not in names:
        return finding
    which = names.index(finding.about)
    if which in subject.ungiven:
        lost = finding.verdict == "wrong" and subject.lost(which)
        told = _ungiven(finding, subject.leaves[which].name, subject.backend.title)
        return Finding(finding.about, "cannot tell", LOST) if lost else told
    if finding.verdict == "wrong" and (message := _below_its_dtype(finding, point, which, subject)):
        return Finding(finding.about, "note", message, of=finding.of)
    if finding.verdict == "kink":
        said = _member(point, which)
        return replace(finding, message=f"{finding.message}. {said}" if said else finding.message, sight=np.nan)
    if finding.verdict in ("right", "undefined", "cannot tell"):
        return _untold(finding, point, which)
    pairs = finding.verdict == "wrong" and finding.index and subject.dtypes[which].startswith("complex")
    return replace(finding, message=". ".join(filter(None, (finding.message, PAIRS)))) if pairs else finding


def _below_its_dtype(finding: Finding, point: Point, which: int, subject: Differentiated) -> str:
    """What is said about a difference in float64 that is below the last digits of the inputs; empty for any other.

    In 16 bits these hide much, so that the difference must be due to the rounding of the inputs.
    """
    eps, own = [EPS.get(dtype, 0.0) for dtype in subject.dtypes], " and ".join(dict.fromkeys(subject.dtypes))
    off = f"In float64 it is off by {finding.distance:.2g} at {element(finding.about, finding.index)}"
    granted = f"the rule takes for granted what inputs that were rounded to {own} fulfil but nearly"
    if min(eps, default=0.0) >= EPS["float32"] and _within(finding, point, which, NEAR):
        return f"{off}: less than float32 holds. A constant of the rule is a float32 number, or {granted}"
    if min(eps, default=0.0) >= EPS["float16"] and _within(finding, point, which, 4 * max(eps)) and grows(point, which, subject):
        return f"{off}: less than {own} holds. It is further off where the inputs are further from these: {granted}"
    return ""


def _within(finding: Finding, point: Point, which: int, share: float) -> bool:
    """Whether a difference is at most a share of the largest element."""
    claim = point.claims[which]
    return claim is not None and bool(0 <= finding.distance <= share * float(np.max(np.abs(claim.value), initial=0)))


def _ungiven(finding: Finding, name: str, title: str) -> Finding:
    """About a gradient of None."""
    if finding.verdict == "note":
        return replace(
            finding, message=f'{title} gives no gradient for it (None), as for data: not checked. wrt="{name}" asks for it'
        )
    if finding.verdict != "wrong":
        return finding
    _, leaves, where = finding.explanation.partition(LEAVES)
    cause = f"the rule returns None, or the graph ends on the way{'. ' if leaves else ''}{leaves}{where}"
    message = f"{title} gives no gradient for it (None), although the outputs change with it: {cause}"
    return replace(finding, message=message, explanation="")


def _untold(finding: Finding, point: Point, which: int) -> Finding:
    """Whether a point says anything: inputs that are nan or empty do not, and a gradient of rounding alone is zero."""
    if not any(array.size for array in point.arrays):
        return replace(finding, verdict="cannot tell", message="It has no elements, as all inputs do: nothing can be moved")
    odd = np.argwhere(np.isnan(point.arrays[which]))
    if len(odd):
        where = element(point.function.leaves[which].name, tuple(int(i) for i in odd[0]))
        return replace(
            finding, verdict="undefined", message=f"{where} is nan: nothing can be told there. Take numbers", sight=np.nan
        )
    if finding.verdict == "cannot tell" and vanishes(point, which, finding.sight):
        message = "It is zero, but for rounding: what would be seen is small against the outputs"
        return replace(finding, verdict="right", message=message, sight=np.nan)
    if finding.verdict == "cannot tell" and finding.message.startswith(UNCERTAIN) and point.function.eps >= EPS["float32"]:
        return replace(finding, message=f"{UNCERTAIN}: {ROUNDS}")
    return finding


def _member(point: Point, which: int) -> str:
    """Which of the slopes at a kink the gradient is, at one element that lies there; empty where none is found."""
    claim, array = point.claims[which], point.arrays[which]
    if claim is None:
        return ""
    for number in np.argsort(~np.ravel(likely(array)), kind="stable")[:LOOKED]:
        index = tuple(int(i) for i in np.unravel_index(int(number), array.shape))
        below, above = _sides(point, which, index)
        unit = _unit(point, which, index)
        got = float(claim.value[index]) / unit
        below, above = below / unit, above / unit
        span = above - below
        if abs(span) > 1e-5 * max(abs(above), abs(below), 1e-300):
            share = (got - below) / span
            picked = "the slope from below" if abs(share) < 1e-4 else "the slope from above" if abs(share - 1) < 1e-4 else ""
            picked = picked or ("the mean of both" if abs(share - 0.5) < 1e-4 else "a number between them")
            name = element(point.function.leaves[which].name, index)
            by = "" if unit != 1 else ", times the cotangent"
            return f"At {name} the slopes are {below:.4g} from below and {above:.4g} from above{by}; {got:.4g} came, {picked}"
    return ""


def _unit(point: Point, which: int, index: tuple[int, ...]) -> float:
    """The cotangent of the one output that an element moves; 1 where it moves several."""
    sides = [point.at(_stepped(point, which, index, step)) != point.flat for step in (-STEP, STEP)]
    moved = np.flatnonzero(np.logical_or(*sides))  # to either side: beside a tie it may be another one
    weight = float(point.weights[moved[0]]) if len(moved) == 1 else 1.0
    return weight or 1.0


def _sides(point: Point, which: int, index: tuple[int, ...]) -> tuple[float, float]:
    """The slopes from below and from above, to a few digits."""
    slopes = []
    for sign in (-1, 1):
        quotients = []
        for step in (sign * STEP, sign * STEP / 2):
            arrays = _stepped(point, which, index, step)
            way = np.longdouble(arrays[which][index]) - point.arrays[which][index]
            quotients.append(float(((point.at(arrays) - point.flat) * point.weights).sum() / way))
        slopes.append(2 * quotients[1] - quotients[0] + 0.0)
    return slopes[0], slopes[1]


def _stepped(point: Point, which: int, index: tuple[int, ...], step: float) -> list[Array]:
    parts: Sequence[Array] = [np.zeros_like(array) for array in point.arrays]
    parts[which][index] = point.scales[which][index]
    return point.moved(step, parts)
