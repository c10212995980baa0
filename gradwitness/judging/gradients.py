"""A finding about each gradient that a user's backward returns."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

import numpy as np

from gradwitness.arrays import Array
from gradwitness.judging.apart import UNTOLD, apart
from gradwitness.judging.claims import Claim
from gradwitness.judging.conventions import conventions
from gradwitness.judging.judge import SEEN, Judge
from gradwitness.judging.judgement import Judgement
from gradwitness.judging.jumps import jump
from gradwitness.judging.point import Point
from gradwitness.report.findings import SHOWN, Finding, element, elements
from gradwitness.subjects.arguments import Leaf
from gradwitness.verdict import K


def gradients(point: Point, restricted: Collection[str] = ()) -> Iterator[Finding]:
    """A finding for each gradient.

    restricted   those of which it is known that they count for one kind of matrices alone
    """
    yield from conventions(point, list(_judged(point)), _judged, restricted)


def _missing(point: Point, which: int, leaf: Leaf) -> Finding:
    """About an input that no gradient came for. A loss returns those of all its arrays; a number of Python may be a setting."""
    moved = [array * 1.01 + 0.01 if i == which else array for i, array in enumerate(point.arrays)]
    wanted = point.function.of_a_loss and isinstance(leaf.value, np.ndarray)
    if not wanted or np.array_equal(point.at(point.function.reached(moved)), point.flat, equal_nan=True):
        return Finding(f"d{leaf.name}", "note", "Backward returns nothing for it: not checked")
    cure = "Return it, or name the others in wrt"
    return Finding(f"d{leaf.name}", "cannot tell", f"The loss depends on {leaf.name}, and no gradient came for it. {cure}")


def _judged(point: Point) -> Iterator[Finding]:
    """The same for functions of all elements of their arguments."""
    claims = point.claims
    usable = [_usable(claim, array) for claim, array in zip(claims, point.arrays, strict=True)]
    for i, (claim, array, leaf, fits) in enumerate(zip(claims, point.arrays, point.function.leaves, usable, strict=True)):
        if claim is None:
            yield _missing(point, i, leaf)
        elif not fits and claim.value.shape == array.shape and not point.finite:
            yield Finding(claim.name, "undefined", "It has nan or inf, as forward has")
        elif not fits:
            yield _misfit(claim, array, leaf.name)
    values = [
        claim.value if claim and fits else np.zeros_like(a) for claim, a, fits in zip(claims, point.arrays, usable, strict=True)
    ]
    spreads = [
        claim.spread if claim and fits else np.zeros_like(a) for claim, a, fits in zip(claims, point.arrays, usable, strict=True)
    ]
    if any(usable):
        detour = any(claim.detour for claim in claims if claim is not None)
        judge = Judge(point, values, spreads, usable, detour)
        judged = judge.judgements()
        untold = [
            j.verdict in UNTOLD and not (j.verdict == "cannot tell" and vanishes(point, i, j.sight)) for i, j in enumerate(judged)
        ]
        if not judge.unattributed and any(untold):

            def in_part(movable: Sequence[Array]) -> list[Judgement]:
                return Judge(point, values, spreads, usable, detour, movable).judgements()

            judged = apart(point.arrays, values, in_part, judged)
        if judge.unattributed:
            yield Finding(
                "the gradient", "wrong", "It is wrong along a random direction; the search ended before it was known where"
            )
        for which, (leaf, value, fits, judgement) in enumerate(zip(point.function.leaves, values, usable, judged, strict=True)):
            if fits:
                others = judge.unattributed or any(each.verdict == "wrong" for each in judged)
                finding = hidden(point, which, value, _finding(f"d{leaf.name}", value, judgement), others)
                if finding.verdict == "jump" and (where := jump(point, which)):
                    finding = replace(finding, message=f"{where}. It has no derivative at this point")
                if judgement.nearby and (picked := _picked(leaf.name, point.arrays[which], value)):
                    finding = replace(finding, message=f"{finding.message}. {picked}")
                lost = int(np.count_nonzero(~np.isfinite(point.flat)))
                if lost and finding.verdict in ("undefined", "cannot tell"):
                    finding = replace(
                        finding, message=f"Forward itself returns nan or inf, in {lost} of {point.flat.size} numbers"
                    )
                held = int(np.count_nonzero(np.isinf(leaf.array)))
                yield replace(finding, message=_held(held, finding.message)) if held and finding.verdict == "right" else finding
    yield from _left_out(point)


def _left_out(point: Point) -> Iterator[Finding]:
    """Outputs that are infinite wherever the inputs were moved."""
    for name, out in zip(point.out_names, point.outs, strict=True) if point.constant else ():
        if count := int(np.count_nonzero(np.isinf(out))):
            are = "element is" if count == 1 else "elements are"
            message = (
                f"{count} {are} infinite wherever the inputs were moved, as behind a mask: left out of what is differentiated"
            )
            yield Finding(name, "note", message, of=out.size)


def vanishes(point: Point, which: int, sight: float) -> bool:
    """Whether the smallest error that would be seen moves the outputs by a negligible part, the array moving by its own size."""
    claim, scales = point.claims[which], point.scales[which]
    if claim is None or not np.isfinite(sight) or not scales.size:
        return False
    bound = sight * float(np.max(np.abs(claim.value), initial=0))
    return bound * float(np.max(scales)) <= SEEN * float(point.size)


def hidden(point: Point, which: int, value: Array, finding: Finding, others: bool) -> Finding:
    """About a gradient that is small against the errors that would have been seen: how large they are; and whether it is of the
    size of rounding, as where outputs cancel for all inputs.

    others   whether gradients of others are wrong: what was measured together tells little of each
    """
    if finding.verdict != "cannot tell" or not np.isfinite(finding.sight):
        return finding
    if others:
        return replace(finding, message=f"{TOGETHER}{finding.about.removeprefix('d')!r}")
    claim = point.claims[which]
    if claim is not None and (np.abs(value) <= K * claim.spread).all() and vanishes(point, which, finding.sight):
        return replace(finding, verdict="right", message=NOTHING, sight=np.nan)
    largest = float(np.max(np.abs(value), initial=0))
    way = float(np.sum(np.abs(value) * np.where(np.isfinite(point.scales[which]), point.scales[which], 0)))
    said = f"{UNCERTAIN}: what came is {largest:.1g} at most, and errors below {finding.sight * largest:.1g} stay hidden"
    cure = ZERO if way <= K * float(point.noise) else CURE
    return replace(finding, message=f"{said}. {cure}")


def _picked(name: str, array: Array, value: Array) -> str:
    """Which elements of the largest tie a gradient picks; empty where nothing ties."""
    values, count = np.unique(array, return_counts=True)
    if not count.size or count.max() < 2:
        return ""
    tied = array == values[np.argmax(count)]
    chosen = np.argwhere(tied & (value != 0))
    number, which = len(chosen), f"the {count.max()} elements that are {float(values[np.argmax(count)]):g}"
    if number > 1:
        alike = len(np.unique(value[tied & (value != 0)])) == 1
        return f"It is shared by {'all' if number == count.max() else number} of {which}{', all alike' if alike else ''}"
    picked = element(name, tuple(int(i) for i in chosen[0])) if number else "none"
    return f"Of {which} it picks {picked}"


def _held(count: int, message: str) -> str:
    """About inputs that are inf, as in a mask."""
    said = "1 element is infinite and cannot be moved" if count == 1 else f"{count} elements are infinite and cannot be moved"
    return ". ".join(part for part in (message, f"{said}: not checked") if part)


def _misfit(claim: Claim, array: Array, name: str) -> Finding:
    value = claim.value
    if value.shape == array.shape:
        return Finding(claim.name, "wrong", "It has nan or inf where forward is finite", **elements(~np.isfinite(value)))
    pairs = zip(value.shape[::-1], array.shape[::-1], strict=False)
    broadcast = value.size > array.size and value.ndim >= array.ndim and all(own in (1, came) for came, own in pairs)
    cure = ". An axis that forward broadcasts is summed in backward" if broadcast else ""
    message = f"Its shape is {value.shape}; wanted {array.shape}, the shape of {name}{cure}"
    return Finding(claim.name, "wrong", message, wrong=array.size, of=array.size)


def _usable(claim: Claim | None, array: Array) -> bool:
    return claim is not None and claim.value.shape == array.shape and bool(np.isfinite(claim.value).all())


def _finding(name: str, value: Array, judgement: Judgement) -> Finding:
    if judgement.verdict != "wrong":
        return Finding(name, judgement.verdict, _said(judgement, name), of=value.size, sight=judgement.sight)
    if not judgement.wrong:
        where = tuple(judgement.together)
        some = max(len(where), 1)
        return Finding(name, "wrong", _said(judgement, name), wrong=some, of=value.size, at_least=not where, where=where[:SHOWN])
    worst = max(judgement.wrong, key=lambda e: abs(e.truth - value[e.index]) / (e.bar or 1))
    return Finding(
        name,
        "wrong",
        _said(judgement, name),
        wrong=len(judgement.wrong) + judgement.blocks,
        of=value.size,
        at_least=judgement.blocks > 0,
        where=tuple(element.index for element in judgement.wrong)[:SHOWN],
        index=worst.index,
        got=value[worst.index],
        truth=worst.truth,
        distance=float(abs(worst.truth - value[worst.index])),
        allowance=float(worst.bar),
    )


TOGETHER = "It was moved with arrays whose gradients are wrong, and was not judged alone. Mend those first, or ask for it by wrt="
NOTHING = (
    "It is zero, but for rounding: what came is no more than that. This point proves little; where the outputs cancel in a sum, "
    "multiply them by weights that differ"
)
ZERO = "It may be 0 but for rounding, as where the outputs cancel in a sum. Multiply the outputs by weights that differ"
CURE = "Try another point, or inputs of more usual size"
UNCERTAIN = "The numerical derivative is too uncertain here to tell"
SHOWN_PLACES = 4
"""Elements that a sentence names."""
SAID = {
    "kink": "Forward has a kink here; the gradient lies between the one-sided derivatives",
    "jump": "Forward jumps here: it has no derivative at this point",
    "undefined": "Forward has no finite slope here, or no finite value beside the point. Try another point",
    "cannot tell": f"{UNCERTAIN}. {CURE}",
}


def _said(judgement: Judgement, name: str) -> str:
    """What a verdict alone does not say."""
    if judgement.verdict == "undefined" and judgement.hidden:
        argument = name.removeprefix("d")
        places = ", ".join(f"{argument}{list(index) if index else ''}" for index in judgement.hidden[:SHOWN_PLACES])
        more = ", ..." if len(judgement.hidden) > SHOWN_PLACES else ""
        return f"At {places}{more} forward jumps, or has no finite slope: nothing can be told there. All else agrees"
    if judgement.verdict == "wrong" and judgement.together:
        return (
            "At a kink: each of these elements alone lies between its one-sided derivatives, all together do not. So it is where "
            "each of several that tie gets the whole"
        )
    if judgement.verdict == "right" and judgement.still:
        return "Forward does not change when this is moved, so 0 is right; this point proves little. Try another one"
    if judgement.verdict == "kink" and judgement.nearby:
        return "Forward has a kink here, as where values tie; the gradient is one of those at points nearby, or lies between them"
    if judgement.verdict == "kink" and judgement.inside:
        return "Several parts inside forward have kinks here; the gradient is made of a member of each"
    return SAID.get(judgement.verdict, "")
