"""One call of a function of a framework, and its gradients."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from gradwitness.arrays import Array
from gradwitness.subjects.arguments import Leaf
from gradwitness.subjects.errors import UserError
from gradwitness.subjects.tensors.backend import Backend, Inside, Pull
from gradwitness.subjects.tensors.precision import Precision
from gradwitness.subjects.tensors.selection import Asked, floats
from gradwitness.subjects.tensors.tree import Path


class Subject(Protocol):
    """The function that is called, as a call needs it: see `Differentiated`."""

    words: tuple[str, str]
    backend: Backend
    leaves: list[Leaf]
    outputs: Asked
    insisted: set[int]
    ungiven: set[int]

    def called(self, new: Mapping[Path, Any], precision: Precision) -> tuple[Any, Inside]:
        """What it returns where tensors at some paths are replaced, and the context of its backward."""


@dataclass
class Running:
    """The function as its framework differentiates it: tensors for the active leaves to the floats that come out.

    names    of what came out of the last call
    inside   the context of its backward
    """

    subject: Subject
    values: Sequence[Any]
    precision: Precision
    active: Sequence[int]
    fixed: Mapping[Path, Any]
    names: list[str] = field(default_factory=list)
    inside: Inside = nullcontext

    def __call__(self, leaves: Sequence[Any]) -> list[Any]:
        """Run it."""
        moved = dict(zip(self.active, leaves, strict=True))
        paths = [leaf.path for leaf in self.subject.leaves]
        new = {path: moved.get(i, self.values[i]) for i, path in enumerate(paths)}
        out, self.inside = self.subject.called({**new, **self.fixed}, self.precision)
        self.names, outs = floats(self.subject.backend, out, self.subject.outputs, self.subject.words[0])
        return outs


@dataclass
class TensorCall:
    """One call of the function.

    inputs    the tensors that it got, one for each leaf
    active    the leaves that are differentiated
    tensors   the floats that it returned
    pull      how it is differentiated; None if it has to run once more for that
    again     the same call once more, on new tensors: the function may have overwritten these
    handed    the gradients of the last pull as they came: tensors, one for each active leaf
    """

    subject: Subject
    inputs: Sequence[Any]
    active: Sequence[int]
    tensors: list[Any]
    out_names: list[str]
    pull: Pull | None
    inside: Inside
    again: Callable[[], TensorCall] | None = None
    handed: Sequence[Any] = ()

    @property
    def outs(self) -> list[Any]:
        """The same as arrays."""
        return [self.subject.backend.array(value) for value in self.tensors]

    def cotangents(self, douts: Sequence[Array]) -> list[Any]:
        """Tensors for cotangents, in the dtypes of what was returned."""
        backend = self.subject.backend
        return [backend.tensor(np.asarray(dout), out, backend.dtype(out)) for dout, out in zip(douts, self.tensors, strict=True)]

    def backward(self, douts: Sequence[Array]) -> list[Any]:
        """The gradients as arrays. Where the framework gives none there are zeros if one is insisted on, or if it gives none at
        all; else None: what has no gradient, and nobody asked for, is data.
        """
        found, subject = self.pulled(self.cotangents(douts)), self.subject
        subject.ungiven = {i for i, gradient in enumerate(found) if gradient is None}
        zeros = subject.ungiven if len(subject.ungiven) == len(found) else subject.ungiven & subject.insisted
        return [np.zeros(leaf.array.shape) if i in zeros else found[i] for i, leaf in enumerate(subject.leaves)]

    def pulled(self, cotangents: Sequence[Any]) -> list[Array | None]:
        """The gradients of all leaves, as arrays; None where the framework gives none."""
        gradients: list[Array | None]
        if self.pull is None and self.again is not None:
            call = self.again()
            self.pull, self.inside = call.pull, call.inside
        try:
            with self.inside():
                found = self.pull(cotangents) if self.pull is not None else []
        except Exception as error:
            raise UserError(self.subject.words[1], error) from error
        self.handed, gradients = found, [None] * len(self.inputs)
        for which, gradient in zip(self.active, found, strict=True):
            gradients[which] = None if gradient is None else self.subject.backend.array(gradient)
        return gradients
