"""`check_function`: is the derivative right that PyTorch, TensorFlow or JAX gets from a function, a custom rule, a layer?"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from gradwitness.arrays import Array
from gradwitness.diagnosis.linearity import but_for_tolerance
from gradwitness.functions import asked as asked_for
from gradwitness.functions.at import At
from gradwitness.functions.calls import calls
from gradwitness.functions.faults import faults
from gradwitness.functions.faults.cotangents import NOT_LINEAR
from gradwitness.functions.gradients import first_gradients
from gradwitness.functions.layouts import strides as strides_of
from gradwitness.functions.narrow import Narrow, settled
from gradwitness.functions.point import point_of
from gradwitness.functions.second import second
from gradwitness.functions.transforms import batched, forward_mode
from gradwitness.functions.truth import truth_of
from gradwitness.report.findings import FAULTS, Finding
from gradwitness.report.progress import Progress
from gradwitness.report.report import Report
from gradwitness.reproducing.calls import of_check
from gradwitness.subjects.state import State
from gradwitness.subjects.tensors.drawing import random_state
from gradwitness.subjects.tensors.function import Differentiated
from gradwitness.subjects.tensors.origins import backend_of
from gradwitness.subjects.tensors.precision import OWN

NAMED = 3
"""Parameters that a note names."""


def check_function(
    function: Callable[..., Any],
    inputs: Any,
    *,
    kwargs: Mapping[str, Any] | None = None,
    reference: Callable[..., Any] | str | None = None,
    dtypes: Any = None,
    modes: Sequence[str] | str = ("eager",),
    order: int = 1,
    wrt: Collection[str | int] | str | int | None = None,
    outputs: Collection[str | int] | str | int | None = None,
    strides: bool = True,
    repeats: int = 3,
    seed: int = 0,
) -> Report:
    """Is the derivative right that PyTorch, TensorFlow or JAX gets from this function? The tensors say which framework it is.

    function   a function, custom rule, module or layer that takes and returns tensors, in tuples, lists and dicts
    inputs     a tuple of what it takes by position; a tensor alone, or a dict by name, will do. Floats are differentiated, and
               the parameters of a module; integers and booleans are data. JAX and TensorFlow take arrays of NumPy, too
    kwargs     what it takes by keyword
    reference  a function that computes the same in plain operations, or the name of one of our ops ("layer_norm"): the truth for
               a function whose rounding cannot be watched
    dtypes     in which its values are judged, against exact arithmetic on the same rounded inputs: "float32", "bfloat16", ...;
               the dtype of the inputs if not given
    modes      "eager", and how the framework compiles: "inductor"; "graph", "xla"; "jit"
    order      2 for second derivatives, forward mode and vmap as well
    wrt        the inputs and parameters to differentiate, by name or position; all floats if not given
    outputs    the outputs that are looked at, by position or key; all if not given
    strides    whether inputs and cotangents are tried in other orders of memory, where the framework has them
    repeats    calls that must give the same
    seed       of the random cotangent and the random directions

    The derivative is taken in float64 at these inputs; in the dtype of the inputs where the function runs in no other. Nothing is
    changed: parameters, buffers, random generators, settings of the process.

    Returns a `Report`. Raises BadCall (a TypeError) for a call that cannot be used, UserError where the function raises.
    """
    start = time.perf_counter()
    asked_for.function_of(function)
    asked_for.numbers_of(order, repeats, seed)
    asked_for.names_of("wrt", wrt)
    asked_for.names_of("outputs", outputs)
    inputs, kwargs = asked_for.as_tensors(function, inputs, kwargs)
    backend = backend_of((inputs, kwargs or {}), function)
    asked_for.values_of(backend, inputs, kwargs)
    in_dtypes, in_modes = asked_for.dtypes_of(dtypes), asked_for.modes_of(modes, backend)
    asked: dict[str, Any] = {"wrt": wrt, "outputs": outputs}
    with Progress() as progress, backend.reproducible():
        subject = Differentiated(backend, function, inputs, kwargs, **asked)
        subject.run = progress.counting(subject.run)  # type: ignore[method-assign]
        state = _States(State(function, inputs, kwargs), random_state(backend, function, inputs, kwargs))
        try:
            point, findings = point_of(subject, seed, state)
            findings += first_gradients(point, subject)
            if subject.undone:
                subject.precision = replace(subject.precision, exact=False)
            findings += _held(backend.trained(function) if wrt is None else [])
            at = At(subject, point.arrays, seed)
            findings += but_for_tolerance(point, list(faults(at, repeats)), NOT_LINEAR)
            findings += calls(at)
            if strides:
                findings += strides_of(at)
            if order > 1:
                wrong = {f"d{leaf.name}" for leaf in subject.leaves} & {f.about for f in findings if f.verdict in FAULTS}
                restricted = {finding.about for finding in findings if finding.verdict == "convention"}
                for beyond in (second(at, state, restricted), forward_mode(at, restricted, wrong), batched(at)):
                    findings += beyond
            same = {"inputs": inputs, "kwargs": kwargs, **asked, "wrt": asked_for.counted(wrt, subject)}
            state.restore()  # other functions draw the random numbers that this one drew
            truth = truth_of(reference, subject, partial(Differentiated, backend, **same))
            members = _members(findings, at)
            for dtype in in_dtypes or _dtypes(subject):
                narrow = Narrow(subject, dtype, at.douts, seed, truth, members)
                for mode in in_modes:
                    if mode != "eager":
                        state.restore()
                        compiled = Differentiated(backend, function, inputs, kwargs, **asked, mode=mode)
                        findings += narrow.findings(compiled, f"{dtype}, {mode}")
                    elif dtype != "float64" or reference is not None or subject.operations.narrowed:
                        findings += narrow.findings(subject, dtype)
            if reference is not None and subject.precision == OWN and not subject.undone:
                findings = settled(findings, in_dtypes or _dtypes(subject))
            case = None
            if any(finding.verdict in FAULTS for finding in findings):
                own = in_dtypes or _dtypes(subject)
                case = of_check(
                    backend, function, inputs, kwargs or {}, wrt, at.out_names, own, seed, subject.precision, reference
                )
        finally:
            state.finish()
    return Report(
        subject.description,
        _examined(subject, strides, order),
        tuple(findings),
        point.evaluations + at.calls,
        time.perf_counter() - start,
        (backend.version(),),
        case,
    )


def _held(names: Sequence[str]) -> list[Finding]:
    """A note about parameters that the function holds, and whose gradients nobody sees."""
    if not names:
        return []
    shown = ", ".join(names[:NAMED]) + (f" and {len(names) - NAMED} more" if len(names) > NAMED else "")
    them, cure = ("its gradient is", "it as an input") if len(names) == 1 else ("their gradients are", "them as inputs")
    message = f"The function holds {shown}: {them} not looked at. Give {cure}, or hand over the module itself"
    return [Finding("parameters", "note", message)]


def _members(findings: Sequence[Finding], at: At) -> dict[str, Array]:
    """The gradients that are members of the set at a kink."""
    kinks = {finding.about for finding in findings if finding.verdict == "kink"}
    named = {f"d{leaf.name}": gradient for leaf, gradient in zip(at.subject.leaves, at.gradients, strict=True)}
    return {name: gradient for name, gradient in named.items() if name in kinks and gradient is not None}


def _dtypes(subject: Differentiated) -> list[str]:
    """Those of the inputs."""
    return list(dict.fromkeys({"complex64": "float32", "complex128": "float64"}.get(name, name) for name in subject.dtypes))


def _examined(subject: Differentiated, strides: bool, order: int) -> str:
    """What was tried, and what was not."""
    own = " and ".join(dict.fromkeys(subject.dtypes))
    where = "float64" if subject.precision.computed == "float64" else own
    inside = f", in which its casts to {subject.operations.narrowed} round nothing" if subject.undone else ""
    if subject.undone and subject.precision == OWN:
        where, inside = "float64", f": each operation by itself, for the function takes {own} alone"
    tried = [
        f"in {where}, by differences{inside}",
        "faults: overwritten inputs, a second backward, unused outputs, other cotangents, chance",
    ]
    if strides and subject.backend.layouts:
        tried.append(f"strides: {', '.join(subject.backend.layouts)}")
    tried.append(
        "order 2, forward mode and vmap" if order > 1 else "order 1: second derivatives were not looked at, order=2 does"
    )
    return "; ".join(tried)


class _States:
    """The user's objects and the random generators, put back together."""

    def __init__(self, objects: State, put_back: Callable[[], None]) -> None:
        self._objects, self._put_back = objects, put_back

    def restore(self) -> None:
        self._objects.restore()
        self._put_back()

    def finish(self) -> None:
        self._objects.finish()
        self._put_back()


def assert_check_function(*args: Any, **kwargs: Any) -> None:
    """`check_function` as an assertion. Raises Disagreement, an AssertionError with the report, unless the verdict is right."""
    __tracebackhide__ = True
    check_function(*args, **kwargs).raise_if_wrong()
