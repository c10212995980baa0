"""What a function returns in a dtype and a mode, against itself in exact arithmetic on the very same rounded inputs.

The truth and the scale of honest error come from Monte Carlo arithmetic inside the framework (rounding/). Where the function
leaves the framework, or there is no such arithmetic, `reference` stands in for it; without one nothing is concluded.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from gradwitness.arrays import Array
from gradwitness.functions.apart import apart
from gradwitness.functions.result import beyond, compared
from gradwitness.functions.truth import Itself, Truth
from gradwitness.report.findings import Finding, element
from gradwitness.rounding.arithmetic import Measured, Unstable
from gradwitness.rounding.framework import NotWatched
from gradwitness.rounding.widths import width
from gradwitness.subjects.errors import BadCall, UserError, first_line
from gradwitness.subjects.tensors.call import TensorCall
from gradwitness.subjects.tensors.function import Differentiated
from gradwitness.subjects.tensors.precision import OWN, Precision
from gradwitness.verdict import k_of

WITHIN = "It is as near to the same in float64 as inputs that are moved by their last digit"
"""About a function whose rounding cannot be watched."""

ROUNDED = (
    "Rounding makes a zero or an infinity on the way, as of 1 - p where p is nearly 1. Write it so that nothing is lost: "
    "logsigmoid, log1p, expm1, logsumexp, or a bound inside the logarithm"
)
"""What is said where results are lost to rounding."""


BY_DTYPE = (
    "Its code asks for the dtype: in exact arithmetic, on the same inputs, {} gives {:.6g} with tensors of {} and {:.6g} with "
    "those of float64. Which is meant is not known: a function of plain operations as reference=... says it"
)


@dataclass
class Narrow:
    """A function in one dtype. The cotangents are held by every dtype.

    members   gradients that were found to be members of the set at a kink, by name: another than that of the truth is right
    as_given  whether inputs of several dtypes stay as they came, for a function that takes no others
    """

    subject: Differentiated
    dtype: str
    douts: Sequence[Array]
    seed: int
    truth: Truth
    members: Mapping[str, Array] = field(default_factory=dict)
    as_given: bool = False

    @property
    def precision(self) -> Precision:
        """Nothing is rounded where the inputs have the dtype already: then a function may mix dtypes as it likes."""
        own = set(self.subject.dtypes) == {self.dtype}
        return OWN if own or self.as_given else Precision(stored=self.dtype, computed=self.dtype)

    @cached_property
    def measured(self) -> Mapping[str, Measured]:
        """Truth and spread of each result. Raises NotWatched, Unstable."""
        return self.truth.measured(self.dtype, self.precision, self.douts, self.seed)

    def findings(self, subject: Differentiated, label: str) -> Iterator[Finding]:
        """What the function returns, in a mode of its own perhaps."""
        values = [subject.tensor(i, leaf.array, self.precision) for i, leaf in enumerate(subject.leaves)]
        try:
            call = subject.on(values, self.precision)
            gradients = call.pulled(call.cotangents(self.douts))
        except UserError as error:
            if not self.as_given and len(set(self.subject.dtypes)) > 1 and self.dtype in self.subject.dtypes:
                yield from replace(self, as_given=True).findings(subject, label)
                return
            said = str(error.error) if isinstance(error.error, NotWatched) else f"It does not run: {error}"
            yield Finding(label, "cannot tell", said)
            return
        try:
            measured = self.measured
        except Unstable as error:
            lost = list(self._lost(label, call, gradients))
            yield from lost
            if not lost:
                yield Finding(label, "cannot tell", f"Rounding alone can make it inf or nan here: {error}. Try another point")
            return
        except (NotWatched, UserError) as error:
            yield from self._unwatched(label, call, gradients, first_line(str(error)))
            return
        except BadCall:
            raise
        except Exception as error:  # code that does not expect the numbers or tensors of Monte Carlo arithmetic raises anything
            said = f"{type(error).__name__}: {first_line(str(error))}"
            yield from self._unwatched(label, call, gradients, f"Monte Carlo arithmetic cannot run it ({said})")
            return
        yield from self._compared(label, call, gradients, measured)

    def _compared(
        self, label: str, call: TensorCall, gradients: Sequence[Array | None], measured: Mapping[str, Measured]
    ) -> Iterator[Finding]:
        leaves = call.subject.leaves
        zeros = [np.zeros(leaf.array.shape) if g is None else g for leaf, g in zip(leaves, gradients, strict=True)]
        names = [*call.out_names, *(f"d{leaf.name}" for leaf in leaves)]
        missing = {f"d{leaf.name}" for leaf, g in zip(leaves, gradients, strict=True) if g is None}
        for name, got in zip(names, [*call.outs, *zeros], strict=True):
            if name in missing and name in measured and not np.any(measured[name].truth):
                continue  # what is told of it in float64 is all there is: it has no digits that rounding could lose
            if name in measured and name in self._otherwise:
                yield self._by_dtype(f"{label}: {name}", got, measured[name], self._otherwise[name])
            elif name in measured:
                finding = compared(f"{label}: {name}", got, measured[name], width(self.dtype))
                yield self._at_kink(name, finding, got, measured[name])
            else:
                yield Finding(f"{label}: {name}", "note", "The reference does not have it: not judged in this dtype")

    @cached_property
    def _otherwise(self) -> Mapping[str, Array]:
        """What it returns in float64 where that is not what it returns in this dtype, both in exact arithmetic.

        Nothing is known of a function that does not run there, or that picks one of several right results by the dtype, as of
        one that draws random numbers.
        """
        subject = self.subject
        if self.dtype == "float64" or not isinstance(self.truth, Itself) or subject.operations.picks:
            return {}
        with suppress(Exception):
            if subject.draws([leaf.array for leaf in subject.leaves]):
                return {}
            exact, truth = self.truth.in_float64(self.precision, self.douts), self.measured
            return {n: v for n, v in exact.items() if n not in self.members and apart({n: v}, truth, self.dtype)}
        return {}

    def _by_dtype(self, about: str, got: Array, measured: Measured, exact: Array) -> Finding:
        """Of a result that two functions give, by the dtype."""
        if exact.shape != np.shape(measured.truth):
            return compared(about, got, measured, width(self.dtype))
        off = np.nan_to_num(np.abs(exact - measured.truth), nan=np.inf)
        at = tuple(int(i) for i in np.unravel_index(int(np.argmax(off)), off.shape))
        place = element(about.rpartition(": ")[2], at)
        said = BY_DTYPE.format(place, float(np.asarray(measured.truth)[at]), self.dtype, float(exact[at]))
        return Finding(about, "cannot tell", said, of=got.size)

    def _lost(self, label: str, call: TensorCall, gradients: Sequence[Array | None]) -> Iterator[Finding]:
        """Results that rounding has made inf or nan, where exact arithmetic gives numbers that the dtype holds with ease."""
        with suppress(Exception):  # in float64 it may raise anything: then there is no truth
            exact = self.truth.moved(self.dtype, self.precision, self.douts, self.seed)
            names = [*call.out_names, *(f"d{leaf.name}" for leaf in call.subject.leaves)]
            for name, got in zip(names, [*call.outs, *gradients], strict=True):
                if got is None or name not in exact or got.shape != np.shape(exact[name].truth):
                    continue
                truth, of = np.asarray(exact[name].truth), width(self.dtype)
                wrong = ~np.isfinite(got) & (np.abs(truth) < of.largest / 2)
                if wrong.any():
                    finding = beyond(f"{label}: {name}", got, truth, np.full(got.shape, np.inf), np.zeros(got.shape), wrong, of)
                    said = f"{finding.message.partition('. ')[0]}. {ROUNDED}"
                    yield replace(finding, message=said, distance=np.nan, allowance=np.nan)

    def _at_kink(self, name: str, finding: Finding, got: Array, expected: Measured) -> Finding:
        """Where the truth has another member of the gradient, the function's own one stands in for it."""
        own = self.members.get(name)
        if own is None or finding.verdict != "wrong" or own.shape != got.shape:
            return finding
        with np.errstate(invalid="ignore"):
            apart = np.abs(own - expected.truth) > k_of(self.dtype) * np.asarray(expected.spread)
        other = compared(finding.about, got, replace(expected, truth=np.where(apart, own, expected.truth)), width(self.dtype))
        return replace(other, message="At a kink; it is another member of the gradient") if other.verdict == "right" else finding

    def _unwatched(self, label: str, call: TensorCall, gradients: Sequence[Array | None], why: str) -> Iterator[Finding]:
        """What lies within the moves of inputs by their last digit is right, for rounding does as much. Of others nothing is
        known: it may do more.
        """
        found: list[Finding] = []
        with suppress(Exception):  # in float64 it may raise anything: then there is no truth
            measured = self.truth.moved(self.dtype, self.precision, self.douts, self.seed)
            found = list(self._compared(label, call, gradients, measured))
        if found and all(finding.verdict == "right" for finding in found):
            yield from (replace(finding, message=f"{WITHIN}. Its own rounding cannot be watched: {why}") for finding in found)
            return
        cure = "What rounding may do cannot be measured. Give the same function in plain operations: reference=..."
        yield Finding(label, "cannot tell", f"{why}. {cure}")


def settled(findings: Sequence[Finding], dtypes: Sequence[str]) -> list[Finding]:
    """The same findings, where a reference stands beside a function that does not run in float64: a gradient that differences in
    its own dtype cannot tell, and the reference tells, is told.
    """
    right = {finding.about for finding in findings if finding.verdict == "right"}

    def told(finding: Finding) -> Finding:
        if finding.verdict != "cannot tell" or not any(f"{dtype}: {finding.about}" in right for dtype in dtypes):
            return finding
        return replace(finding, verdict="note", message="Differences in its dtype are too uncertain to tell; the reference tells")

    return [told(finding) for finding in findings]
