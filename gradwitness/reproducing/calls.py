"""Cases of `check_function` and `compare`: how a finding is examined again on smaller inputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from gradwitness.functions.asked import counted
from gradwitness.functions.at import At
from gradwitness.functions.faults import faults
from gradwitness.functions.layouts import strides
from gradwitness.functions.narrow import Narrow
from gradwitness.functions.second import second
from gradwitness.functions.transforms import batched, forward_mode
from gradwitness.functions.truth import truth_of
from gradwitness.judging.gradients import gradients
from gradwitness.judging.point import Point
from gradwitness.report.findings import Finding
from gradwitness.reproducing.cases import Again, Case, Cotangent, NoScript, Outputs, dtype_of, mode_of
from gradwitness.reproducing.faults import fault
from gradwitness.reproducing.given import Given
from gradwitness.reproducing.laws import AGAIN, FAILS, FORWARD, ORDER, VMAP, law
from gradwitness.subjects.state import State
from gradwitness.subjects.tensors.backend import Backend
from gradwitness.subjects.tensors.function import Differentiated
from gradwitness.subjects.tensors.origins import load
from gradwitness.subjects.tensors.precision import Precision
from gradwitness.subjects.tensors.tree import written


def of_check(
    backend: Backend,
    function: Callable[..., Any],
    inputs: Any,
    kwargs: Mapping[str, Any],
    wrt: Any,
    outputs: Sequence[str],
    dtypes: Sequence[str],
    seed: int,
    precision: Precision,
    reference: Any = None,
) -> Case:
    """The case of a `check_function`.

    outputs    the names of those that are looked at
    precision  in which the derivative was examined: float64, or that of the inputs for a function that runs in no other
    reference  a function that computes the same
    """

    def subject_of(inputs: Any, kwargs: Mapping[str, Any], output: int | None) -> Differentiated:
        subject = Differentiated(backend, function, inputs, kwargs, wrt=wrt, outputs=output)
        subject.precision = precision
        return subject

    def gradient(inputs: Any, kwargs: Mapping[str, Any], cotangent: Cotangent, output: int) -> Sequence[Finding]:
        state = State(function, inputs, kwargs)
        try:
            point = Round(subject_of(inputs, kwargs, output), seed, state, cotangent)
            return list(gradients(point))
        finally:
            state.finish()

    def narrow(dtype: str, mode: str) -> Again:
        def examined(inputs: Any, kwargs: Mapping[str, Any], cotangent: Cotangent, output: int) -> Sequence[Finding]:
            subject = subject_of(inputs, kwargs, output)
            douts = [cotangent(out.shape) for out in subject.forward([leaf.array for leaf in subject.leaves]).outs]
            same = {"inputs": inputs, "kwargs": kwargs, "wrt": counted(wrt, subject), "outputs": output}
            truth = truth_of(reference, subject, partial(Differentiated, backend, **same))
            own = partial(Differentiated, backend, function, inputs, kwargs, wrt=wrt, outputs=output, mode=mode)
            label = dtype if mode == "eager" else f"{dtype}, {mode}"
            return list(Narrow(subject, dtype, douts, seed, truth).findings(subject if mode == "eager" else own(), label))

        return examined

    def faulty(finding: Finding) -> Again:
        kind = law(finding)

        def examined(inputs: Any, kwargs: Mapping[str, Any], cotangent: Cotangent, output: int) -> Sequence[Finding]:
            state = State(function, inputs, kwargs)
            try:
                subject = subject_of(inputs, kwargs, None if kind in (FAILS, AGAIN) else output)
                at = At(subject, [np.asarray(leaf.array, np.float64) for leaf in subject.leaves], seed, cotangent)
                if kind == ORDER:
                    return list(second(at, state))
                if kind in (FORWARD, VMAP):
                    return list(forward_mode(at) if kind == FORWARD else batched(at))
                return [*faults(at, 3), *(strides(at) if fault(finding) else ())]
            finally:
                state.finish()

        return examined

    def again(finding: Finding) -> Again:
        if fault(finding) and (backend.name != "torch" or backend.parameters(function)):
            raise NoScript("scripts about memory are of functions of PyTorch without parameters")
        if fault(finding) or law(finding):
            return faulty(finding)
        dtype, mode = dtype_of(finding, ""), mode_of(finding)
        if dtype and isinstance(reference, str):
            raise NoScript(f"the truth is our own op {reference!r}: give a plain function as reference")
        if dtype:
            return narrow(dtype, mode)
        if finding.about.startswith("d") and ("," not in finding.about or finding.about.endswith(" alone")):
            return gradient
        raise NoScript("scripts show values, gradients, faults and laws of them, with round cotangents")

    def way(finding: Finding) -> str:
        if dtype_of(finding, ""):
            return "dtype" if reference is None else "reference"
        return fault(finding) or law(finding) or "derivative"

    own = {"function": (backend.name, function)}
    dtype = next(iter(dtypes), "float64")
    whole = subject_of(inputs, kwargs, None)
    everything = whole.forward([leaf.array for leaf in whole.leaves]).out_names
    numbered = {i: {"function": name} for i, name in enumerate(everything) if name in outputs}
    exact = "float64" if precision.computed == "float64" else dtype
    other = {"reference": (backend.name, reference)} if callable(reference) else {}
    return Case(own, Given(function, inputs, kwargs), again, dtype, way, numbered, [backend], exact, other)


class Round(Point):
    """A point with a round cotangent."""

    def __init__(self, function: Any, seed: int, state: State, cotangent: Cotangent) -> None:
        super().__init__(function, seed, state)
        left_out = bool(np.isfinite(self.flat).all())  # infinite outputs are, beside finite ones
        self.douts = [np.where(np.isinf(out) & left_out, 0, cotangent(out.shape)) for out in self.outs]
        self.weights = np.concatenate([np.ravel(dout) for dout in self.douts]).astype(np.longdouble)


def of_compare(
    functions: Mapping[str, tuple[str, Any]], inputs: Any, kwargs: Mapping[str, Any], dtype: str, outputs: Outputs, again: Again
) -> Case:
    """The case of a `compare`."""

    def examined(finding: Finding) -> Again:
        if not finding.about.startswith(("out", "d")) or finding.about == "outputs" or "," in finding.about:
            raise NoScript("scripts show single outputs and gradients")
        if finding.about.startswith("d") and finding.about not in {f"d{written(path[1:])}" for path in given.floats()}:
            raise NoScript("scripts show the gradients of inputs: make the parameters inputs of a plain function")
        return again

    given = Given(next(iter(functions.values()))[1], inputs, kwargs)
    given.own, given.own_names = {}, {}  # each module has its own: they are constants of the script
    return Case(functions, given, examined, dtype, lambda _: "others", outputs, backends_of(functions))


def backends_of(functions: Mapping[str, tuple[str, Any]]) -> list[Backend]:
    """Those of some functions, each once."""
    return [load(name) for name in dict.fromkeys(name for name, _ in functions.values()) if name != "numpy"]
