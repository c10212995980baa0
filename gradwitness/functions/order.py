"""Beyond the first gradient: second derivatives, forward mode, vmap."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from gradwitness.arrays import Array
from gradwitness.functions.at import At, beyond, cotangent
from gradwitness.judging.gradients import gradients
from gradwitness.judging.matrices import kinds_of
from gradwitness.judging.point import Point
from gradwitness.report.findings import Finding, elements
from gradwitness.subjects.arguments import Leaf
from gradwitness.subjects.errors import UserError, first_line
from gradwitness.subjects.tensors.backend import Inside, Pull
from gradwitness.subjects.tensors.function import Differentiated
from gradwitness.verdict import K

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
    """The gradient of a function as a function of its own: what is differentiated when a second derivative is taken."""

    asked, keeps_dtype, of_a_loss = False, True, False
    unread = "The gradient is the same for other inputs"

    def __init__(self, subject: Differentiated, douts: Sequence[Array]) -> None:
        self.subject, self.douts = subject, douts
        names = ["dout"] if len(douts) == 1 else [f"dout[{i}]" for i in range(len(douts))]
        cotangents = [Leaf(name, ("douts", i), dout) for i, (name, dout) in enumerate(zip(names, douts, strict=True))]
        self.leaves = [*subject.leaves, *cotangents]
        self.data, self.code = subject.data, subject.code
        self.handed: Mapping[str, Any] = subject.handed
        self.eps = subject.eps
        self.description = f"the gradient of {subject.description}"

    @property
    def of_triangles(self) -> bool:
        """As the function does."""
        return self.subject.of_triangles

    def forward(self, arrays: Sequence[Any]) -> GradientCall:
        """The gradients, and how to differentiate them again."""
        subject = self.subject
        backend, precision = subject.backend, subject.precision
        count = len(subject.leaves)
        values = [subject.tensor(i, np.asarray(array), precision) for i, array in enumerate(arrays[:count])]
        running = subject.running(values, precision, range(count))
        try:
            call = subject.on(values, precision)
            found, pull = backend.second(running, values, call.cotangents(arrays[count:]))
        except Exception as error:
            raise UserError("its gradient", error) from error
        return GradientCall(self, found, [f"d{leaf.name}" for leaf in subject.leaves], pull, running.inside)

    def reached(self, arrays: Sequence[Array]) -> list[Array]:
        """The arrays, rounded to what the function computes in."""
        count = len(self.subject.leaves)
        return [*self.subject.reached(arrays[:count]), *arrays[count:]]


@dataclass
class GradientCall:
    """One gradient."""

    of: Gradient
    tensors: list[Any]
    out_names: list[str]
    pull: Pull
    inside: Inside

    @property
    def outs(self) -> list[Any]:
        """As arrays."""
        return [self.of.subject.backend.array(value) for value in self.tensors]

    def backward(self, douts: Sequence[Array]) -> list[Any]:
        """Second derivatives times douts; zeros where the framework gives none."""
        backend = self.of.subject.backend
        given = [backend.tensor(np.asarray(d), g, backend.dtype(g)) for d, g in zip(douts, self.tensors, strict=True)]
        try:
            with self.inside():
                found = self.pull(given)
        except Exception as error:
            raise UserError("the second backward", error) from error
        arrays = [leaf.array for leaf in self.of.leaves]
        return [np.zeros(a.shape) if g is None else backend.array(g) for a, g in zip(arrays, found, strict=True)]


def second(at: At, state: Any, restricted: Collection[str] = ()) -> Iterator[Finding]:
    """The derivative of the gradient against differences of the gradient.

    restricted   gradients that were confirmed for one kind of matrices alone
    """
    try:
        point = Point(Gradient(at.subject, at.douts), at.seed, state)
        found = list(gradients(point, restricted))
    except UserError as error:
        yield Finding("order 2", "note", f"It cannot be differentiated twice, and says so: {error.error}")
        return
    at.calls += point.evaluations
    for finding in found:
        unseen = UNSEEN[at.subject.backend.name] if finding.verdict == "wrong" and finding.got is not None else ""
        yield replace(finding, about=f"order 2: {finding.about}", explanation=unseen)


def forward_mode(at: At, restricted: Collection[str] = ()) -> Iterator[Finding]:
    """<J v, w> = <v, J^T w>, with J v from forward mode and J^T w from backward, which differences have confirmed.

    restricted   gradients that were confirmed for one kind of matrices alone: these stay of their kind
    """
    subject, backend = at.subject, at.subject.backend
    values = [subject.tensor(i, array, at.precision) for i, array in enumerate(at.arrays)]
    running = subject.running(values, at.precision, range(len(values)))
    parts = [_size(array) * cotangent(at.rng, array.shape) for array in at.arrays]
    for which, leaf in enumerate(subject.leaves):
        for kind in kinds_of(leaf.array, leaf.pairs) if f"d{leaf.name}" in restricted else ():
            parts[which] = kind.part(parts[which], leaf.pairs)
    tangents = [backend.tensor(v, value, backend.dtype(value)) for v, value in zip(parts, values, strict=True)]
    try:
        with _quietly():
            found = [backend.array(tangent) for tangent in backend.jvp(running, values, tangents)]
    except Exception as error:
        yield Finding("forward mode", "note", f"It has none: {type(error).__name__}: {first_line(str(error))}")
        return
    at.calls += 1
    forward = sum((float(np.sum(t * d)) for t, d in zip(found, at.douts, strict=True)), 0.0)
    terms = [v * g for v, g in zip(parts, at.gradients, strict=True) if g is not None]
    backward = sum((float(np.sum(term)) for term in terms), 0.0)
    room = sum((float(np.sum(np.square(v * s))) for v, s in zip(parts, at.spreads, strict=True)), 0.0)
    sizes = sum((float(np.sum(np.abs(t * d))) for t, d in zip(found, at.douts, strict=True)), 0.0)
    allowed = K * (np.sqrt(room) + at.eps * (sizes + sum(float(np.sum(np.abs(term))) for term in terms)))
    if abs(forward - backward) <= allowed:
        yield Finding("forward mode", "right", "", sight=float(allowed / (abs(backward) or 1)))
        return
    message = "<J v, w> from forward mode is not <v, J^T w> from backward. The rule for forward mode is wrong"
    yield Finding(
        "forward mode",
        "wrong",
        message,
        got=forward,
        truth=backward,
        distance=abs(forward - backward),
        allowance=allowed,
        wrong=1,
        of=1,
    )


ROWS = 3
"""Rows of a batch."""


def batched(at: At) -> Iterator[Finding]:
    """vmap over a batch of inputs against a loop."""
    subject, backend = at.subject, at.subject.backend
    rows = [at.arrays, *([_beside(array, at.rng) for array in at.arrays] for _ in range(ROWS - 1))]
    running = subject.running(
        [subject.tensor(i, a, at.precision) for i, a in enumerate(at.arrays)], at.precision, range(len(at.arrays))
    )
    stacked = [subject.tensor(i, np.stack([row[i] for row in rows]), at.precision) for i in range(len(at.arrays))]
    function: Callable[..., Any] = backend.vmapped(lambda *leaves: tuple(running(leaves)))
    try:
        with _quietly():
            found = [backend.array(out) for out in function(*stacked)]
    except Exception as error:
        yield Finding("vmap", "note", f"It cannot be mapped: {type(error).__name__}: {first_line(str(error))}")
        return
    at.calls += 1 + ROWS
    for number, row in enumerate(rows):
        for i, (name, out) in enumerate(zip(at.out_names, at.call(row).outs, strict=True)):
            wrong = beyond(found[i][number], out, at.out_spreads[i] + at.eps * np.abs(out))
            if wrong.any():
                yield Finding(
                    f"{name}, vmap",
                    "wrong",
                    f"Row {number} of a batch differs from a call with that row alone",
                    **elements(wrong),
                )
                return
    yield Finding("vmap", "right", "")


@contextmanager
def _quietly() -> Iterator[None]:
    """What a framework warns of while it transforms a function is no error, whatever the process makes of warnings."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _beside(array: Array, rng: np.random.Generator) -> Array:
    return np.asarray(array + _size(array) * rng.normal(size=array.shape) / 8)


def _size(array: Array) -> float:
    return float(np.sqrt(np.mean(np.square(array)))) if array.any() else 1.0
