"""`check`: is a hand-written backward the derivative of its forward?

The code is taken as it is. It runs in longdouble where it can: the noise of its values, measured, says how exact they are,
whatever the code does on the way (a buffer of float64, a cast). Where it cannot (LAPACK), it runs in float64.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from gradwitness.diagnosis.explained import explained
from gradwitness.diagnosis.linearity import but_for_tolerance
from gradwitness.judging.lost import first_judged
from gradwitness.judging.native import native
from gradwitness.judging.precision import examined, narrow_inside, point_of
from gradwitness.report.progress import Progress
from gradwitness.report.report import Report
from gradwitness.subjects.function import Function
from gradwitness.subjects.handwritten import Pair
from gradwitness.subjects.loss import Loss
from gradwitness.subjects.pairs import paired
from gradwitness.subjects.probes import NOT_LINEAR, Probes
from gradwitness.subjects.state import State


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
    __tracebackhide__ = True
    check(*args, **kwargs).raise_if_wrong()


def assert_check_loss(*args: Any, **kwargs: Any) -> None:
    """`check_loss` as an assertion."""
    __tracebackhide__ = True
    check_loss(*args, **kwargs).raise_if_wrong()


def _examined(function: Function, state: State, seed: int) -> Report:
    """The report about any function."""
    start = time.perf_counter()
    with Progress() as progress:
        function.forward = progress.counting(function.forward)  # type: ignore[method-assign]
        probes = Probes(function, state, seed)
        findings = [*probes.findings(), *paired(function, probes.arrays)]
        state.restore()
        point = point_of(function, seed, state)
        findings = but_for_tolerance(point, findings, NOT_LINEAR)
        judged = first_judged(point)
        findings += narrow_inside(point, judged)
        findings += explained(point, judged)
        wrong = {finding.about for finding in findings if finding.verdict == "wrong"}
        owned = native(point)  # how what is wrong is rounded tells nothing
        findings += (each for each in owned if each.verdict != "right" or each.about.partition(" in ")[0] not in wrong)
    return Report(
        function.description,
        examined(point),
        tuple(findings),
        probes.evaluations + point.evaluations,
        time.perf_counter() - start,
    )
