"""`check`: is a hand-written backward the derivative of its forward?

The code is taken as it is. It runs in longdouble where it can: the noise of its values, measured, says how exact they are,
whatever the code does on the way (a buffer of float64, a cast). Where it cannot (LAPACK), it runs in float64.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from gradwitness.arrays import Array
from gradwitness.diagnosis.explained import explained
from gradwitness.judging.judge import Judge, Judgement
from gradwitness.judging.native import native
from gradwitness.judging.point import Claim, Point
from gradwitness.report.findings import SHOWN, Finding
from gradwitness.report.progress import Progress
from gradwitness.report.report import Report
from gradwitness.subjects.errors import BadCall, UserError
from gradwitness.subjects.function import Function, Pair
from gradwitness.subjects.loss import Loss
from gradwitness.subjects.probes import Probes
from gradwitness.subjects.state import State
from gradwitness.subjects.trace import departure, refusal

WIDE = np.dtype(np.longdouble)
FLOAT64 = np.dtype(np.float64)


def check(
    forward: Callable[..., Any],
    backward: Callable[..., Any],
    inputs: Any,
    static: Mapping[str, Any] | None = None,
    *,
    wrt: Collection[str | int] | None = None,
    cached: bool | None = None,
    names: Sequence[str] | None = None,
    seed: int = 0,
) -> Report:
    """Is this hand-written backward the derivative of this forward? NumPy in any style.

    forward    forward(*inputs, **static) -> out, or (out, cache). out is a float, an array, or a tuple, list or dict of them
    backward   backward(dout, cache) or backward(dout, *inputs) -> the gradients: a tuple or list, a dict by name, or the one
               gradient of the one input. backward(dout) of an object that remembers its forward will do as well
    inputs     a tuple of what forward takes by position; floats in them are differentiated, all else is data. One array alone,
               or a dict by name, will do
    static     what forward takes by keyword, and what backward takes of it
    wrt        the inputs to differentiate, by name or position; all with floats if not given
    cached     whether forward returns (out, cache); found out if not given
    names      names for the inputs; those of forward's signature if not given
    seed       of the random cotangent and the random directions

    Everything is put back as it was: arrays, the attributes of objects, random generators, also after an exception.

    Returns a `Report`: `.ok`, `.verdict` ("right", "wrong" or "cannot tell"), `.findings`, `.raise_if_wrong()`.
    Raises BadCall (a TypeError) for a call that cannot be used, UserError where forward or backward raises.
    """
    state = State(forward, backward, static, inputs)
    try:
        return _examined(Pair(forward, backward, inputs, static, wrt=wrt, cached=cached, names=names), state, seed)
    finally:
        state.finish()


def check_loss(
    function: Callable[..., Any],
    params: Any,
    *data: Any,
    static: Mapping[str, Any] | None = None,
    in_place: bool = False,
    wrt: Collection[str | int] | None = None,
    seed: int = 0,
) -> Report:
    """Are the gradients right that function(params, *data) -> (loss, gradients) returns?

    params     an array, or a tuple, list or (nested) dict of arrays; the gradients have the same structure
    data       whatever else the function takes by position; static what it takes by keyword
    in_place   the function takes no params: function(*data) reads the arrays of params where they are, in an object or a layer.
               They are moved there, and put back bit for bit
    wrt, seed  see `check`

    Returns and raises as `check` does.
    """
    state = State(function, params, data, static)
    try:
        return _examined(Loss(function, params, data, static, in_place=in_place, wrt=wrt), state, seed)
    finally:
        state.finish()


def assert_check(*args: Any, **kwargs: Any) -> None:
    """`check` as an assertion. Raises Disagreement, an AssertionError with the report, unless the verdict is right."""
    check(*args, **kwargs).raise_if_wrong()


def assert_check_loss(*args: Any, **kwargs: Any) -> None:
    """`check_loss` as an assertion."""
    check_loss(*args, **kwargs).raise_if_wrong()


def _examined(function: Function, state: State, seed: int) -> Report:
    """The report about any function."""
    start = time.perf_counter()
    with Progress() as progress:
        function.forward = progress.counting(function.forward)  # type: ignore[method-assign]
        probes = Probes(function, state, seed)
        findings = list(probes.findings())
        point = _point(function, seed, state)
        findings += explained(point, list(gradients(point)))
        findings += native(point)
    return Report(
        function.description,
        _how(point),
        tuple(findings),
        probes.evaluations + point.evaluations,
        time.perf_counter() - start,
    )


MANY = 16_384
"""Elements beyond which longdouble, which has no BLAS, would take too long."""
SECONDS = 0.05
"""Of one evaluation in longdouble, likewise."""


def _point(function: Function, seed: int, state: State) -> Point:
    """The function at its point: in longdouble if it runs there, else in float64."""
    narrow = Point(function, seed, state, FLOAT64)
    narrow.why = _obstacle(narrow)
    if not narrow.why:
        wide, narrow.why = _wide(narrow)
        return wide or narrow
    return narrow


def _obstacle(narrow: Point) -> str:
    """Why longdouble is not tried; empty if it is."""
    if WIDE.itemsize <= FLOAT64.itemsize:
        return "longdouble has no more digits on this machine"
    if narrow.function.keeps_dtype:
        return "parameters that are moved in place keep their dtype"
    return "longdouble would take too long" if sum(array.size for array in narrow.arrays) > MANY else ""


def _wide(narrow: Point) -> tuple[Point | None, str]:
    """The same in longdouble; or why it cannot be had."""
    try:
        start = time.perf_counter()
        wide = Point(narrow.function, narrow.seed, narrow.state, WIDE)
        seconds = time.perf_counter() - start
        wide.gradients(wide.arrays)
    except UserError as error:
        return None, refusal(error)
    except BadCall as error:
        return None, f"longdouble is not taken: {error}"
    if not _as_narrow(wide, narrow):
        return None, "forward returns other shapes, or nothing finite, in longdouble"
    return (wide, "") if seconds <= SECONDS else (None, "longdouble would take too long")


def _as_narrow(wide: Point, narrow: Point) -> bool:
    """Whether the function returns in longdouble what it returns in float64: the same shapes, and finite where that is."""
    return [out.shape for out in wide.outs] == [out.shape for out in narrow.outs] and bool(np.isfinite(wide.value)) >= bool(
        np.isfinite(narrow.value)
    )


EXACT = 64 * float(np.finfo(WIDE).eps)
"""Noise, as a share of the terms of a value, beyond which longdouble was cut on the way."""


def _how(point: Point) -> str:
    """How the function was examined, and what stood in the way of more."""
    noise = point.noise / (float(point.size) or 1.0)
    exact = f"each value exact to {noise:.1g} of its terms" if np.isfinite(noise) else "whose noise could not be measured"
    if point.dtype != WIDE:
        return f"in float64: {point.why}; {exact}"
    if not noise > EXACT:
        return f"in longdouble, {exact}"
    cut = departure(point.call, point.arrays)
    return f"in longdouble, cut to float64 {f'by {cut}' if cut else 'on the way'}; {exact}"


def gradients(point: Point) -> Iterator[Finding]:
    """A finding for each gradient."""
    claims = point.claims
    usable = [_usable(claim, array) for claim, array in zip(claims, point.arrays, strict=True)]
    for claim, array, leaf, fits in zip(claims, point.arrays, point.function.leaves, usable, strict=True):
        if claim is None:
            yield Finding(f"d{leaf.name}", "note", "Backward returns nothing for it: not checked")
        elif not fits and claim.value.shape == array.shape and not np.isfinite(point.flat).all():
            yield Finding(claim.name, "undefined", "It has nan or inf, as forward has")
        elif not fits:
            yield Finding(
                claim.name,
                "wrong",
                _misfit(claim.value, array, leaf.name),
                wrong=array.size,
                of=array.size,
            )
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
        if judge.unattributed:
            yield Finding(
                "the gradient", "wrong", "It is wrong along a random direction; the search ended before it was known where"
            )
        for leaf, value, fits, judgement in zip(point.function.leaves, values, usable, judged, strict=True):
            if fits:
                yield _finding(f"d{leaf.name}", value, judgement)


def _misfit(value: Array, array: Array, name: str) -> str:
    if value.shape == array.shape:
        return "It has nan or inf where forward is finite"
    cure = ". An axis that forward broadcasts is summed in backward" if value.ndim >= array.ndim else ""
    return f"Its shape is {value.shape}; wanted {array.shape}, the shape of {name}{cure}"


def _usable(claim: Claim | None, array: Array) -> bool:
    return claim is not None and claim.value.shape == array.shape and bool(np.isfinite(claim.value).all())


def _finding(name: str, value: Array, judgement: Judgement) -> Finding:
    if judgement.verdict != "wrong":
        return Finding(name, judgement.verdict, _said(judgement), of=value.size, sight=judgement.sight)
    if not judgement.wrong:
        where = tuple(judgement.together)
        some = max(len(where), 1)
        return Finding(name, "wrong", _said(judgement), wrong=some, of=value.size, at_least=not where, where=where[:SHOWN])
    worst = max(judgement.wrong, key=lambda e: abs(e.truth - value[e.index]) / (e.bar or 1))
    return Finding(
        name,
        "wrong",
        _said(judgement),
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


SAID = {
    "kink": "Forward has a kink here; the gradient lies between the one-sided derivatives",
    "jump": "Forward jumps here: it has no derivative at this point",
    "undefined": "Forward has no finite slope here, or no finite value beside the point. Try another point",
    "cannot tell": "The numerical derivative is too uncertain here to tell. Try another point, or inputs of more usual size",
}


def _said(judgement: Judgement) -> str:
    """What a verdict alone does not say."""
    if judgement.verdict == "wrong" and judgement.together:
        return "At a kink: each of these elements alone lies between its one-sided derivatives, all together do not"
    if judgement.verdict == "right" and judgement.still:
        return "Forward does not change when this is moved, so 0 is right; this point proves little. Try another one"
    return SAID.get(judgement.verdict, "")
