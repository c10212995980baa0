"""What a function returns in a dtype and a mode, against itself in exact arithmetic on the very same rounded inputs.

The truth and the scale of honest error come from Monte Carlo arithmetic inside the framework (rounding/). Where the function
leaves the framework, or there is no such arithmetic, `reference` stands in for it; without one nothing is concluded.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from gradwitness.arrays import Array
from gradwitness.report.findings import SHOWN, Finding
from gradwitness.rounding.arithmetic import Measured, Unstable
from gradwitness.rounding.framework import NotWatched
from gradwitness.rounding.projection import projection
from gradwitness.rounding.widths import Width, width
from gradwitness.subjects.errors import UserError
from gradwitness.subjects.tensors.backend import Precision
from gradwitness.subjects.tensors.function import OWN, Differentiated
from gradwitness.verdict import K


@dataclass
class Narrow:
    """A function in one dtype. The cotangents are held by every dtype.

    told_by   the function whose exact value is the truth: itself, or a reference
    """

    subject: Differentiated
    dtype: str
    douts: Sequence[Array]
    seed: int
    told_by: Differentiated

    @property
    def precision(self) -> Precision:
        """Nothing is rounded where the inputs have the dtype already: then a function may mix dtypes as it likes."""
        own = set(self.subject.dtypes) == {self.dtype}
        return OWN if own else Precision(stored=self.dtype, computed=self.dtype)

    @cached_property
    def names(self) -> list[str]:
        """Of outs and gradients."""
        outs = self._results(self.subject)[2]
        return [*outs, *(f"d{leaf.name}" for leaf in self.subject.leaves)]

    @cached_property
    def measured(self) -> list[Measured]:
        """Truth and spread of each. Raises NotWatched, Unstable."""
        subject = self.told_by
        try:
            measure = importlib.import_module(f"gradwitness.rounding.{subject.backend.name}").measure
        except ImportError:
            raise NotWatched(f"there is no Monte Carlo arithmetic inside {subject.backend.title} yet") from None
        values = self._values(subject)
        running = subject.running(values, self.precision, range(len(values)))

        def function(values: Sequence[Any], cotangents: Sequence[Any]) -> list[Any]:
            outs, pull = subject.backend.vjp(running, values)
            with running.inside():
                found = pull(cotangents)
            return [*outs, *(subject.backend.zeros(v) if g is None else g for v, g in zip(values, found, strict=True))]

        call = subject.on(values, self.precision)
        return list(measure(function, (values, call.cotangents(self.douts)), self.dtype, seed=self.seed))

    def _values(self, subject: Differentiated) -> list[Any]:
        return [subject.tensor(i, leaf.array, self.precision) for i, leaf in enumerate(subject.leaves)]

    def _results(self, subject: Differentiated) -> tuple[list[Array], list[str], list[str]]:
        """Outs and gradients, their dtypes, the names of outs."""
        call = subject.on(self._values(subject), self.precision)
        outs = call.outs
        gradients = call.pulled(call.cotangents(self.douts))
        arrays = [
            *outs,
            *(np.zeros(leaf.array.shape) if g is None else g for leaf, g in zip(subject.leaves, gradients, strict=True)),
        ]
        dtypes = [subject.backend.dtype(out) for out in call.tensors] + [self.dtype] * len(gradients)
        return arrays, dtypes, call.out_names

    def findings(self, subject: Differentiated, label: str) -> Iterator[Finding]:
        """What the function returns, in a mode of its own perhaps."""
        try:
            results, _, names = self._results(subject)
        except UserError as error:
            yield Finding(label, "cannot tell", f"It does not run: {error}")
            return
        try:
            measured = self.measured
        except Unstable as error:
            yield Finding(label, "cannot tell", f"Rounding alone can make it inf or nan here: {error}. Try another point")
            return
        except (NotWatched, UserError) as error:
            yield Finding(
                label, "cannot tell",
                f"{error}. What rounding may do to it cannot be measured. Give the same function in plain operations: reference=...",
            )  # fmt: skip
            return
        for name, got, expected in zip([*names, *self.names[len(names) :]], results, measured, strict=True):
            yield compared(f"{label}: {name}", got, expected, width(self.dtype))


def compared(about: str, got: Array, expected: Measured, of: Width) -> Finding:
    """One result against its truth: element by element, and as a whole along the truth."""
    truth = np.asarray(expected.truth)
    if got.shape != truth.shape:
        return Finding(about, "wrong", f"Its shape is {got.shape}; wanted {truth.shape}", wrong=got.size, of=got.size)
    with np.errstate(invalid="ignore", over="ignore"):
        held = np.where(np.abs(truth) > of.largest, np.copysign(np.inf, truth), truth)
        same = (got == held) | (np.isnan(got) & np.isnan(held))
        distance = np.where(same, 0, np.abs(got - held))
        allowance = K * np.asarray(expected.spread) + of.kept
        wrong = ~(distance <= allowance)
    sight = _sight(truth, allowance)
    if wrong.any():
        return _wrong(about, got, truth, distance, allowance, wrong, of)
    along, room = projection(got, truth), K * expected.projection
    if np.isfinite(along) and np.isfinite(room) and abs(along - 1) > room + of.unit:
        message = f"Each element alone may be rounding. All together are not: it is {along:.4g} times the truth, where 1 +- {room:.1g} is"
        return Finding(
            about,
            "wrong",
            message,
            wrong=got.size,
            of=got.size,
            got=along,
            truth=1.0,
            distance=abs(along - 1),
            allowance=room,
            explanation=f"A constant factor of {along:.4g}",
        )
    return Finding(about, "right", "", of=got.size, sight=sight)


def _wrong(about: str, got: Array, truth: Array, distance: Array, allowance: Array, wrong: Array, of: Width) -> Finding:
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(wrong, np.where(np.isnan(distance), np.inf, distance / allowance), 0)
    index = tuple(int(i) for i in np.unravel_index(int(np.argmax(ratio)), got.shape))
    lost = not np.isfinite(got[index])
    message = ""
    if lost:
        message = f"{got[index]} came where exact arithmetic on the same {of.name} inputs gives {float(truth[index]):.6g}. {_lost(truth[index], of)}"
    return Finding(
        about,
        "overflow" if np.isinf(got[index]) else "wrong",
        message,
        wrong=int(wrong.sum()),
        of=got.size,
        where=tuple(tuple(int(i) for i in each) for each in np.argwhere(wrong)[:SHOWN]),
        index=index,
        got=got[index],
        truth=float(truth[index]),
        distance=float(distance[index]),
        allowance=float(allowance[index]),
    )


def _lost(truth: Any, of: Width) -> str:
    """What makes nan or inf of a number, in words."""
    if truth == 0 and of.absolute:
        return f"An epsilon below {of.absolute:.1g} is 0 in {of.name}, and 0 / 0 is nan: take a larger one, or compute in float32"
    return (
        "An intermediate value overflows, or a branch that is not taken does: 0 * inf is nan. Bound the argument inside the branch "
        "(where(c, f(where(c, x, 0)), ...))"
    )


def _sight(truth: Array, allowance: Array) -> float:
    """The error of an element, relative to the largest, that would have been seen."""
    finite = truth[np.isfinite(truth)]
    largest = float(np.max(np.abs(finite), initial=0))
    return float(np.max(allowance, initial=0)) / largest if largest else float("nan")
