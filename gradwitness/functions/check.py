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
from gradwitness.functions.narrow import Narrow
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
    reference: Callable[..., Any] | str | None = None,
    dtypes: Sequence[str] | str | None = None,
    modes: Sequence[str] | str = ("eager",),
    order: int = 1,
    wrt: Collection[str | int] | str | int | None = None,
    outputs: Collection[str | int] | str | int | None = None,
    strides: bool = True,
    repeats: int = 3,
    seed: int = 0,
) -> Report:
    """Is the derivative right that the framework of these tensors gets from this function?"""
    start = time.perf_counter()
    backend = backend_of((inputs, kwargs or {}))
    asked = {"wrt": wrt, "outputs": outputs}
    with Progress() as progress, backend.reproducible():
        subject = Differentiated(backend, function, inputs, kwargs, **asked)
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
            for dtype in _dtypes(subject, dtypes):
                narrow = Narrow(subject, dtype, at.douts, seed, subject)
                for mode in [modes] if isinstance(modes, str) else modes:
                    if mode == "eager":
                        findings += narrow.findings(subject, dtype) if dtype != "float64" else ()
                    else:
                        compiled = Differentiated(backend, function, inputs, kwargs, **asked, mode=mode)
                        findings += narrow.findings(compiled, f"{dtype}, {mode}")
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


def _dtypes(subject: Differentiated, asked: Sequence[str] | str | None) -> list[str]:
    """Those that were asked for; else those of the inputs."""
    if asked is None:
        return list(dict.fromkeys({"complex64": "float32", "complex128": "float64"}.get(name, name) for name in subject.dtypes))
    return [asked] if isinstance(asked, str) else list(asked)


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
