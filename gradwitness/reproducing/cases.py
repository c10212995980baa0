"""What a script shows, and how it is examined again on smaller inputs. A report that found something wrong holds one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, redirect_stdout
from dataclasses import dataclass, field, replace
from io import StringIO
from typing import Any

import numpy as np

from gradwitness.arrays import Array
from gradwitness.functions.at import At
from gradwitness.functions.faults import faults
from gradwitness.functions.layouts import strides
from gradwitness.functions.narrow import Narrow
from gradwitness.functions.truth import Itself
from gradwitness.judging.gradients import gradients
from gradwitness.judging.point import Point
from gradwitness.report.findings import FAULTS, Finding
from gradwitness.reproducing.faults import OVERWRITTEN, fault
from gradwitness.reproducing.given import Arrays, Given
from gradwitness.reproducing.script import Script, written_as
from gradwitness.reproducing.shrink import Shrinking
from gradwitness.reproducing.source import PASTE
from gradwitness.subjects.errors import BadCall, UserError
from gradwitness.subjects.state import State
from gradwitness.subjects.tensors.backend import Backend, Precision, load
from gradwitness.subjects.tensors.function import Differentiated


def shows(text: str, finding: Finding) -> bool:
    """Whether a script runs, and what it prints differs; one into which source has to be pasted cannot be asked."""
    if PASTE in text:
        return True
    scope: dict[str, Any] = {"__name__": "reproducer"}
    try:
        with redirect_stdout(StringIO()), np.errstate(all="ignore"):
            exec(compile(text, "reproducer.py", "exec"), scope)  # noqa: S102  the user's own function, as it ran before
    except Exception:  # whatever the user's code raises: then there is another finding to write about
        return False
    got, truth = scope.get("got"), scope.get("truth")
    if got is None or truth is None:
        return True
    with np.errstate(invalid="ignore"):
        seen = np.abs(np.asarray(got) - truth)
    return not np.isfinite(finding.distance) or not bool((seen < finding.distance / 2).all())


Cotangent = Callable[[tuple[int, ...]], Array]
"""A shape -> a cotangent whose numbers have few digits."""


def ones(shape: tuple[int, ...]) -> Array:
    """All ones: the sum of the outputs."""
    return np.ones(shape)


def tenths(shape: tuple[int, ...]) -> Array:
    """Small numbers of one or two digits that all differ a little."""
    found = np.round(np.random.default_rng(0).normal(size=shape), 1)
    return np.where(found == 0, 0.5, found)


Again = Callable[[Any, Mapping[str, Any], Cotangent, int], Sequence[Finding]]
"""(inputs, kwargs, cotangent, the one output that is looked at) -> what is found about them."""


TRIED = 3
"""Wrong results that are tried, until one shows."""
Outputs = Mapping[int, Mapping[str, str]]
"""Number of an output -> function -> its name there: "out[y]"."""


@dataclass
class Case:
    """A call whose findings can be shown again.

    functions  name -> (framework, function)
    given      the inputs, copied
    again      how other inputs are examined, for a finding; None where no script can show it
    dtype      in which the functions run
    way        what tells the truth about a finding: see `Script`
    outputs    those that are looked at: the number of each, and what each function calls it
    contexts   the frameworks
    """

    functions: Mapping[str, tuple[str, Callable[..., Any]]]
    given: Given
    again: Callable[[Finding], Again | None]
    dtype: str
    way: Callable[[Finding], str]
    outputs: Outputs
    contexts: Sequence[Backend] = field(default_factory=list)

    def script(self, findings: Sequence[Finding], versions: Sequence[str]) -> str:
        """The script about the first finding that one can be written about. Raises ValueError where there is none."""
        wrong = sorted((finding for finding in findings if finding.verdict in FAULTS), key=lambda f: fault(f) != OVERWRITTEN)
        if not wrong:
            raise ValueError("nothing is wrong in this report: there is nothing to reproduce")
        self._refuse_parameters()
        with ExitStack() as stack:
            for backend in self.contexts:
                stack.enter_context(backend.reproducible())
                stack.callback(backend.random_state())
            for finding in wrong[:TRIED]:
                again = self.again(finding)
                text = again and self._about(finding, again, ", ".join(versions))
                if text:
                    return text
        shown = ", ".join(finding.about for finding in wrong)
        raise ValueError(f"no script can be written about {shown}: scripts show outputs and gradients, with round cotangents")

    def _refuse_parameters(self) -> None:
        """Those of one module of PyTorch can be written down; others have to be inputs."""
        alone = len(self.functions) == 1
        for name, (framework, function) in self.functions.items():
            if framework != "numpy" and load(framework).parameters(function) and not (alone and self.given.own):
                raise ValueError(f"the parameters of {name} cannot be written down: make them inputs of a plain function")

    def _about(self, finding: Finding, again: Again, version: str) -> str:
        """The script about one finding; empty where it does not show with round cotangents."""
        given = self.given
        for cotangent in (tenths,) if fault(finding) else (ones, tenths):
            for output, names in self.outputs.items():
                search = _Search(given, again, finding.about, cotangent, output)
                if search.shows(given.arrays):
                    smallest = Shrinking(search.shows, given.floats()).smallest(given.arrays)
                    search.shows(smallest)
                    found = search.found or finding
                    script = Script(
                        self.functions,
                        given,
                        smallest,
                        cotangent,
                        names,
                        replace(found, explanation=found.explanation or finding.explanation),
                        self.dtype,
                        self.way(finding),
                    )
                    text = written_as(script, version)
                    if shows(text, script.finding):
                        return text
        return ""


@dataclass
class _Search:
    """Whether smaller inputs show the same."""

    given: Given
    again: Again
    about: str
    cotangent: Cotangent
    output: int
    found: Finding | None = None

    def shows(self, arrays: Arrays) -> bool:
        """Examine them."""
        inputs, kwargs = self.given.of(arrays)
        try:
            found = self.again(inputs, kwargs, self.cotangent, self.output)
        except (UserError, BadCall, ArithmeticError, ValueError, IndexError):
            return False
        same = [f for f in found if f.verdict in FAULTS and (f.about == self.about or self._is_out(f.about))]
        self.found = same[0] if same else self.found
        return bool(same)

    def _is_out(self, about: str) -> bool:
        """An output that is looked at alone may have lost its number."""
        return about.partition("[")[0] == self.about.partition("[")[0] and about.startswith("out")


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
) -> Case:
    """The case of a `check_function`.

    outputs    the names of those that are looked at
    precision  in which the derivative was examined: float64, or that of the inputs for a function that runs in no other
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

    def narrow(dtype: str) -> Again:
        def examined(inputs: Any, kwargs: Mapping[str, Any], cotangent: Cotangent, output: int) -> Sequence[Finding]:
            subject = subject_of(inputs, kwargs, output)
            douts = [cotangent(out.shape) for out in subject.forward([leaf.array for leaf in subject.leaves]).outs]
            return list(Narrow(subject, dtype, douts, seed, Itself(subject)).findings(subject, dtype))

        return examined

    def faulty(inputs: Any, kwargs: Mapping[str, Any], _: Cotangent, output: int) -> Sequence[Finding]:
        state = State(function, inputs, kwargs)
        try:
            subject = subject_of(inputs, kwargs, output)
            at = At(subject, [np.asarray(leaf.array, np.float64) for leaf in subject.leaves], seed)
            return [*faults(at, 1), *strides(at)]
        finally:
            state.finish()

    def again(finding: Finding) -> Again | None:
        if fault(finding):
            return faulty if backend.name == "torch" and not backend.parameters(function) else None
        if finding.about.startswith("d") and "," not in finding.about:
            return gradient
        dtype, colon, _ = finding.about.partition(": ")
        return narrow(dtype) if colon and dtype in dtypes else None

    def way(finding: Finding) -> str:
        return fault(finding) or ("dtype" if ": " in finding.about else "derivative")

    own = {"function": (backend.name, function)}
    dtype = next(iter(dtypes), "float64")
    whole = subject_of(inputs, kwargs, None)
    everything = whole.forward([leaf.array for leaf in whole.leaves]).out_names
    numbered = {i: {"function": name} for i, name in enumerate(everything) if name in outputs}
    return Case(own, Given(function, inputs, kwargs), again, dtype, way, numbered, [backend])


class Round(Point):
    """A point with a round cotangent."""

    def __init__(self, function: Any, seed: int, state: State, cotangent: Cotangent) -> None:
        super().__init__(function, seed, state)
        self.douts = [cotangent(out.shape) for out in self.outs]
        self.weights = np.concatenate([np.ravel(dout) for dout in self.douts]).astype(np.longdouble)


def of_compare(
    functions: Mapping[str, tuple[str, Any]], inputs: Any, kwargs: Mapping[str, Any], dtype: str, outputs: Outputs, again: Again
) -> Case:
    """The case of a `compare`."""

    def examined(finding: Finding) -> Again | None:
        return (
            again if finding.about.startswith(("out", "d")) and finding.about != "outputs" and "," not in finding.about else None
        )

    given = Given(next(iter(functions.values()))[1], inputs, kwargs)
    return Case(functions, given, examined, dtype, lambda _: "others", outputs, backends_of(functions))


def backends_of(functions: Mapping[str, tuple[str, Any]]) -> list[Backend]:
    """Those of some functions, each once."""
    return [load(name) for name in dict.fromkeys(name for name, _ in functions.values()) if name != "numpy"]
