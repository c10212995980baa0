"""`check_function`: is the derivative right that PyTorch, TensorFlow or JAX gets from a function, a custom rule, a layer?"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from typing import Any

from gradwitness.checking import gradients
from gradwitness.diagnosis.explained import explained
from gradwitness.functions.at import At
from gradwitness.functions.faults import faults
from gradwitness.functions.layouts import strides as strides_of
from gradwitness.functions.order import batched, forward_mode, second
from gradwitness.judging.point import Point
from gradwitness.report.progress import Progress
from gradwitness.report.report import Report
from gradwitness.subjects.state import State
from gradwitness.subjects.tensors.backend import backend_of
from gradwitness.subjects.tensors.function import FLOAT64, Differentiated


def check_function(
    function: Callable[..., Any],
    inputs: Any,
    *,
    kwargs: Mapping[str, Any] | None = None,
    wrt: Collection[str | int] | str | int | None = None,
    outputs: Collection[str | int] | str | int | None = None,
    strides: bool = True,
    repeats: int = 3,
    order: int = 1,
    seed: int = 0,
) -> Report:
    """Is the derivative right that the framework of these tensors gets from this function?"""
    start = time.perf_counter()
    backend = backend_of((inputs, kwargs or {}))
    with Progress() as progress, backend.reproducible():
        subject = Differentiated(backend, function, inputs, kwargs, wrt=wrt, outputs=outputs)
        subject.run = progress.counting(subject.run)  # type: ignore[method-assign]
        state = _States(State(function, inputs, kwargs), backend.random_state())
        try:
            point = Point(subject, seed, state)
            point.why = f"{backend.title} computes in no wider dtype"
            findings = list(explained(point, list(gradients(point))))
            at = At(subject, FLOAT64, point.arrays, seed)
            findings += faults(at, repeats)
            if strides:
                findings += strides_of(at)
            if order > 1:
                for beyond in (second(at, state), forward_mode(at), batched(at)):
                    findings += beyond
        finally:
            state.finish()
    return Report(
        subject.description,
        "in float64",
        tuple(findings),
        point.evaluations + at.calls,
        time.perf_counter() - start,
        (backend.version(),),
    )


class _States:
    """The user's objects and the framework's random numbers, put back together."""

    def __init__(self, objects: State, put_back: Callable[[], None]) -> None:
        self._objects, self._put_back = objects, put_back

    def restore(self) -> None:
        self._objects.restore()
        self._put_back()

    def finish(self) -> None:
        self._objects.finish()
        self._put_back()
