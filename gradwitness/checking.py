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
from gradwitness.judging.black_box import BlackBox
from gradwitness.judging.directions import groups, joint
from gradwitness.judging.locate import Wrong, locate
from gradwitness.judging.point import Claim, Point
from gradwitness.report.findings import Finding
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
    probes = Probes(function, state, seed)
    findings = list(probes.findings())
    point = _point(function, seed, state)
    findings += _gradients(point)
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
    wide, narrow.why = _wide(narrow)
    return wide or narrow


def _wide(narrow: Point) -> tuple[Point | None, str]:
    """The same in longdouble; or why it cannot be had."""
    if WIDE.itemsize <= FLOAT64.itemsize:
        return None, "longdouble has no more digits on this machine"
    if sum(array.size for array in narrow.arrays) > MANY:
        return None, "longdouble would take too long"
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
    exact = f"each value exact to {noise:.1g} of its terms"
    if point.dtype != WIDE:
        return f"in float64: {point.why}; {exact}"
    if noise <= EXACT:
        return f"in longdouble, {exact}"
    cut = departure(point.call, point.arrays)
    return f"in longdouble, cut to float64 {f'by {cut}' if cut else 'on the way'}; {exact}"


def _gradients(point: Point) -> Iterator[Finding]:
    """A finding for each gradient."""
    claims = point.claims
    usable = [_usable(claim, array) for claim, array in zip(claims, point.arrays, strict=True)]
    for claim, array, leaf, fits in zip(claims, point.arrays, point.function.leaves, usable, strict=True):
        if claim is None:
            yield Finding(f"d{leaf.name}", "note", "Backward returns nothing for it: not checked")
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
    slacks = [
        claim.slack if claim and fits else np.zeros_like(a) for claim, a, fits in zip(claims, point.arrays, usable, strict=True)
    ]
    scales = [scale if fits else np.zeros_like(scale) for scale, fits in zip(point.scales, usable, strict=True)]
    if any(usable):
        yield from _judged(point, values, slacks, scales, usable)


def _misfit(value: Array, array: Array, name: str) -> str:
    if value.shape == array.shape:
        return "It has nan or inf where forward is finite"
    cure = ". An axis that forward broadcasts is summed in backward" if value.ndim >= array.ndim else ""
    return f"Its shape is {value.shape}; wanted {array.shape}, the shape of {name}{cure}"


def _usable(claim: Claim | None, array: Array) -> bool:
    return claim is not None and claim.value.shape == array.shape and bool(np.isfinite(claim.value).all())


def _judged(point: Point, values: list[Array], slacks: list[Array], scales: list[Array], usable: list[bool]) -> Iterator[Finding]:
    rng = np.random.default_rng((point.seed, 2))
    whole = joint(scales, point.arrays, rng)
    box = BlackBox(point, values, slacks, whole)
    point.noise = box.noise
    measured = [box.along(direction) for direction in (whole, *groups(values, scales, rng))]
    wrong: dict[int, list[Wrong]] = {}
    for one in measured:
        if not one.agrees:
            for element in locate(box, one).wrong:
                wrong.setdefault(element.which, []).append(element)
    if not wrong and any(not one.agrees for one in measured):
        worst = max((one for one in measured if not one.agrees), key=lambda one: abs(one.excess))
        yield Finding(
            "the gradient",
            "wrong",
            f"Along a random direction it claims {float(worst.claimed):.6g}, and the numerical derivative is "
            f"{float(worst.claimed + worst.excess):.6g} +- {float(worst.error + worst.slack):.1g}. No single element shows it",
            wrong=sum(value.size for value in values),
            of=sum(value.size for value in values),
        )
    for which, leaf in enumerate(point.function.leaves):
        if usable[which]:
            yield _finding(f"d{leaf.name}", values[which], wrong.get(which, []))


def _finding(name: str, value: Array, wrong: list[Wrong]) -> Finding:
    distinct = {element.index: element for element in wrong}
    if not distinct:
        return Finding(name, "right", "", of=value.size)
    worst = max(distinct.values(), key=lambda e: abs(e.truth - value[e.index]) / (e.bar or 1))
    return Finding(
        name,
        "wrong",
        "",
        wrong=len(distinct),
        of=value.size,
        where=tuple(distinct)[:20],
        index=worst.index,
        got=value[worst.index],
        truth=worst.truth,
        distance=float(abs(worst.truth - value[worst.index])),
        allowance=float(worst.bar),
    )
