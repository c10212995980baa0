"""Second derivatives: the gradient as a function of its own, its derivative against differences of its values."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from gradwitness.arrays import Array
from gradwitness.functions.at import At
from gradwitness.judging.gradients import NOTHING, gradients
from gradwitness.judging.lost import Lost
from gradwitness.judging.point import Point
from gradwitness.report.findings import Finding
from gradwitness.subjects.arguments import Leaf
from gradwitness.subjects.errors import UserError
from gradwitness.subjects.tensors.backend import Pull, Run
from gradwitness.subjects.tensors.call import Running
from gradwitness.subjects.tensors.function import Differentiated

SEEN = "By differences of the gradient it is otherwise: backward computes with something that is not differentiated. "
UNSEEN = {
    "torch": f"{SEEN}In PyTorch that is an intermediate value kept on ctx, a detached tensor, an array of NumPy, or a rule of "
    "its own that is wrong. Save inputs and outputs alone, by save_for_backward, and compute from them; or mark backward with "
    "@once_differentiable",
    "tensorflow": f"{SEEN}In TensorFlow that is a stop_gradient, an array of NumPy, or a rule of its own that is wrong",
    "jax": f"{SEEN}In JAX that is a stop_gradient, or a rule of its own that is wrong",
}
"""Why a second derivative is wrong where the first one is the function that differences were taken of."""


class Gradient:
    """The gradient of a function as a function of its own: what is differentiated when a second derivative is taken.

    Its inputs are those of the function, and the cotangents. Casts to a narrower dtype inside round nothing if that was so of the
    function.
    """

    asked, keeps_dtype, of_a_loss = False, True, False
    unread = "The gradient is the same for other inputs"

    def __init__(self, subject: Differentiated, douts: Sequence[Array]) -> None:
        self.subject, self.douts = subject, douts
        names = ["dout"] if len(douts) == 1 else [f"dout[{i}]" for i in range(len(douts))]
        cotangents = [Leaf(name, ("douts", i), dout) for i, (name, dout) in enumerate(zip(names, douts, strict=True))]
        self.leaves = [*subject.leaves, *cotangents]
        self.data, self.code, self.undone = subject.data, subject.code, subject.undone
        self.handed: Mapping[str, Any] = subject.handed
        self.description = f"the gradient of {subject.description}"
        self.precision = replace(subject.precision, exact=subject.undone)
        self.eps = subject.eps_in(self.precision)
        self.exact = subject.exact(self.precision, range(len(subject.leaves))) if subject.undone else None
        call = subject.run([leaf.array for leaf in subject.leaves], self.precision)
        self._outs = call.tensors
        self._evaluate: Run | None = None

    @property
    def of_triangles(self) -> bool:
        """As the function does."""
        return self.subject.of_triangles

    def forward(self, arrays: Sequence[Any]) -> GradientCall:
        """The gradients. They are differentiated if `backward` is called, by another run."""
        subject, backend = self.subject, self.subject.backend
        count = len(subject.leaves)
        values = [subject.tensor(i, np.asarray(array), self.precision) for i, array in enumerate(arrays[:count])]
        given = zip(arrays[count:], self._outs, strict=True)
        cotangents = [backend.tensor(np.asarray(dout), out, backend.dtype(out)) for dout, out in given]
        running = subject.running(values, self.precision, range(count))
        try:
            if self._evaluate is None:
                run = gradient_of(subject, running)
                self._evaluate = backend.evaluator(subject.function, self.exact.run(run) if self.exact else run)
            found = self._evaluate([*values, *cotangents])
        except Exception as error:
            raise UserError("its gradient", error) from error
        second = partial((self.exact or backend).second, running, values, cotangents)
        return GradientCall(self, found, [f"d{leaf.name}" for leaf in subject.leaves], second, running)

    def reached(self, arrays: Sequence[Array]) -> list[Array]:
        """The arrays, rounded to what the function computes in."""
        count = len(self.subject.leaves)
        return [*self.subject.reached(arrays[:count], self.precision), *arrays[count:]]


def gradient_of(subject: Differentiated, running: Running) -> Run:
    """Inputs and cotangents to gradients; zeros where the framework gives none."""
    backend, count = subject.backend, len(subject.leaves)

    def gradients(values: Sequence[Any]) -> list[Any]:
        _, pull = backend.vjp(running, values[:count])
        with running.inside():
            found = pull(values[count:])
        return [backend.zeros(value) if g is None else g for value, g in zip(values[:count], found, strict=True)]

    return gradients


@dataclass
class GradientCall:
    """One gradient.

    second   computes the gradients once more, and their pull
    """

    of: Gradient
    tensors: list[Any]
    out_names: list[str]
    second: Callable[[], tuple[list[Any], Pull]]
    running: Running

    @property
    def outs(self) -> list[Any]:
        """As arrays."""
        return [self.of.subject.backend.array(value) for value in self.tensors]

    def backward(self, douts: Sequence[Array]) -> list[Any]:
        """Second derivatives times douts; zeros where the framework gives none."""
        backend = self.of.subject.backend
        try:
            found, pull = self.second()
            given = [backend.tensor(np.asarray(d), g, backend.dtype(g)) for d, g in zip(douts, found, strict=True)]
            with self.running.inside():
                gradients = pull(given)
        except Exception as error:
            raise UserError("the second backward", error) from error
        arrays = [leaf.array for leaf in self.of.leaves]
        return [np.zeros(a.shape) if g is None else backend.array(g) for a, g in zip(arrays, gradients, strict=True)]


def second(at: At, state: Any, restricted: Collection[str] = ()) -> Iterator[Finding]:
    """The derivative of the gradient against differences of the gradient.

    restricted   gradients that were confirmed for one kind of matrices alone
    """
    try:
        point = Point(Gradient(at.subject, at.douts), at.seed, state)
        lost = Lost(point)
        found = [lost.told(finding) if finding.about in lost.masks else finding for finding in gradients(point, restricted)]
    except UserError as error:
        yield Finding("order 2", "note", f"It cannot be differentiated twice, and says so: {error.error}")
        return
    at.calls += point.evaluations
    for finding in found:
        about = f"order 2: {finding.about}"
        if finding.about in lost.masks:
            yield replace(finding, about=about, message=finding.message.replace(" forward ", " the gradient "))
        else:
            told = _but_for_rounding(at, point, finding)
            unseen = UNSEEN[at.subject.backend.name] if told.verdict == "wrong" and told.got is not None else ""
            yield replace(told, about=about, explanation=unseen)


def _but_for_rounding(at: At, point: Point, finding: Finding) -> Finding:
    """A finding about second derivatives all of which are no more than what rounding of the outputs comes to in them, if so."""
    which = [f"d{leaf.name}" for leaf in point.function.leaves].index(finding.about) if finding.truth is not None else -1
    if which < 0 or finding.verdict != "wrong" or (claim := point.claims[which]) is None:
        return finding
    across = float(np.sqrt(np.mean(np.square(point.arrays[which]))))
    of_gradient = sum(at.negligible(each) for each in range(len(at.arrays)))
    largest = max(float(np.max(np.abs(claim.value))), abs(float(finding.truth)))
    nothing = across > 0 and largest * across <= of_gradient
    return Finding(finding.about, "right", NOTHING, of=finding.of) if nothing else finding
